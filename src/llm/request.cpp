// The reply as JSON: what a run's journal keeps of a model's turn.
#include "llm/request.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace gumshoe::llm {
namespace {

constexpr std::array<std::pair<Stop, std::string_view>, 5> stops{{
    {Stop::end, "end"},
    {Stop::tool_calls, "tool_calls"},
    {Stop::length, "length"},
    {Stop::refusal, "refusal"},
    {Stop::filter, "filter"},
}};

std::string_view name_of(Stop stop) {
    for (const auto& [value, name] : stops) {
        if (value == stop) return name;
    }
    return "end";
}

std::optional<Stop> stop_of(std::string_view name) {
    for (const auto& [value, known] : stops) {
        if (known == name) return value;
    }
    return std::nullopt;
}

}  // namespace

json to_json_value(const Reply& reply) {
    json calls = json::array();
    for (const ToolCall& call : reply.tool_calls) {
        calls.push_back({{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
    }
    return {
        {"text", reply.text},
        {"tool_calls", std::move(calls)},
        {"stop", name_of(reply.stop)},
        {"usage",
         {{"input_tokens", reply.usage.input_tokens},
          {"cached_tokens", reply.usage.cached_tokens},
          {"output_tokens", reply.usage.output_tokens},
          {"reasoning_tokens", reply.usage.reasoning_tokens}}},
        {"model", reply.model},
        {"request_id", reply.request_id},
        {"opaque", reply.opaque},
    };
}

result<Reply> reply_from_json(const json& value) {
    const auto stop = stop_of(string_or_empty(value, "stop"));
    if (!value.is_object() || !stop) return Error{errc::corrupt, "an LLM reply in the journal has no known stop reason"};
    Reply reply;
    reply.stop = *stop;
    reply.text = string_or_empty(value, "text");
    reply.model = string_or_empty(value, "model");
    reply.request_id = string_or_empty(value, "request_id");
    reply.opaque = string_or_empty(value, "opaque");
    reply.usage.input_tokens = get_int(value, "usage.input_tokens").value_or(0);
    reply.usage.cached_tokens = get_int(value, "usage.cached_tokens").value_or(0);
    reply.usage.output_tokens = get_int(value, "usage.output_tokens").value_or(0);
    reply.usage.reasoning_tokens = get_int(value, "usage.reasoning_tokens").value_or(0);
    const json* calls = find(value, "tool_calls");
    if (calls == nullptr || !calls->is_array()) return reply;
    for (const json& call : *calls) {
        reply.tool_calls.push_back({string_or_empty(call, "id"), string_or_empty(call, "name"), string_or_empty(call, "arguments")});
    }
    return reply;
}

}  // namespace gumshoe::llm
