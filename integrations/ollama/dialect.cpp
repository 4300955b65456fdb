// /api/chat: builds requests; an answer is lines of JSON, a whole one is a single line.
#include "integrations/ollama/dialect.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/section.hpp"
#include "base/text.hpp"
#include "llm/classify.hpp"
#include "llm/schema.hpp"
#include "llm/turns.hpp"

namespace gumshoe::ollama {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t default_window = 32768;  // the server sets memory aside for all of a window

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

/// gpt-oss takes levels, and cannot do without; all others take yes or no.
json thinking_of(std::string_view effort, std::string_view model) {
    if (model.find("gpt-oss") == std::string_view::npos) return effort != "none" && effort != "minimal";
    return effort == "high" || effort == "medium" ? effort : "low";
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
    if (request.reasoning_effort) body["think"] = thinking_of(*request.reasoning_effort, target.model_on_wire());
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

/// A refusal names no field: its words do.
Failure failure_of(int status, const llm::VendorError& error, const Headers& headers) {
    Failure failure = llm::classify_error(provider_name, status, error, headers);
    if (failure.failure == FailureClass::unsupported_param) failure.param = icontains(error.message, "think") ? "think" : "tools";
    return failure;
}

/// Collects an answer: its one document, or the lines of a stream.
class Answer {
public:
    /// True when it held content.
    bool take(const json& document) {
        if (failure_ || done_) return false;
        if (const auto error = llm::vendor_error(document)) {
            failure_ = failure_of(0, *error, {});
            return false;
        }
        if (reply_.model.empty()) reply_.model = string_or_empty(document, "model");
        const std::string text = string_or_empty(document, "message.content");
        bool content = !text.empty() || !string_or_empty(document, "message.thinking").empty();
        reply_.text += text;
        const json* calls = find(document, "message.tool_calls");
        if (calls != nullptr && calls->is_array()) {
            for (const json& call : *calls) take_call(call);
            content = content || !calls->empty();
        }
        if (get_bool(document, "done").value_or(false)) end(document);
        return content;
    }

    void unreadable() {
        if (failure_ || done_) return;
        failure_ = Failure{
            .failure = FailureClass::truncated_stream, .reason = "Ollama sent a piece of its answer that cannot be read", .status = 200};
    }

    std::variant<llm::Reply, Failure> finish() const {
        if (failure_) return *failure_;
        if (!done_)
            return Failure{.failure = FailureClass::truncated_stream, .reason = "Ollama's answer ended in the middle", .status = 200};
        return reply_;
    }

private:
    void take_call(const json& call) {
        const json* arguments = find(call, "function.arguments");
        std::string written = "{}";
        if (arguments != nullptr) written = arguments->is_string() ? arguments->get<std::string>() : dump_json(*arguments);
        reply_.tool_calls.push_back(
            {"call_" + std::to_string(reply_.tool_calls.size() + 1), string_or_empty(call, "function.name"), std::move(written)});
    }

    void end(const json& document) {
        done_ = true;
        const auto tokens = [&](const char* key) {  // no answer has more: sums cannot overflow
            return std::clamp<std::int64_t>(get_int(document, key).value_or(0), 0, 1'000'000'000'000);
        };
        reply_.usage.cached_tokens = tokens("prompt_eval_cached_count");
        reply_.usage.input_tokens = std::max(tokens("prompt_eval_count"), reply_.usage.cached_tokens);
        reply_.usage.output_tokens = tokens("eval_count");
        if (string_or_empty(document, "done_reason") == "length") {
            reply_.stop = llm::Stop::length;
        } else if (!reply_.tool_calls.empty()) {
            reply_.stop = llm::Stop::tool_calls;
        }
    }

    llm::Reply reply_;
    std::optional<Failure> failure_;
    bool done_ = false;
};

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
        return answer_.finish();
    }

private:
    bool take(std::string_view line) {
        if (trim(line).empty()) return false;
        const auto document = parse_json(line);
        if (document) return answer_.take(*document);
        answer_.unreadable();
        return false;
    }

    std::string buffer_;
    Answer answer_;
};

class Chat final : public llm::Dialect {
public:
    std::string_view provider() const override { return provider_name; }
    std::string_view default_api_url() const override { return "http://127.0.0.1:11434"; }
    bool needs_key() const override { return false; }
    milliseconds first_content() const override { return 120s; }  // the model may have to be loaded first

    void read_settings(Section& section, llm::Target& target) const override {
        if (!section.has("context_window")) target.context_window = default_window;
    }

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
        const auto error = document ? llm::vendor_error(*document) : std::nullopt;
        const bool success = response.status / 100 == 2;
        if (error) return failure_of(success ? 0 : response.status, *error, response.headers);
        if (!success) return llm::classify_response(provider_name, response);
        Answer answer;
        if (document) answer.take(*document);
        auto outcome = answer.finish();
        if (std::holds_alternative<Failure>(outcome)) return llm::classify_response(provider_name, response);
        return outcome;
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
