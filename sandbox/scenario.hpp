// Scenario files: built in (sandbox/scenarios/NAME.json) or from disk. "extends" names another that this one patches (RFC 7396).
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace gumshoe::sandbox {

struct ScenarioTitle {
    std::string name;
    std::string title;
};

/// The built-in ones.
std::vector<ScenarioTitle> list_scenarios();

/// A built-in one by name, or a file by path (a name that ends in .json). Errors: not_found (lists the known), parse.
result<std::shared_ptr<const json>> load_scenario(std::string_view name);

}  // namespace gumshoe::sandbox
