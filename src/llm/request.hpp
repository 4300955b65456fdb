// The neutral LLM request and reply. A request is immutable: each hop patches a copy of the original.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace gumshoe::llm {

enum class Role { system, user, assistant, tool };

struct ToolCall {
    std::string id;
    std::string name;
    std::string arguments;  // JSON text, as the model wrote it
};

struct Message {
    Role role = Role::user;
    std::string text = {};
    std::vector<ToolCall> tool_calls = {};  // assistant
    std::string tool_call_id = {};          // tool
    bool is_error = false;                  // tool
    /// Blocks to give back verbatim to the same target (signed reasoning), JSON; dropped when the target changes.
    std::string opaque = {};
    std::string opaque_target = {};
};

struct Tool {
    std::string name;  // [A-Za-z0-9_-]{1,64}
    std::string description;
    std::string parameters;  // JSON Schema text of the common subset
};

enum class ToolChoice { automatic, none, required };

struct Request {
    std::vector<Message> messages;
    std::vector<Tool> tools;
    ToolChoice tool_choice = ToolChoice::automatic;
    std::string schema_name;  // with schema: the answer must be JSON of it
    std::string schema;       // JSON Schema text; "" for free text
    std::int64_t max_output_tokens = 4096;
    bool may_be_cut = false;  // an answer that was cut at max_output_tokens is one all the same (Stop::length)
    std::optional<double> temperature;
    std::optional<std::string> reasoning_effort;  // none, minimal, low, medium, high
    std::string purpose;                          // "analysis", for the journal
};

struct Usage {
    std::int64_t input_tokens = 0;  // the whole prompt, cached part included
    std::int64_t cached_tokens = 0;
    std::int64_t output_tokens = 0;  // reasoning included
    std::int64_t reasoning_tokens = 0;
};

enum class Stop { end, tool_calls, length, refusal, filter };

struct Reply {
    std::string text;
    std::vector<ToolCall> tool_calls;
    Stop stop = Stop::end;
    Usage usage;
    std::string model;  // as the vendor names what answered
    std::string request_id;
    std::string opaque;  // see Message::opaque
};

json to_json_value(const Reply& reply);
result<Reply> reply_from_json(const json& value);

}  // namespace gumshoe::llm
