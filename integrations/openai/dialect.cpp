// Chat Completions: builds requests and reads whole answers. stream.cpp reads streamed ones.
#include "integrations/openai/dialect.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/section.hpp"
#include "base/text.hpp"
#include "integrations/openai/stream.hpp"
#include "llm/classify.hpp"
#include "llm/schema.hpp"

namespace gumshoe::openai {
namespace {

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

const std::string& setting(const llm::Target& target, const std::string& key) {
    static const std::string none;
    const auto found = target.settings.find(key);
    return found == target.settings.end() ? none : found->second;
}

json body_of(const llm::Request& request, const llm::Target& target, bool stream, const Flavour& flavour) {
    const std::string model = target.model_on_wire();
    // A deployment's name says nothing of the model behind it.
    const std::string& base_model = setting(target, "base_model");
    const bool reasoning = !flavour.says_no_role_developer && reasons(base_model.empty() ? model : base_model);
    const bool tools = !request.tools.empty();
    const bool schema = !request.schema.empty() && (flavour.schema_beside_tools || !tools || request.tool_choice == llm::ToolChoice::none);
    json body{{"model", model}, {"messages", json::array()}};
    for (const llm::Message& message : request.messages) body["messages"].push_back(message_of(message, reasoning));
    body[reasoning ? "max_completion_tokens" : "max_tokens"] = request.max_output_tokens;
    if (request.temperature && !reasoning) body["temperature"] = *request.temperature;
    if (request.reasoning_effort && reasoning) body["reasoning_effort"] = *request.reasoning_effort;
    if (tools && (flavour.schema_beside_tools || !schema)) {
        body["tools"] = json::array();
        for (const llm::Tool& tool : request.tools) body["tools"].push_back(tool_of(tool));
        body["tool_choice"] = choice_of(request.tool_choice);
    }
    if (schema) {
        json document = llm::schema_document(request.schema);
        const bool strict = llm::is_strict(document);
        const std::string name = request.schema_name.empty() ? "answer" : request.schema_name;
        body["response_format"] = {{"type", "json_schema"},
                                   {"json_schema", {{"name", name}, {"strict", strict}, {"schema", std::move(document)}}}};
    }
    if (stream) {
        body["stream"] = true;
        if (flavour.stream_options) body["stream_options"] = {{"include_usage", true}};
    }
    return body;
}

Headers headers_of(const llm::Target& target, const Flavour& flavour) {
    Headers headers{{"Content-Type", "application/json"}, {"Accept", "application/json, text/event-stream"}};
    if (target.api_key.empty()) return headers;
    const std::string key(target.api_key.reveal());
    if (flavour.azure && setting(target, "entra") != "true") {
        headers.add("api-key", key);
    } else {
        headers.add("Authorization", "Bearer " + key);
    }
    return headers;
}

std::string address_of(const llm::Target& target, const Flavour& flavour, const std::string& path) {
    if (!flavour.azure) return (target.api_url.empty() ? std::string(flavour.default_api_url) : target.api_url) + path;
    const std::string& version = setting(target, "api_version");
    if (version.empty()) return target.api_url + "/openai/v1" + path;
    const bool of_deployment = path == "/chat/completions";
    return target.api_url + "/openai" + (of_deployment ? "/deployments/" + url_encode(target.model_on_wire()) : "") + path +
           "?api-version=" + url_encode(version);
}

class ChatCompletions final : public llm::Dialect {
public:
    explicit ChatCompletions(const Flavour& flavour) : flavour_(flavour) {}

    std::string_view provider() const override { return flavour_.provider; }
    std::string_view default_api_url() const override { return flavour_.default_api_url; }
    bool needs_key() const override { return flavour_.needs_key; }

    void read_settings(Section& section, llm::Target& target) const override {
        if (!flavour_.azure) return;
        if (target.api_url.empty()) section.error("api_url", "is missing: the resource, such as https://acme.openai.azure.com");
        target.settings["api_version"] = section.text("api_version");
        target.settings["base_model"] = section.text("base_model");
        target.settings["entra"] = section.flag("entra", false) ? "true" : "";
        if (target.settings["base_model"].empty()) {
            section.warning("base_model", "is missing: a deployment's name does not say whether its model reasons");
        }
    }

    HttpRequest build(const llm::Request& request, const llm::Target& target, bool stream) const override {
        HttpRequest http;
        http.method = "POST";
        http.url = address_of(target, flavour_, "/chat/completions");
        http.headers = headers_of(target, flavour_);
        http.body = dump_json(body_of(request, target, stream, flavour_));
        return http;
    }

    std::variant<llm::Reply, Failure> read(const HttpResponse& response) const override {
        const auto document = parse_json(response.body);
        if (response.status / 100 != 2 || !document || llm::vendor_error(*document)) {
            return llm::classify_response(flavour_.provider, response);
        }
        const json* choices = find(*document, "choices");
        if (choices == nullptr || !choices->is_array() || choices->empty()) return llm::classify_response(flavour_.provider, response);
        if (const auto error = llm::vendor_error(choices->front()))
            return llm::classify_error(flavour_.provider, 0, *error, response.headers);
        llm::Reply reply = reply_of(choices->front());
        reply.model = string_or_empty(*document, "model");
        reply.usage = usage_of(*document);
        reply.request_id = llm::request_id(response.headers);
        return reply;
    }

    std::unique_ptr<llm::StreamReader> stream_reader() const override { return make_stream_reader(flavour_.provider); }

    std::optional<HttpRequest> probe(const llm::Target& target) const override {
        HttpRequest http;
        http.url = address_of(target, flavour_, "/models");
        http.headers = headers_of(target, flavour_);
        return http;
    }

private:
    const Flavour& flavour_;
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

bool reasons(std::string_view model) {
    const auto slash = model.rfind('/');  // "openai/o3" behind a gateway
    if (slash != std::string_view::npos) model.remove_prefix(slash + 1);
    const bool o_series = model.size() >= 2 && model[0] == 'o' && model[1] >= '1' && model[1] <= '9';
    return o_series || (model.starts_with("gpt-5") && model.find("chat") == std::string_view::npos);
}

std::unique_ptr<llm::Dialect> make_dialect(const Flavour& flavour) {
    return std::make_unique<ChatCompletions>(flavour);
}

}  // namespace gumshoe::openai
