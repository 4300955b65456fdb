// What the tests of dialects say to a model: a tool loop with a schema, as neutral request.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "llm/dialect.hpp"

namespace gumshoe::test {

inline llm::Request conversation() {
    llm::Request request;
    request.messages = {
        {.role = llm::Role::system, .text = "You are an analyst."},
        {.role = llm::Role::user, .text = "Alert."},
        {.role = llm::Role::assistant, .tool_calls = {{"call_1", "get_logs", R"({"svc":"api"})"}}},
        {.role = llm::Role::tool, .text = "log text", .tool_call_id = "call_1"},
    };
    request.tools = {{"get_logs", "Reads logs.",
                      R"({"type":"object","properties":{"svc":{"type":"string"}},"required":["svc"],"additionalProperties":false})"}};
    request.schema_name = "finding";
    request.schema = R"({"type":"object","properties":{"a":{"type":["string","null"]}},"required":["a"],"additionalProperties":false})";
    request.temperature = 0.2;
    request.reasoning_effort = "low";
    return request;
}

inline std::variant<llm::Reply, Failure> streamed(const llm::Dialect& dialect, std::string_view bytes, std::size_t piece) {
    const auto reader = dialect.stream_reader();
    for (std::size_t at = 0; at < bytes.size(); at += piece) reader->feed(bytes.substr(at, piece));
    return reader->finish();
}

}  // namespace gumshoe::test
