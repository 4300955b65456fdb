// Content blocks and turns of the Messages API, both ways.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "llm/dialect.hpp"

namespace gumshoe::anthropic {

/// Alternating turns, the first of the user; results before text; no empty text; signed reasoning as it came.
json turns_of(const std::vector<llm::Message>& messages);

/// Text, tool calls and, when there is signed reasoning, the blocks to give back verbatim.
llm::Reply reply_of(const json& content);
void set_stop(llm::Reply& reply, std::string_view stop_reason, std::string explanation);
/// Takes over the counts that `holder.usage` has; the others stay. The vendor counts cached input apart, we count it in.
void add_usage(llm::Usage& usage, const json& holder);

std::unique_ptr<llm::StreamReader> make_stream_reader();

}  // namespace gumshoe::anthropic
