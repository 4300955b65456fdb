// Chat Completions: builds requests and reads whole answers. stream.cpp reads streamed ones.
#include "integrations/openai/dialect.hpp"

#include <charconv>
#include <string>
#include <utility>

#include "base/json_view.hpp"
#include "base/json_writer.hpp"
#include "base/section.hpp"
#include "base/text.hpp"
#include "integrations/openai/stream.hpp"
#include "llm/classify.hpp"
#include "llm/schema.hpp"

namespace gumshoe::openai {
namespace {

constexpr std::size_t usual_body_bytes = 4096;

void write_call(JsonWriter& out, const llm::ToolCall& call) {
    out.begin_object().key("id").text(call.id).key("type").text("function").key("function").begin_object();
    out.key("name").text(call.name).key("arguments").text(trim(call.arguments).empty() ? "{}" : call.arguments);
    out.end_object().end_object();
}

std::string_view role_of(llm::Role role, bool reasoning) {
    switch (role) {
        case llm::Role::system:
            return reasoning ? "developer" : "system";
        case llm::Role::user:
            return "user";
        case llm::Role::tool:
            return "tool";
        case llm::Role::assistant:
            break;
    }
    return "assistant";
}

void write_message(JsonWriter& out, const llm::Message& message, bool reasoning) {
    const bool calls = message.role == llm::Role::assistant && !message.tool_calls.empty();
    out.begin_object().key("role").text(role_of(message.role, reasoning));
    if (message.role == llm::Role::tool) out.key("tool_call_id").text(message.tool_call_id);
    out.key("content");
    if (calls && message.text.empty()) {
        out.null();
    } else {
        out.text(message.text);
    }
    if (calls) {
        out.key("tool_calls").begin_array();
        for (const llm::ToolCall& call : message.tool_calls) write_call(out, call);
        out.end_array();
    }
    out.end_object();
}

void write_tool(JsonWriter& out, const llm::Tool& tool) {
    const auto parameters = llm::read_schema(tool.parameters);
    out.begin_object().key("type").text("function").key("function").begin_object();
    out.key("name").text(tool.name).key("description").text(tool.description).key("parameters").raw(parameters->text);
    if (parameters->strict) out.key("strict").flag(true);
    out.end_object().end_object();
}

void write_schema(JsonWriter& out, const llm::Request& request) {
    const auto schema = llm::read_schema(request.schema);
    out.key("response_format").begin_object().key("type").text("json_schema").key("json_schema").begin_object();
    out.key("name").text(request.schema_name.empty() ? "answer" : request.schema_name);
    out.key("strict").flag(schema->strict).key("schema").raw(schema->text);
    out.end_object().end_object();
}

const std::string& setting(const llm::Target& target, const std::string& key) {
    static const std::string none;
    const auto found = target.settings.find(key);
    return found == target.settings.end() ? none : found->second;
}

std::string body_of(const llm::Request& request, const llm::Target& target, bool stream, const Flavour& flavour) {
    const std::string model = target.model_on_wire();
    // A deployment's name says nothing of the model behind it.
    const std::string& base_model = setting(target, "base_model");
    const bool reasoning = !flavour.says_no_role_developer && reasons(base_model.empty() ? model : base_model);
    const bool tools = !request.tools.empty();
    const bool schema = !request.schema.empty() && (flavour.schema_beside_tools || !tools || request.tool_choice == llm::ToolChoice::none);
    JsonWriter out;
    out.reserve(usual_body_bytes);
    out.begin_object().key("model").text(model).key("messages").begin_array();
    for (const llm::Message& message : request.messages) write_message(out, message, reasoning);
    out.end_array();
    out.key(reasoning ? "max_completion_tokens" : "max_tokens").number(request.max_output_tokens);
    if (request.temperature && !reasoning) out.key("temperature").number(*request.temperature);
    if (request.reasoning_effort && reasoning) out.key("reasoning_effort").text(*request.reasoning_effort);
    if (tools && (flavour.schema_beside_tools || !schema)) {
        out.key("tools").begin_array();
        for (const llm::Tool& tool : request.tools) write_tool(out, tool);
        out.end_array().key("tool_choice").text(choice_of(request.tool_choice));
    }
    if (schema) write_schema(out, request);
    if (stream) {
        out.key("stream").flag(true);
        if (flavour.stream_options) out.key("stream_options").begin_object().key("include_usage").flag(true).end_object();
    }
    return out.end_object().take();
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

/// Takes tools in Chat Completions only while it does not reason.
bool reasons_apart(std::string_view model) {
    return reasons(model) && (model.starts_with("gpt-5.4") || model.starts_with("gpt-5.6") || model.starts_with("gpt-6"));
}

class ChatCompletions final : public llm::Dialect {
public:
    explicit ChatCompletions(const Flavour& flavour) : flavour_(flavour) {}

    std::string_view provider() const override { return flavour_.provider; }
    std::string_view default_api_url() const override { return flavour_.default_api_url; }
    bool needs_key() const override { return flavour_.needs_key; }

    void read_settings(Section& section, llm::Target& target) const override {
        if (flavour_.azure) read_azure(section, target);
        const std::string model = flavour_.azure ? target.settings["base_model"] : target.model_on_wire();
        const bool has_responses = flavour_.azure || flavour_.provider == chat.provider;
        if (has_responses && reasons_apart(model)) {
            section.warning("provider", "openai_responses is where " + model +
                                            " reasons in a request with tools, which every investigation has; here it will not");
        }
    }

    static void read_azure(Section& section, llm::Target& target) {
        if (target.api_url.empty()) section.error("api_url", "is missing: the resource, such as https://acme.openai.azure.com");
        target.settings["api_version"] = section.text("api_version");
        target.settings["base_model"] = section.text("base_model");
        target.settings["entra"] = section.flag("entra", false) ? "true" : "";
        if (target.settings["entra"] == "true" && target.api_key.file().empty()) {
            section.warning("api_key",
                            "is a token of Entra ID, which ends within hours; out of a {file: PATH} it is read again when it has");
        }
        if (target.settings["base_model"].empty()) {
            section.warning("base_model", "is missing: a deployment's name does not say whether its model reasons");
        }
    }

    HttpRequest build(const llm::Request& request, const llm::Target& target, bool stream) const override {
        HttpRequest http;
        http.method = "POST";
        http.url = address_of(target, flavour_, "/chat/completions");
        http.headers = headers_of(target, flavour_);
        http.body = body_of(request, target, stream, flavour_);
        return http;
    }

    std::variant<llm::Reply, Failure> read(const HttpResponse& response) const override {
        JsonReader reader;
        const auto document = reader.read(response.body);
        if (response.status / 100 != 2 || !document || llm::vendor_error(*document)) {
            return llm::classify_response(flavour_.provider, response);
        }
        const auto choices = document->find("choices").items();
        if (choices.empty()) return llm::classify_response(flavour_.provider, response);
        if (const auto error = llm::vendor_error(choices.front()))
            return llm::classify_error(flavour_.provider, 0, *error, response.headers);
        llm::Reply reply = reply_of(choices.front());
        reply.model = document->text("model");
        reply.usage = usage_of(*document);
        reply.request_id = llm::request_id(response.headers);
        return reply;
    }

    std::unique_ptr<llm::StreamReader> stream_reader() const override { return make_stream_reader(flavour_.provider); }

    std::optional<HttpRequest> probe(const llm::Target& target) const override {
        HttpRequest http;
        http.url = address_of(target, flavour_, std::string(flavour_.probe));
        http.headers = headers_of(target, flavour_);
        return http;
    }

private:
    const Flavour& flavour_;
};

}  // namespace

llm::Usage usage_of(const JsonView& document) {
    const JsonView of = document.find("usage");
    llm::Usage usage;
    usage.input_tokens = of.integer("prompt_tokens").value_or(0);
    usage.cached_tokens = of.integer("prompt_tokens_details.cached_tokens").value_or(0);
    usage.output_tokens = of.integer("completion_tokens").value_or(0);
    usage.reasoning_tokens = of.integer("completion_tokens_details.reasoning_tokens").value_or(0);
    return usage;
}

llm::Stop stop_of(std::string_view finish_reason) {
    if (finish_reason == "length") return llm::Stop::length;
    if (finish_reason == "content_filter") return llm::Stop::filter;
    if (finish_reason == "tool_calls" || finish_reason == "function_call") return llm::Stop::tool_calls;
    return llm::Stop::end;
}

llm::Reply reply_of(const JsonView& choice) {
    const JsonView message = choice.find("message");
    llm::Reply reply;
    reply.text = message.text("content");
    reply.stop = stop_of(choice.text("finish_reason"));
    if (const std::string_view refusal = message.text("refusal"); !refusal.empty()) {
        reply.text = refusal;
        reply.stop = llm::Stop::refusal;
    }
    for (const JsonView& call : message.find("tool_calls").items()) {
        llm::ToolCall out{std::string(call.text("id")), std::string(call.text("function.name")),
                          std::string(call.text("function.arguments"))};
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
    if (model.size() >= 2 && model[0] == 'o' && model[1] >= '1' && model[1] <= '9') return true;
    constexpr std::string_view gpt = "gpt-";
    if (!model.starts_with(gpt) || model.find("chat") != std::string_view::npos) return false;
    int generation = 0;  // of "gpt-oss-120b": none
    std::from_chars(model.data() + gpt.size(), model.data() + model.size(), generation);
    return generation >= 5 && generation != 35;  // "gpt-35-turbo" is 3.5, as Azure writes it
}

std::unique_ptr<llm::Dialect> make_dialect(const Flavour& flavour) {
    return std::make_unique<ChatCompletions>(flavour);
}

}  // namespace gumshoe::openai
