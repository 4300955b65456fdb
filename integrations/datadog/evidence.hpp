// Datadog as a source of evidence: monitor, logs, metrics, events, spans, service dependencies.
#pragma once

#include <memory>

#include "evidence/source.hpp"
#include "integrations/datadog/requests.hpp"
#include "io/http_client.hpp"

namespace gumshoe::datadog {

/// `http` and `clock` outlive the source; they may be null where it only plans.
std::unique_ptr<Source> make_source(Account account, HttpClient* http, Clock* clock);

}  // namespace gumshoe::datadog
