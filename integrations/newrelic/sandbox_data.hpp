// A scenario's telemetry as New Relic would hold it: events for NRQL, entities for NerdGraph.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "integrations/newrelic/sandbox_nrql.hpp"
#include "sandbox/simulation.hpp"

namespace gumshoe::newrelic {

std::int64_t account_of(const json& scenario);
/// The GUID of a service of the scenario.
std::string guid_of(const json& scenario, const std::string& service);

/// The events of a play, made once for each type and window: many queries ask for the same ones.
class Events {
public:
    /// In the order of time. Errors: parse, for a type that the simulation has no rows of.
    result<std::shared_ptr<const std::vector<Row>>> of(const std::string& type, const sandbox::World& world, Window window);

private:
    struct Made {
        std::string key;
        std::shared_ptr<const std::vector<Row>> rows;
    };
    std::vector<Made> made_;  // the newest last
};

/// The rows of a query, as `results` has them. Errors: parse, where NRDB would refuse it.
result<json> run_nrql(const NrqlQuery& query, const sandbox::World& world, Events& events);

/// Every service as an APM application, with its relationships, tags and health.
json entities_of(const sandbox::World& world);

}  // namespace gumshoe::newrelic
