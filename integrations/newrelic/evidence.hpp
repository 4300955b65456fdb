// New Relic as a source of evidence: issue and condition, logs, errors, golden signals, spans, deployments, related entities.
#pragma once

#include <memory>

#include "evidence/source.hpp"
#include "integrations/newrelic/requests.hpp"
#include "io/http_client.hpp"

namespace gumshoe::newrelic {

/// `http` and `clock` outlive the source; they may be null where it only plans.
std::unique_ptr<Source> make_source(Account account, HttpClient* http, Clock* clock);

}  // namespace gumshoe::newrelic
