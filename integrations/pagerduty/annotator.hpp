// The role of an annotator: the finding as a note on the incident that the alert came from.
#pragma once

#include <memory>

#include "delivery/annotator.hpp"
#include "integrations/pagerduty/codec.hpp"
#include "io/http_client.hpp"

namespace gumshoe::pagerduty {

std::unique_ptr<Annotator> make_annotator(Account account, HttpClient& http, Clock& clock);

}  // namespace gumshoe::pagerduty
