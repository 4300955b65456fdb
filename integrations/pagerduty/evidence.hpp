// The role of a source: what PagerDuty knows of an incident and of the services.
#pragma once

#include <memory>

#include "evidence/source.hpp"
#include "integrations/pagerduty/codec.hpp"
#include "io/http_client.hpp"

namespace gumshoe::pagerduty {

std::unique_ptr<Source> make_source(Account account, HttpClient& http, Clock& clock);

}  // namespace gumshoe::pagerduty
