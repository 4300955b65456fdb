// The three searches of the simulated Datadog.
#pragma once

#include "io/http_message.hpp"
#include "sandbox/simulation.hpp"

namespace gumshoe::datadog {

enum class SearchIn { logs, spans, events };
HttpReply search(const RawRequest& request, SearchIn where, const sandbox::World& world);

}  // namespace gumshoe::datadog
