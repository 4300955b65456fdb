// Reading fields of a request's body: what is taken out of it, and how a refusal names its place.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "gateway/api_error.hpp"
#include "llm/request.hpp"

namespace gumshoe::gateway {

using Refusal = std::optional<ApiError>;

Refusal refuse(std::string param, std::string message, std::string code = "invalid_value");
Refusal refuse_type(std::string param, std::string_view wanted);
Refusal refuse_unsupported(std::string param);
Refusal refuse_missing(std::string param);

// Places: "messages[0].content[1].type". A key of the caller's is shortened.
std::string inside(const std::string& path, std::string_view key);
std::string item(const std::string& path, std::size_t index);

/// Null or an empty list: clients give back the messages they got, with the empty fields of features that took no part.
bool says_nothing(const json& value);
/// Refuses other keys that say something.
Refusal only(const json& object, std::initializer_list<std::string_view> known, const std::string& path);

/// Texts are moved out of the body.
Refusal take_text(json& object, const char* key, const std::string& path, std::string& out, bool may_be_absent = false);
/// `name`, as functions and schemas have it.
Refusal take_name(json& object, const std::string& path, std::string& out);
/// {"type": "function", "function": {...}}, as tools, their choice and calls have it.
Refusal check_function(const json& holder, const std::string& path);

/// The whole history: roles, contents, and calls that are each answered once.
Refusal read_messages(json& value, std::vector<llm::Message>& out);

}  // namespace gumshoe::gateway
