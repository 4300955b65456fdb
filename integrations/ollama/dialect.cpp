// /api/chat: builds requests; an answer is lines of JSON, a whole one is a single line.
#include "integrations/ollama/dialect.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "llm/classify.hpp"
#include "llm/schema.hpp"
#include "llm/turns.hpp"

namespace gumshoe::ollama {
namespace {

using namespace std::chrono_literals;

json call_of(const llm::ToolCall& call) {
    auto input = parse_json(call.arguments);
    return {{"function", {{"name", call.name}, {"arguments", input && input->is_object() ? std::move(*input) : json::object()}}}};
}

json messages_of(const std::vector<llm::Message>& messages) {
    json out = json::array();
    std::map<std::string, std::string> names;  // call id -> tool: the wire has no ids
    for (const llm::Message& message : messages) {
        json told{{"content", message.text}};
        switch (message.role) {
            case llm::Role::system:
                told["role"] = "system";
                break;
            case llm::Role::user:
                told["role"] = "user";
                break;
            case llm::Role::tool:
                told["role"] = "tool";
                told["tool_name"] = names[message.tool_call_id];
                break;
            case llm::Role::assistant:
                told["role"] = "assistant";
                for (const llm::ToolCall& call : message.tool_calls) {
                    names[call.id] = call.name;
                    told["tool_calls"].push_back(call_of(call));
                }
                break;
        }
        out.push_back(std::move(told));
    }
    return out;
}

json body_of(const llm::Request& request, const llm::Target& target, bool stream) {
    // No choice of tools on this wire, and a grammar for the answer excludes calls: a turn has the one or the other.
    const bool tools = !request.tools.empty() && request.tool_choice != llm::ToolChoice::none;
    json body{{"model", target.model_on_wire()},
              {"messages", messages_of(tools ? request.messages : llm::without_tools(request.messages))},
              {"stream", stream},
              {"truncate", false},  // a prompt that does not fit is an error, not a prompt without its beginning
              {"shift", false},
              {"keep_alive", "10m"},
              {"options", {{"num_ctx", target.context_window}, {"num_predict", request.max_output_tokens}}}};
    if (request.temperature) body["options"]["temperature"] = *request.temperature;
    if (request.reasoning_effort) body["think"] = *request.reasoning_effort != "none" && *request.reasoning_effort != "minimal";
    if (tools) {
        for (const llm::Tool& tool : request.tools) {
            body["tools"].push_back(
                {{"type", "function"},
                 {"function",
                  {{"name", tool.name}, {"description", tool.description}, {"parameters", llm::schema_document(tool.parameters)}}}});
        }
    } else if (!request.schema.empty()) {
        body["format"] = llm::schema_document(request.schema);
    }
    return body;
}

class LineReader final : public llm::StreamReader {
public:
    bool feed(std::string_view bytes) override {
        buffer_.append(bytes);
        bool content = false;
        std::size_t begin = 0;
        for (std::size_t end = buffer_.find('\n'); end != std::string::npos; end = buffer_.find('\n', begin)) {
            content = take(std::string_view(buffer_).substr(begin, end - begin)) || content;
            begin = end + 1;
        }
        buffer_.erase(0, begin);
        return content;
    }

    std::variant<llm::Reply, Failure> finish() override {
        take(buffer_);
        buffer_.clear();
        if (failure_) return *failure_;
        if (!done_)
            return Failure{.failure = FailureClass::truncated_stream, .reason = "Ollama's answer ended in the middle", .status = 200};
        return reply_;
    }

private:
    bool take(std::string_view line) {
        if (failure_ || done_ || trim(line).empty()) return false;
        const auto document = parse_json(line);
        if (!document) {
            failure_ = Failure{.failure = FailureClass::truncated_stream,
                               .reason = "Ollama sent a piece of its answer that cannot be read",
                               .status = 200};
            return false;
        }
        if (const auto error = llm::vendor_error(*document)) {
            failure_ = llm::classify_error(provider_name, 0, *error, {});
            return false;
        }
        if (reply_.model.empty()) reply_.model = string_or_empty(*document, "model");
        const std::string text = string_or_empty(*document, "message.content");
        const bool thinks = !string_or_empty(*document, "message.thinking").empty();
        reply_.text += text;
        bool content = thinks || !text.empty();
        const json* calls = find(*document, "message.tool_calls");
        if (calls != nullptr && calls->is_array()) {
            for (const json& call : *calls) content = take_call(call) || content;
        }
        if (get_bool(*document, "done").value_or(false)) end(*document);
        return content;
    }

    bool take_call(const json& call) {
        const json* arguments = find(call, "function.arguments");
        std::string written = "{}";
        if (arguments != nullptr) written = arguments->is_string() ? arguments->get<std::string>() : dump_json(*arguments);
        reply_.tool_calls.push_back(
            {"call_" + std::to_string(reply_.tool_calls.size() + 1), string_or_empty(call, "function.name"), std::move(written)});
        return true;
    }

    void end(const json& document) {
        done_ = true;
        reply_.usage.input_tokens = get_int(document, "prompt_eval_count").value_or(0);
        reply_.usage.output_tokens = get_int(document, "eval_count").value_or(0);
        if (string_or_empty(document, "done_reason") == "length") {
            reply_.stop = llm::Stop::length;
        } else if (!reply_.tool_calls.empty()) {
            reply_.stop = llm::Stop::tool_calls;
        }
    }

    std::string buffer_;
    llm::Reply reply_;
    std::optional<Failure> failure_;
    bool done_ = false;
};

class Chat final : public llm::Dialect {
public:
    std::string_view provider() const override { return provider_name; }
    std::string_view default_api_url() const override { return "http://127.0.0.1:11434"; }
    bool needs_key() const override { return false; }
    milliseconds first_content() const override { return 120s; }  // the model may have to be loaded first

    HttpRequest build(const llm::Request& request, const llm::Target& target, bool stream) const override {
        HttpRequest http;
        http.method = "POST";
        http.url = root_of(target) + "/api/chat";
        http.headers = headers_of(target);
        http.body = dump_json(body_of(request, target, stream));
        return http;
    }

    std::variant<llm::Reply, Failure> read(const HttpResponse& response) const override {
        const auto document = parse_json(response.body);
        const bool answers = document && find(*document, "message") != nullptr && find(*document, "done") != nullptr;
        if (response.status / 100 != 2 || !answers || llm::vendor_error(*document)) {
            return llm::classify_response(provider_name, response);
        }
        LineReader reader;
        reader.feed(response.body);
        return reader.finish();
    }

    std::unique_ptr<llm::StreamReader> stream_reader() const override { return make_stream_reader(); }

    std::optional<HttpRequest> probe(const llm::Target& target) const override {
        HttpRequest http;
        http.url = root_of(target) + "/api/tags";
        http.headers = headers_of(target);
        return http;
    }

private:
    std::string root_of(const llm::Target& target) const {
        return target.api_url.empty() ? std::string(default_api_url()) : target.api_url;
    }
    /// It asks for no key itself; a proxy before it may.
    static Headers headers_of(const llm::Target& target) {
        Headers headers{{"Content-Type", "application/json"}};
        if (!target.api_key.empty()) headers.add("Authorization", "Bearer " + std::string(target.api_key.reveal()));
        return headers;
    }
};

}  // namespace

std::unique_ptr<llm::StreamReader> make_stream_reader() {
    return std::make_unique<LineReader>();
}

std::unique_ptr<llm::Dialect> make_dialect() {
    return std::make_unique<Chat>();
}

}  // namespace gumshoe::ollama
