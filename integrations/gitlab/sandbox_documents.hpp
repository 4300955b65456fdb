// One request to the simulated GitLab, and the documents it is answered with.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/simulation.hpp"

namespace gumshoe::gitlab {

/// A list of the scenario; an empty one where it has none.
const json& list_in(const json& value, std::string_view name);

/// One request, its project found.
struct Call {
    const sandbox::World& world;
    const json& project;
    std::string slug;
    std::map<std::string, std::string> parameters;

    std::string parameter(const std::string& name, const std::string& otherwise = {}) const;
    std::optional<Timestamp> time(const std::string& name) const;
    /// When an entry of the scenario happened.
    Timestamp at(const json& entry) const;
    /// The entries of a list that have happened by now, oldest first.
    std::vector<json> happened(std::string_view name) const;
    const json* commit(std::string_view sha) const;
};

json diff_json(const json& file);
json commit_json(const Call& call, const json& commit);
json merge_request_json(const Call& call, const json& commit);
json deployment_json(const Call& call, const json& deployment);

}  // namespace gumshoe::gitlab
