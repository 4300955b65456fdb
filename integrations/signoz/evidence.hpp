// SigNoz as a source of evidence: the rule and its history, logs, spans, graphs, dependencies, exceptions.
#pragma once

#include <memory>

#include "evidence/source.hpp"
#include "integrations/signoz/codec.hpp"
#include "io/http_client.hpp"

namespace gumshoe::signoz {

/// `http` and `clock` outlive the source; they may be null where it only plans.
std::unique_ptr<Source> make_source(Account account, HttpClient* http, Clock* clock);

}  // namespace gumshoe::signoz
