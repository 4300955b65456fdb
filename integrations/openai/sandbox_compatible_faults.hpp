// How the simulated Groq, OpenRouter, vLLM and llama.cpp fail, each in its own words and shape.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "io/http_message.hpp"

namespace gumshoe::openai {

/// The reply of a fault that replaces the answer; nullopt for "ok", for what the vendor cannot show and for faults inside an answer.
/// A tool call that cannot be read has begun a stream where one was asked for.
std::optional<HttpReply> compatible_fault(std::string_view provider, std::string_view fault, bool streamed = false);
/// True for faults of the account: they hit the list of models too.
bool compatible_fault_of_account(std::string_view provider, std::string_view fault);
/// Every name that shows something at this vendor.
std::vector<std::string_view> compatible_fault_names(std::string_view provider);

/// As error_reply, in the vendor's shape.
HttpReply compatible_error(std::string_view provider, int status, const std::string& message);
/// An error document as an event of a stream.
std::string compatible_error_event(std::string_view provider, json document);

}  // namespace gumshoe::openai
