// A scenario's telemetry as New Relic would hold it: events for NRQL, entities for NerdGraph.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "integrations/newrelic/sandbox_nrql.hpp"
#include "sandbox/simulation.hpp"

namespace gumshoe::newrelic {

std::int64_t account_of(const json& scenario);
/// The GUID of a service of the scenario.
std::string guid_of(const json& scenario, const std::string& service);

/// The rows of a query, as `results` has them. Errors: parse, where NRDB would refuse it.
result<json> run_nrql(const NrqlQuery& query, const sandbox::World& world);

/// Every service as an APM application, with its relationships, tags and health.
json entities_of(const sandbox::World& world);

}  // namespace gumshoe::newrelic
