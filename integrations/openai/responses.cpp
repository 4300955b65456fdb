// /responses: nothing is stored at the vendor, every turn sends its whole input; so any target can take over.
#include "integrations/openai/responses.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "integrations/openai/dialect.hpp"
#include "io/sse.hpp"
#include "llm/classify.hpp"
#include "llm/schema.hpp"
#include "llm/turns.hpp"

namespace gumshoe::openai {
namespace {

constexpr std::string_view responses_provider = "openai_responses";

json item_of(const llm::ToolCall& call) {
    return {{"type", "function_call"},
            {"call_id", call.id},
            {"name", call.name},
            {"arguments", trim(call.arguments).empty() ? "{}" : call.arguments}};
}

void add_items(json& input, const llm::Message& message) {
    switch (message.role) {
        case llm::Role::system:
            return;  // instructions
        case llm::Role::user:
            input.push_back(
                {{"type", "message"}, {"role", "user"}, {"content", json::array({{{"type", "input_text"}, {"text", message.text}}})}});
            return;
        case llm::Role::tool:
            input.push_back({{"type", "function_call_output"}, {"call_id", message.tool_call_id}, {"output", message.text}});
            return;
        case llm::Role::assistant:
            break;
    }
    if (!message.opaque.empty()) {  // reasoning that is sealed for this account, with the calls it led to
        const auto items = parse_json(message.opaque);
        if (items && items->is_array()) {
            for (const json& item : *items) input.push_back(item);
            return;
        }
    }
    if (!trim(message.text).empty()) {
        input.push_back({{"type", "message"},
                         {"role", "assistant"},
                         {"content", json::array({{{"type", "output_text"}, {"text", message.text}, {"annotations", json::array()}}})}});
    }
    for (const llm::ToolCall& call : message.tool_calls) input.push_back(item_of(call));
}

json function_of(const llm::Tool& tool) {
    json parameters = llm::schema_document(tool.parameters);
    const bool strict = llm::is_strict(parameters);
    return {{"type", "function"},
            {"name", tool.name},
            {"description", tool.description},
            {"parameters", std::move(parameters)},
            {"strict", strict}};
}

json response_body(const llm::Request& request, const llm::Target& target, bool stream) {
    const std::string model = target.model_on_wire();
    json body{{"model", model}, {"input", json::array()}, {"max_output_tokens", request.max_output_tokens}, {"store", false}};
    for (const llm::Message& message : request.messages) add_items(body["input"], message);
    if (const std::string system = llm::system_text(request.messages); !system.empty()) body["instructions"] = system;
    if (!request.tools.empty()) {
        for (const llm::Tool& tool : request.tools) body["tools"].push_back(function_of(tool));
        body["tool_choice"] = choice_of(request.tool_choice);
    }
    if (!request.schema.empty()) {
        json schema = llm::schema_document(request.schema);
        const bool strict = llm::is_strict(schema);
        const std::string name = request.schema_name.empty() ? "answer" : request.schema_name;
        body["text"]["format"] = {{"type", "json_schema"}, {"name", name}, {"strict", strict}, {"schema", std::move(schema)}};
    }
    if (reasons(model)) {
        body["include"] = json::array({"reasoning.encrypted_content"});
        if (request.reasoning_effort) body["reasoning"]["effort"] = *request.reasoning_effort;
    } else if (request.temperature) {
        body["temperature"] = *request.temperature;
    }
    if (stream) body["stream"] = true;
    return body;
}

llm::Usage response_usage(const json& response) {
    llm::Usage usage;
    usage.input_tokens = get_int(response, "usage.input_tokens").value_or(0);
    usage.cached_tokens = get_int(response, "usage.input_tokens_details.cached_tokens").value_or(0);
    usage.output_tokens = get_int(response, "usage.output_tokens").value_or(0);
    usage.reasoning_tokens = get_int(response, "usage.output_tokens_details.reasoning_tokens").value_or(0);
    return usage;
}

void take_item(llm::Reply& reply, const json& item) {
    const std::string type = string_or_empty(item, "type");
    if (type == "function_call") {
        std::string arguments = string_or_empty(item, "arguments");
        if (trim(arguments).empty()) arguments = "{}";
        reply.tool_calls.push_back({string_or_empty(item, "call_id"), string_or_empty(item, "name"), std::move(arguments)});
        return;
    }
    const json* content = type == "message" ? find(item, "content") : nullptr;
    if (content == nullptr || !content->is_array()) return;
    for (const json& part : *content) {
        const std::string refusal = string_or_empty(part, "refusal");
        reply.text += string_or_empty(part, "text") + refusal;
        if (!refusal.empty()) reply.stop = llm::Stop::refusal;
    }
}

/// The response object, as a whole answer is and as a stream's last event holds it.
std::variant<llm::Reply, Failure> outcome_of(const json& response, const Headers& headers) {
    const std::string status = string_or_empty(response, "status");
    if (auto error = llm::vendor_error(response)) return llm::classify_error(responses_provider, 0, *error, headers);
    llm::Reply reply;
    bool sealed = false;
    json kept = json::array();
    if (const json* output = find(response, "output"); output != nullptr && output->is_array()) {
        for (const json& item : *output) {
            if (!item.is_object()) continue;
            take_item(reply, item);
            sealed = sealed || !string_or_empty(item, "encrypted_content").empty();
            kept.push_back(item);
        }
    }
    if (sealed) reply.opaque = dump_json(kept);
    reply.usage = response_usage(response);
    reply.model = string_or_empty(response, "model");
    reply.request_id = llm::request_id(headers);
    if (status == "incomplete") {
        const bool filtered = string_or_empty(response, "incomplete_details.reason") == "content_filter";
        reply.stop = filtered ? llm::Stop::filter : llm::Stop::length;
        return reply;
    }
    if (status != "completed") {
        return Failure{
            .failure = FailureClass::bad_body, .reason = "OpenAI ended the answer as \"" + truncate(status, 40) + "\"", .status = 200};
    }
    if (reply.stop != llm::Stop::refusal && !reply.tool_calls.empty()) reply.stop = llm::Stop::tool_calls;
    return reply;
}

class EventReader final : public llm::StreamReader {
public:
    bool feed(std::string_view bytes) override {
        bool content = false;
        for (const SseEvent& event : sse_.feed(bytes)) content = take(event) || content;
        return content;
    }

