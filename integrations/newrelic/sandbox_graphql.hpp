// GraphQL as far as NerdGraph's callers need it: documents are parsed and checked against a schema, values are cut to what was selected.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace gumshoe::newrelic {

struct Selection {
    std::string name;
    std::string alias;                      // the name where there is none
    std::string on;                         // an inline fragment's type; "" for a field
    std::shared_ptr<const json> arguments;  // with the variables' values in their places
    std::vector<Selection> members;
};

/// The part of NerdGraph's schema that the simulation knows; anything else is refused with New Relic's words.
/// Errors: parse.
result<std::vector<Selection>> check_graphql(std::string_view document, const json& variables);

}  // namespace gumshoe::newrelic
