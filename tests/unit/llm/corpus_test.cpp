// What vendors are known to answer, each through its own dialect, and what we make of it.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/text.hpp"
#include "integrations/bedrock/event_stream.hpp"
#include "integrations/registry.hpp"
#include "llm/classify.hpp"
#include "llm/judge.hpp"
#include "tests/support/fake_http.hpp"

using namespace gumshoe;
using namespace gumshoe::llm;

namespace {

json corpus_file(const std::string& path) {
    std::ifstream in(std::string(GUMSHOE_SOURCE_DIR) + "/" + path);
    std::ostringstream text;
    text << in.rdbuf();
    auto value = parse_json(text.str());
    INFO(path);
    REQUIRE(value.has_value());
    return *value;
}

HttpResponse response_of(const json& entry, const json& body) {
    Headers headers;
    const json fields = entry.value("headers", json::object());
    for (const auto& [name, value] : fields.items()) headers.add(name, value.get<std::string>());
    return test::http_response(entry["status"].get<int>(), body.is_string() ? body.get<std::string>() : dump_json(body),
                               std::move(headers));
}

/// A stream is given as `text`, or as a frame's headers with the body as its payload.
std::string stream_bytes(const json& entry, const json& body) {
    if (entry.contains("text")) return entry["text"].get<std::string>();
    return bedrock::frame_bytes(entry["frame"].get<std::map<std::string, std::string>>(), dump_json(body));
}

Failure failure_in(const Dialect& dialect, const json& entry, const json& body) {
    std::variant<Reply, Failure> outcome;
    if (entry.value("stream", false)) {
        const auto reader = dialect.stream_reader();
        reader->feed(stream_bytes(entry, body));
        outcome = reader->finish();
    } else {
        outcome = dialect.read(response_of(entry, body));
    }
    if (const auto* failure = std::get_if<Failure>(&outcome)) return *failure;
    return judge(std::get<Reply>(outcome), Request{}).value_or(Failure{});
}

void check_entry(const Dialect& dialect, const json& entry, const json& body) {
    INFO(dialect.provider() << ", " << entry["name"] << ": " << body);
    const Failure failure = failure_in(dialect, entry, body);
    CHECK(to_string(failure.failure) == entry["class"].get<std::string>());
    CHECK(failure.reason.empty() == (entry["class"] == "none"));
    if (entry.contains("retry_after_ms")) CHECK(failure.retry_after == milliseconds(entry["retry_after_ms"].get<int>()));
    if (entry.contains("no_retry_after")) CHECK_FALSE(failure.retry_after);
    if (entry.contains("until")) CHECK(format_rfc3339(failure.until.value()) == entry["until"].get<std::string>());
    if (entry.contains("window")) CHECK(failure.window == entry["window"].get<std::int64_t>());
    if (entry.contains("prompt_tokens")) CHECK(failure.prompt_tokens == entry["prompt_tokens"].get<std::int64_t>());
    if (entry.contains("param")) CHECK(failure.param == entry["param"].get<std::string>());
    if (entry.contains("request_id")) CHECK(failure.request_id == entry["request_id"].get<std::string>());
}

/// How many bodies there were. `each` names a place and what else may stand there.
std::size_t check_corpus(const std::string& path, const std::string& provider) {
    std::size_t bodies = 0;
    for (const json& entry : corpus_file(path)) {
        const auto dialect = find_vendor(entry.value("provider", provider))->dialect();
        json body = entry.value("body", json());
        check_entry(*dialect, entry, body);
        ++bodies;
        if (!entry.contains("each")) continue;
        for (const json& value : entry["each"]["values"]) {
            body[json::json_pointer(entry["each"]["of"].get<std::string>())] = value;
            check_entry(*dialect, entry, body);
            ++bodies;
        }
    }
    return bodies;
}

}  // namespace

TEST_CASE("T-51, T-12, T-48: every known body of a vendor has its class") {
    std::size_t bodies = 0;
    for (const char* vendor : {"openai", "anthropic"}) {
        bodies += check_corpus("integrations/" + std::string(vendor) + "/fixtures/errors.json", vendor);
    }
    for (const char* vendor : {"azure", "gemini", "bedrock", "ollama", "compatible", "successes"}) {
        bodies += check_corpus("tests/unit/llm/corpus/" + std::string(vendor) + ".json", vendor);
    }
    CHECK(bodies > 200);
}

TEST_CASE("T-51: a prompt that is too long is known by every wording, and by none where a name is too long") {
    for (const char* provider :
         {"openai", "azure", "openai_responses", "anthropic", "gemini", "ollama", "groq", "openrouter", "vllm", "llamacpp"}) {
        const auto dialect = find_vendor(provider)->dialect();
        for (const char* text :
             {"input length and `max_tokens` exceed context limit: 1 + 2 > 2", "This model's maximum context length is 8192 tokens.",
              "too large for model's maximum context limit of 8192", "it is longer than the model's context length",
              "Input tokens exceed the configured limit of 8192 tokens", "`inputs` tokens + `max_new_tokens` must be <= 8192",
              "the request exceeds the available context size", "it exceeds the maximum number of tokens allowed (8192)",
              "prompt is too long: 9301 tokens > 8192 maximum", "Input is too long for requested model.",
              "Please reduce the length of the messages"}) {
            INFO(provider << ": " << text);
            const json error{{"message", text}, {"type", "invalid_request_error"}};
            const json body = std::string_view(provider) == "ollama" ? json{{"error", text}} : json{{"error", error}};
            CHECK(failure_in(*dialect, {{"status", 400}}, body).failure == FailureClass::context_overflow);
        }
        const json named{{"error", {{"message", "Invalid 'user': string too long."}, {"code", "string_above_max_length"}}}};
        CHECK(failure_in(*dialect, {{"status", 400}}, named).failure == FailureClass::bad_request_unknown);
    }
}

TEST_CASE("T-33: a row of the configuration goes before the built-in ones, for its provider") {
    const HttpResponse throttled = test::http_response(
        429, R"({"error":{"message":"Requests rate limit exceeded, please try again later.","code":"insufficient_quota"}})",
        {{"Retry-After", "3"}});
    const auto openai = find_vendor("openai")->dialect();
    const auto groq = find_vendor("groq")->dialect();
    const auto class_of = [&](const Dialect& dialect) { return std::get<Failure>(dialect.read(throttled)); };
    CHECK(class_of(*openai).failure == FailureClass::account_dead);
    set_configured_classes({{.provider = "groq", .status = 429, .code = "insufficient_quota", .failure = FailureClass::rate_limit},
                            {.message = "^Requests rate limit*later", .failure = FailureClass::overloaded, .words = "{vendor} is busy"}});
    CHECK(class_of(*groq).failure == FailureClass::rate_limit);
    CHECK(class_of(*groq).retry_after == milliseconds(3000));  // read as of its new class
    CHECK(class_of(*groq).reason.find("Requests rate limit exceeded") != std::string::npos);
    CHECK(class_of(*openai).failure == FailureClass::overloaded);
    CHECK(class_of(*openai).reason == "OpenAI is busy");
    set_configured_classes({});
    CHECK(class_of(*groq).failure == FailureClass::account_dead);
}