    std::variant<llm::Reply, Failure> finish() override {
        for (const SseEvent& event : sse_.finish()) take(event);
        if (end_) return std::move(*end_);
        return broken("OpenAI's answer ended in the middle");
    }

private:
    static Failure broken(std::string reason) {
        return {.failure = FailureClass::truncated_stream, .reason = std::move(reason), .status = 200};
    }

    /// created, queued and in_progress are no progress; only deltas with bytes in them are.
    bool take(const SseEvent& event) {
        if (end_ || trim(event.data).empty() || trim(event.data) == "[DONE]") return false;
        const auto data = parse_json(event.data);
        if (!data) {
            end_ = broken("OpenAI sent a piece of its answer that cannot be read");
            return false;
        }
        const std::string type = string_or_empty(*data, "type");
        if (type.ends_with(".delta")) return !string_or_empty(*data, "delta").empty();
        const bool ended = type == "response.completed" || type == "response.incomplete" || type == "response.failed";
        if (const json* response = ended ? find(*data, "response") : nullptr) {
            end_ = outcome_of(*response, {});
        } else if (type == "error") {
            end_ = llm::classify_error(responses_provider, 0, error_of(*data), {});
        } else if (const auto error = llm::vendor_error(*data)) {
            end_ = llm::classify_error(responses_provider, 0, *error, {});
        }
        return false;
    }

    static llm::VendorError error_of(const json& data) {
        if (auto nested = llm::vendor_error(data)) return *nested;
        return {
            .code = string_or_empty(data, "code"), .param = string_or_empty(data, "param"), .message = string_or_empty(data, "message")};
    }

    SseReader sse_;
    std::optional<std::variant<llm::Reply, Failure>> end_;
};

class Responses final : public llm::Dialect {
public:
    std::string_view provider() const override { return responses_provider; }
    std::string_view default_api_url() const override { return chat.default_api_url; }

    HttpRequest build(const llm::Request& request, const llm::Target& target, bool stream) const override {
        HttpRequest http = at(target, "/responses");
        http.method = "POST";
        http.body = dump_json(response_body(request, target, stream));
        return http;
    }

    std::variant<llm::Reply, Failure> read(const HttpResponse& response) const override {
        const auto document = parse_json(response.body);
        const bool answers = document && document->is_object() && find(*document, "status") != nullptr;
        if (response.status / 100 != 2 || !answers) return llm::classify_response(responses_provider, response);
        return outcome_of(*document, response.headers);
    }

    std::unique_ptr<llm::StreamReader> stream_reader() const override { return std::make_unique<EventReader>(); }

    std::optional<HttpRequest> probe(const llm::Target& target) const override { return at(target, "/models"); }

private:
    HttpRequest at(const llm::Target& target, const std::string& path) const {
        HttpRequest http;
        http.url = (target.api_url.empty() ? std::string(default_api_url()) : target.api_url) + path;
        http.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json, text/event-stream"}};
        if (!target.api_key.empty()) http.headers.add("Authorization", "Bearer " + std::string(target.api_key.reveal()));
        return http;
    }
};

}  // namespace

std::unique_ptr<llm::Dialect> make_responses_dialect() {
    return std::make_unique<Responses>();
}

}  // namespace gumshoe::openai
