// The scenario's "pagerduty" block as the objects of PagerDuty's API and webhooks.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/simulation.hpp"

namespace gumshoe::pagerduty {

/// A note that was posted in the play.
struct PostedNote {
    std::string id;
    std::string incident;
    std::string content;
    std::string user;  // id
    Timestamp at{};
};

class Objects {
public:
    explicit Objects(const sandbox::World& world);

    const json& block() const { return block_; }
    /// A list of the block, empty where it is left out.
    const json& list(std::string_view name) const;
    /// Its entries that have happened by now.
    std::vector<json> happened(std::string_view name) const;
    Timestamp at(const json& entry) const;
    std::string time(const json& entry) const;
    /// Null when there is no such entry.
    const json* entry(std::string_view list, std::string_view id) const;

    json reference(std::string_view type, std::string_view folder, const std::string& id, const json& summary) const;
    json service_reference(const std::string& id) const;
    json user_reference(const std::string& id) const;
    json priority() const;
    json incident_reference() const;
    std::string page(std::string_view folder, const std::string& id) const;
    std::string self(std::string_view folder, const std::string& id) const;

private:
    const sandbox::World& world_;
    const json& block_;
    std::string web_;
};

/// What every account has: the incident's escalation policy and team.
inline constexpr char escalation_policy[] = "PUS0KTE";
inline constexpr char team[] = "PFCVPS0";

}  // namespace gumshoe::pagerduty
