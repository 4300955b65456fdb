// What the simulated API refuses in a GenerateContentRequest, in the words of the real one.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "io/http_message.hpp"

namespace gumshoe::gemini {

/// {"error":{"code","message","status","details"}}; `details` is a list, left out when empty.
HttpReply error_reply(int status, const std::string& message, std::string_view word, json details);

/// The refusal, or nullopt when the request is as documented.
std::optional<HttpReply> check_request(const json& body, std::string_view model);

/// What reasoning is signed with here: a call goes back with it, with the mark of a foreign call, or is refused.
inline constexpr std::string_view simulated_signature = "c2lnbmVkIGJ5IHRoZSBzaW11bGF0aW9u";

/// Models that sign the calls they make, and take levels of thinking instead of budgets.
bool signs(std::string_view model);

}  // namespace gumshoe::gemini
