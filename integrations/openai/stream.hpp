// Streamed chat completions, and the pieces that whole and streamed answers share.
#pragma once

#include <memory>
#include <string_view>

#include "base/json_view.hpp"
#include "llm/dialect.hpp"

namespace gumshoe::openai {

llm::Usage usage_of(const JsonView& document);
llm::Stop stop_of(std::string_view finish_reason);
llm::Reply reply_of(const JsonView& choice);

/// Whole when a finish_reason came (some compatible servers leave [DONE] out); an event that is no JSON breaks it.
std::unique_ptr<llm::StreamReader> make_stream_reader(std::string_view provider);

}  // namespace gumshoe::openai
