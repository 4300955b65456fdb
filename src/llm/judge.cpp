#include "llm/judge.hpp"

#include <algorithm>
#include <utility>

#include "base/json_view.hpp"
#include "base/text.hpp"

namespace gumshoe::llm {
namespace {

constexpr std::size_t repaired_answer_bytes = 8000;

Failure invalid(std::string reason) {
    return {.failure = FailureClass::schema_invalid, .reason = std::move(reason)};
}

std::optional<Failure> judge_calls(const Reply& reply, const Request& request) {
    if (request.tool_choice == ToolChoice::none) return invalid("it called a tool where an answer was due");
    for (const ToolCall& call : reply.tool_calls) {
        if (std::ranges::find(request.tools, call.name, &Tool::name) == request.tools.end())
            return invalid("it called a tool that does not exist");
        JsonReader reader;
        const auto arguments = reader.read(call.arguments);
        if (!arguments || !arguments->is_object()) return invalid("it called " + call.name + " with arguments that are not a JSON object");
    }
    return std::nullopt;
}

}  // namespace

std::optional<Failure> judge(const Reply& reply, const Request& request) {
    switch (reply.stop) {
        case Stop::refusal:
            return Failure{.failure = FailureClass::refusal, .reason = "the model refused to answer"};
        case Stop::filter:
            return Failure{.failure = FailureClass::content_filter, .reason = "the vendor's content filter stopped the answer"};
        case Stop::length:
            if (request.may_be_cut && request.schema.empty() && reply.tool_calls.empty() && !trim(reply.text).empty()) return std::nullopt;
            return Failure{.failure = FailureClass::output_truncated, .reason = "the answer was cut at its length limit"};
        case Stop::end:
        case Stop::tool_calls:
            break;
    }
    if (!reply.tool_calls.empty()) return judge_calls(reply, request);
    if (trim(reply.text).empty()) return Failure{.failure = FailureClass::empty, .reason = "the answer was empty"};
    if (request.tool_choice == ToolChoice::required && !request.tools.empty()) return invalid("it answered where a tool call was due");
    if (request.schema.empty()) return std::nullopt;
    JsonReader reader;
    const auto document = reader.read(reply.text);
    if (!document || !document->is_object()) return invalid("the answer is not one JSON object");
    return std::nullopt;
}

std::vector<Message> repair_turn(const Reply& reply, const Failure& failure) {
    std::vector<Message> turn;
    if (!trim(reply.text).empty()) turn.push_back({.role = Role::assistant, .text = truncate(reply.text, repaired_answer_bytes)});
    turn.push_back({.role = Role::user,
                    .text = "Your last answer cannot be used: " + failure.reason +
                            ". Answer the same question again, mending this. Answer in the form that was asked for and nothing else."});
    return turn;
}

}  // namespace gumshoe::llm
