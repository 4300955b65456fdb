// Chat Completions: builds requests and reads whole answers. stream.cpp reads streamed ones.
#include "integrations/openai/dialect.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "integrations/openai/stream.hpp"
#include "llm/classify.hpp"
#include "llm/schema.hpp"

namespace gumshoe::openai {
namespace {

/// Models that think first: they take developer messages and max_completion_tokens, and no temperature.
bool reasons(std::string_view model) {
    const auto slash = model.rfind('/');  // "openai/o3" behind a gateway
    if (slash != std::string_view::npos) model.remove_prefix(slash + 1);
    const bool o_series = model.size() >= 2 && model[0] == 'o' && model[1] >= '1' && model[1] <= '9';
    return o_series || (model.starts_with("gpt-5") && model.find("chat") == std::string_view::npos);
}

json call_of(const llm::ToolCall& call) {
    return {{"id", call.id},
            {"type", "function"},
            {"function", {{"name", call.name}, {"arguments", trim(call.arguments).empty() ? "{}" : call.arguments}}}};
}

json message_of(const llm::Message& message, bool reasoning) {
    switch (message.role) {
        case llm::Role::system:
            return {{"role", reasoning ? "developer" : "system"}, {"content", message.text}};
        case llm::Role::user:
            return {{"role", "user"}, {"content", message.text}};
        case llm::Role::tool:
            return {{"role", "tool"}, {"tool_call_id", message.tool_call_id}, {"content", message.text}};
        case llm::Role::assistant:
            break;
    }
    json out{{"role", "assistant"}, {"content", message.text}};
    if (message.tool_calls.empty()) return out;
    if (message.text.empty()) out["content"] = nullptr;
    out["tool_calls"] = json::array();
    for (const llm::ToolCall& call : message.tool_calls) out["tool_calls"].push_back(call_of(call));
    return out;
}

json tool_of(const llm::Tool& tool) {
    json parameters = llm::schema_document(tool.parameters);
    const bool strict = llm::is_strict(parameters);
    json function{{"name", tool.name}, {"description", tool.description}, {"parameters", std::move(parameters)}};
    if (strict) function["strict"] = true;
    return {{"type", "function"}, {"function", std::move(function)}};
}

std::string_view choice_of(llm::ToolChoice choice) {
    switch (choice) {
        case llm::ToolChoice::none:
            return "none";
        case llm::ToolChoice::required:
            return "required";
        case llm::ToolChoice::automatic:
            break;
    }
    return "auto";
}

json body_of(const llm::Request& request, const llm::Target& target, bool stream) {
    const std::string model = target.model_on_wire();
    const bool reasoning = reasons(model);
    json body{{"model", model}, {"messages", json::array()}};
    for (const llm::Message& message : request.messages) body["messages"].push_back(message_of(message, reasoning));
    body[reasoning ? "max_completion_tokens" : "max_tokens"] = request.max_output_tokens;
    if (request.temperature && !reasoning) body["temperature"] = *request.temperature;
    if (request.reasoning_effort && reasoning) body["reasoning_effort"] = *request.reasoning_effort;
    if (!request.tools.empty()) {
        body["tools"] = json::array();
        for (const llm::Tool& tool : request.tools) body["tools"].push_back(tool_of(tool));
        body["tool_choice"] = choice_of(request.tool_choice);
    }
    if (!request.schema.empty()) {
        json schema = llm::schema_document(request.schema);
        const bool strict = llm::is_strict(schema);
        const std::string name = request.schema_name.empty() ? "answer" : request.schema_name;
        body["response_format"] = {{"type", "json_schema"},
                                   {"json_schema", {{"name", name}, {"strict", strict}, {"schema", std::move(schema)}}}};
    }
    if (stream) {
        body["stream"] = true;
        body["stream_options"] = {{"include_usage", true}};
    }
    return body;
}

Headers headers_of(const llm::Target& target) {
    Headers headers{{"Content-Type", "application/json"}, {"Accept", "application/json, text/event-stream"}};
    if (!target.api_key.empty()) headers.add("Authorization", "Bearer " + std::string(target.api_key.reveal()));
    return headers;
}

std::string root_of(const llm::Target& target, const llm::Dialect& dialect) {
    return target.api_url.empty() ? std::string(dialect.default_api_url()) : target.api_url;
}

class ChatCompletions final : public llm::Dialect {
public:
    std::string_view provider() const override { return provider_name; }
    std::string_view default_api_url() const override { return "https://api.openai.com/v1"; }

    HttpRequest build(const llm::Request& request, const llm::Target& target, bool stream) const override {
        HttpRequest http;
        http.method = "POST";
        http.url = root_of(target, *this) + "/chat/completions";
        http.headers = headers_of(target);
        http.body = dump_json(body_of(request, target, stream));
        return http;
    }

    std::variant<llm::Reply, Failure> read(const HttpResponse& response) const override {
        const auto document = parse_json(response.body);
        if (response.status / 100 != 2 || !document || llm::vendor_error(*document)) return llm::classify_response(provider_name, response);
        const json* choices = find(*document, "choices");
        if (choices == nullptr || !choices->is_array() || choices->empty()) return llm::classify_response(provider_name, response);
        llm::Reply reply = reply_of(choices->front());
        reply.model = string_or_empty(*document, "model");
        reply.usage = usage_of(*document);
        reply.request_id = llm::request_id(response.headers);
        return reply;
    }

    std::unique_ptr<llm::StreamReader> stream_reader() const override { return make_stream_reader(); }

    HttpRequest probe(const llm::Target& target) const override {
        HttpRequest http;
        http.url = root_of(target, *this) + "/models";
        http.headers = headers_of(target);
        return http;
    }
};

}  // namespace

llm::Usage usage_of(const json& document) {
    llm::Usage usage;
    usage.input_tokens = get_int(document, "usage.prompt_tokens").value_or(0);
    usage.cached_tokens = get_int(document, "usage.prompt_tokens_details.cached_tokens").value_or(0);
    usage.output_tokens = get_int(document, "usage.completion_tokens").value_or(0);
    usage.reasoning_tokens = get_int(document, "usage.completion_tokens_details.reasoning_tokens").value_or(0);
    return usage;
}

llm::Stop stop_of(std::string_view finish_reason) {
    if (finish_reason == "length") return llm::Stop::length;
    if (finish_reason == "content_filter") return llm::Stop::filter;
    if (finish_reason == "tool_calls" || finish_reason == "function_call") return llm::Stop::tool_calls;
    return llm::Stop::end;
}

llm::Reply reply_of(const json& choice) {
    llm::Reply reply;
    reply.text = string_or_empty(choice, "message.content");
    reply.stop = stop_of(string_or_empty(choice, "finish_reason"));
    if (const std::string refusal = string_or_empty(choice, "message.refusal"); !refusal.empty()) {
        reply.text = refusal;
        reply.stop = llm::Stop::refusal;
    }
    const json* calls = find(choice, "message.tool_calls");
    if (calls == nullptr || !calls->is_array()) return reply;
    for (const json& call : *calls) {
        llm::ToolCall out{string_or_empty(call, "id"), string_or_empty(call, "function.name"), string_or_empty(call, "function.arguments")};
        if (trim(out.arguments).empty()) out.arguments = "{}";
        reply.tool_calls.push_back(std::move(out));
    }
    return reply;
}

std::unique_ptr<llm::Dialect> make_dialect() {
    return std::make_unique<ChatCompletions>();
}

}  // namespace gumshoe::openai
