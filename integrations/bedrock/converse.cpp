// A request as Converse takes it, and its content blocks as a reply.
#include "integrations/bedrock/converse.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "integrations/bedrock/dialect.hpp"
#include "llm/schema.hpp"
#include "llm/turns.hpp"

namespace gumshoe::bedrock {
namespace {

bool is_of_anthropic(std::string_view model) {
    return model.find("anthropic.") != std::string_view::npos;
}

/// Models that keep a marked prefix for the next call.
bool caches(std::string_view model) {
    return is_of_anthropic(model) || model.find("amazon.nova") != std::string_view::npos;
}

json text_block(const std::string& text) {
    return {{"text", text}};
}

json result_block(const llm::Message& message) {
    return {{"toolResult",
             {{"toolUseId", message.tool_call_id},
              {"content", json::array({text_block(trim(message.text).empty() ? "(empty)" : message.text)})},
              {"status", message.is_error ? "error" : "success"}}}};
}

json assistant_blocks(const llm::Message& message) {
    if (!message.opaque.empty()) {
        auto blocks = parse_json(message.opaque);
        if (blocks && blocks->is_array()) return std::move(*blocks);
    }
    json blocks = json::array();
    if (!trim(message.text).empty()) blocks.push_back(text_block(message.text));
    for (const llm::ToolCall& call : message.tool_calls) {
        auto input = parse_json(call.arguments);
        json arguments = input && input->is_object() ? std::move(*input) : json::object();
        blocks.push_back({{"toolUse", {{"toolUseId", call.id}, {"name", call.name}, {"input", std::move(arguments)}}}});
    }
    return blocks;
}

json turns_of(const std::vector<llm::Message>& messages) {
    llm::Turns turns({.result = "toolResult"});
    for (const llm::Message& message : messages) {
        switch (message.role) {
            case llm::Role::system:
                break;
            case llm::Role::assistant:
                turns.add("assistant", assistant_blocks(message));
                break;
            case llm::Role::tool:
                turns.add("user", json::array({result_block(message)}));
                break;
            case llm::Role::user:
                if (!trim(message.text).empty()) turns.add("user", json::array({text_block(message.text)}));
                break;
        }
    }
    return turns.take(text_block("(continued)"));
}

json tools_of(const llm::Request& request) {
    json tools = json::array();
    for (const llm::Tool& tool : request.tools) {
        tools.push_back({{"toolSpec",
                          {{"name", tool.name},
                           {"description", tool.description},
                           {"inputSchema", {{"json", llm::schema_document(tool.parameters)}}}}}});
    }
    const char* choice = request.tool_choice == llm::ToolChoice::required ? "any" : "auto";
    return {{"tools", std::move(tools)}, {"toolChoice", {{choice, json::object()}}}};
}

/// A turn of thought cannot be called for in the middle of a tool loop that began without one.
bool began_without_thought(const std::vector<llm::Message>& messages) {
    for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
        if (message->role == llm::Role::assistant && !message->tool_calls.empty()) return message->opaque.empty();
        if (message->role == llm::Role::user) return false;  // a new question
    }
    return false;
}

/// Thinking is a field of the model's own; the answer must have room beside it, and no tool may be forced.
std::int64_t thinking_budget(const llm::Request& request, std::string_view model, bool tools) {
    const std::string effort = request.reasoning_effort.value_or("none");
    if (!is_of_anthropic(model) || effort == "none" || effort == "minimal") return 0;
    if (tools && (request.tool_choice == llm::ToolChoice::required || began_without_thought(request.messages))) return 0;
    const std::int64_t wanted = effort == "low" ? 1024 : effort == "medium" ? 4096 : 16384;
    return wanted < request.max_output_tokens ? wanted : request.max_output_tokens > 2048 ? 1024 : 0;
}

}  // namespace

json body_of(const llm::Request& request, const llm::Target& target) {
    const std::string model = target.model_on_wire();
    // There is no "none" among the choices, and calls in the history need a list of tools: the last turn gets them told in words.
    const bool tools = !request.tools.empty() && request.tool_choice != llm::ToolChoice::none;
    json body{{"messages", turns_of(tools ? request.messages : llm::without_tools(request.messages))},
              {"inferenceConfig", {{"maxTokens", request.max_output_tokens}}}};
    if (const std::string system = llm::system_text(request.messages); !system.empty()) {
        body["system"] = json::array({text_block(system)});
        if (caches(model)) body["system"].push_back({{"cachePoint", {{"type", "default"}}}});
    }
    if (tools) body["toolConfig"] = tools_of(request);
    if (const std::int64_t budget = thinking_budget(request, model, tools); budget > 0) {
        body["additionalModelRequestFields"]["thinking"] = {{"type", "enabled"}, {"budget_tokens", budget}};
    } else if (request.temperature) {
        body["inferenceConfig"]["temperature"] = std::min(*request.temperature, 1.0);
    }
    if (!request.schema.empty()) {
        const std::string schema = dump_json(llm::without_bounds(llm::schema_document(request.schema)));
        const std::string name = request.schema_name.empty() ? "answer" : request.schema_name;
        body["outputConfig"]["textFormat"] = {{"type", "json_schema"},
                                              {"structure", {{"jsonSchema", {{"schema", schema}, {"name", name}}}}}};
    }
    return body;
}

llm::Reply reply_of(const json& content) {
    llm::Reply reply;
    json kept = json::array();
    bool signed_reasoning = false;
    for (const json& block : content) {
        if (const auto text = get_string(block, "text")) {
            if (text->empty()) continue;
            reply.text += *text;
        } else if (const json* call = find(block, "toolUse")) {
            const json* input = find(*call, "input");
            reply.tool_calls.push_back(
                {string_or_empty(*call, "toolUseId"), string_or_empty(*call, "name"), input == nullptr ? "{}" : dump_json(*input)});
        } else if (find(block, "reasoningContent") != nullptr) {
            signed_reasoning = true;
        }
        kept.push_back(block);
    }
    if (signed_reasoning) reply.opaque = dump_json(kept);
    return reply;
}

void set_stop(llm::Reply& reply, std::string_view stop_reason) {
    // malformed_tool_use and malformed_model_output end an answer too: what is left of it is judged as any other.
    if (stop_reason == "tool_use") {
        reply.stop = llm::Stop::tool_calls;
    } else if (stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded") {
        reply.stop = llm::Stop::length;
    } else if (stop_reason == "guardrail_intervened" || stop_reason == "content_filtered") {
        reply.stop = llm::Stop::filter;
    } else {
        reply.stop = llm::Stop::end;
    }
}

std::string own_words(std::string message) {
    constexpr std::string_view passed_on = "The model returned the following errors: ";
    if (message.starts_with(passed_on)) message.erase(0, passed_on.size());
    return message;
}

llm::Usage usage_of(const json& usage) {
    // No answer has more: the sum of what is read here cannot overflow.
    constexpr std::int64_t most = 1'000'000'000'000;
    const auto tokens = [&](std::string_view key) { return std::clamp<std::int64_t>(get_int(usage, key).value_or(0), 0, most); };
    llm::Usage out;
    out.cached_tokens = tokens("cacheReadInputTokens");
    out.input_tokens = tokens("inputTokens") + tokens("cacheWriteInputTokens") + out.cached_tokens;
    out.output_tokens = tokens("outputTokens");
    return out;
}

}  // namespace gumshoe::bedrock
