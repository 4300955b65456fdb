// Converse's bodies: what we send, and the pieces that whole and streamed answers share.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "llm/dialect.hpp"

namespace gumshoe::bedrock {

json body_of(const llm::Request& request, const llm::Target& target);

/// Content blocks to a reply; reasoning with a signature is kept to be given back.
llm::Reply reply_of(const json& content);
void set_stop(llm::Reply& reply, std::string_view stop_reason);
llm::Usage usage_of(const json& usage);

/// What the vendor says of the request, without the words with which it passes a model's on.
std::string own_words(std::string message);

/// Whole only after messageStop; an exception frame is the vendor's error.
std::unique_ptr<llm::StreamReader> make_stream_reader();

}  // namespace gumshoe::bedrock
