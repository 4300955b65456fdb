// The neutral reply as OpenAI's chat completion, whole or as the events of a stream.
#pragma once

#include <cstdint>
#include <string>

#include "llm/request.hpp"

namespace gumshoe::gateway {

struct CompletionHead {
    std::string id;            // "chatcmpl-..."
    std::int64_t created = 0;  // seconds
    std::string model;
};

std::string completion_json(const CompletionHead& head, const llm::Reply& reply);
/// All events up to [DONE].
std::string completion_events(const CompletionHead& head, const llm::Reply& reply, bool include_usage);

}  // namespace gumshoe::gateway
