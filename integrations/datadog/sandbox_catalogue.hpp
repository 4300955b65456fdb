// The software catalogue of the simulated Datadog.
#pragma once

#include "io/http_message.hpp"
#include "sandbox/simulation.hpp"

namespace gumshoe::datadog {

HttpReply catalogue_entities(const RawRequest& request, const sandbox::World& world);
HttpReply service_definition(const RawRequest& request, const std::string& service, const sandbox::World& world);

}  // namespace gumshoe::datadog
