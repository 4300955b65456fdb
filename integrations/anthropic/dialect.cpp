// Messages: builds requests and reads whole answers. turns.cpp puts history into turns, stream.cpp reads streamed answers.
#include "integrations/anthropic/dialect.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "integrations/anthropic/blocks.hpp"
#include "llm/classify.hpp"
#include "llm/schema.hpp"
#include "llm/turns.hpp"

namespace gumshoe::anthropic {
namespace {

constexpr std::string_view api_version = "2023-06-01";

json tool_of(const llm::Tool& tool) {
    return {{"name", tool.name}, {"description", tool.description}, {"input_schema", llm::schema_document(tool.parameters)}};
}

std::string_view choice_of(llm::ToolChoice choice) {
    switch (choice) {
        case llm::ToolChoice::none:
            return "none";
        case llm::ToolChoice::required:
            return "any";
        case llm::ToolChoice::automatic:
            break;
    }
    return "auto";
}

std::string_view effort_of(std::string_view effort) {
    return effort == "none" || effort == "minimal" ? "low" : effort;
}

json body_of(const llm::Request& request, const llm::Target& target, bool stream) {
    json body{{"model", target.model_on_wire()}, {"max_tokens", request.max_output_tokens}, {"messages", turns_of(request.messages)}};
    if (const std::string system = llm::system_text(request.messages); !system.empty()) {
        // Marked for the cache: tools and system text are the same in every turn of a tool loop.
        json block{{"type", "text"}, {"text", system}, {"cache_control", {{"type", "ephemeral"}}}};
        body["system"] = json::array({std::move(block)});
    }
    if (!request.tools.empty()) {
        body["tools"] = json::array();
        for (const llm::Tool& tool : request.tools) body["tools"].push_back(tool_of(tool));
        body["tool_choice"] = {{"type", choice_of(request.tool_choice)}};
    }
    if (!request.schema.empty()) {
        body["output_config"]["format"] = {{"type", "json_schema"}, {"schema", llm::without_bounds(llm::schema_document(request.schema))}};
    }
    if (request.reasoning_effort) body["output_config"]["effort"] = effort_of(*request.reasoning_effort);
    if (request.temperature) body["temperature"] = *request.temperature;
    if (stream) body["stream"] = true;
    return body;
}

Headers headers_of(const llm::Target& target) {
    Headers headers{{"Content-Type", "application/json"}, {"anthropic-version", std::string(api_version)}};
    if (!target.api_key.empty()) headers.add("x-api-key", std::string(target.api_key.reveal()));
    return headers;
}

std::string root_of(const llm::Target& target, const llm::Dialect& dialect) {
    return target.api_url.empty() ? std::string(dialect.default_api_url()) : target.api_url;
}

class Messages final : public llm::Dialect {
public:
    std::string_view provider() const override { return provider_name; }
    std::string_view default_api_url() const override { return "https://api.anthropic.com/v1"; }

    HttpRequest build(const llm::Request& request, const llm::Target& target, bool stream) const override {
        HttpRequest http;
        http.method = "POST";
        http.url = root_of(target, *this) + "/messages";
        http.headers = headers_of(target);
        http.body = dump_json(body_of(request, target, stream));
        return http;
    }

    std::variant<llm::Reply, Failure> read(const HttpResponse& response) const override {
        const auto document = parse_json(response.body);
        if (response.status / 100 != 2 || !document || llm::vendor_error(*document)) return llm::classify_response(provider_name, response);
        const json* content = find(*document, "content");
        const auto stop_reason = get_string(*document, "stop_reason");
        if (content == nullptr || !content->is_array() || !stop_reason) return llm::classify_response(provider_name, response);
        llm::Reply reply = reply_of(*content);
        set_stop(reply, *stop_reason, string_or_empty(*document, "stop_details.explanation"));
        add_usage(reply.usage, *document);
        reply.model = string_or_empty(*document, "model");
        reply.request_id = llm::request_id(response.headers);
        return reply;
    }

    std::unique_ptr<llm::StreamReader> stream_reader() const override { return make_stream_reader(); }

    std::optional<HttpRequest> probe(const llm::Target& target) const override {
        HttpRequest http;
        http.url = root_of(target, *this) + "/models";
        http.headers = headers_of(target);
        return http;
    }
};

}  // namespace

std::unique_ptr<llm::Dialect> make_dialect() {
    return std::make_unique<Messages>();
}

}  // namespace gumshoe::anthropic
