// The simulated Groq, OpenRouter, vLLM and llama.cpp, each against its own dialect: what is sent is taken, what is broken is refused in
// the vendor's shape, answers have what is the vendor's own, faults have their class.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/openai/openai.hpp"
#include "integrations/openai/sandbox_compatible_faults.hpp"
#include "llm/repair.hpp"
#include "tests/support/llm_conversation.hpp"
#include "tests/support/llm_simulation.hpp"

namespace sandbox_compatible_test {

using namespace gumshoe;
using namespace gumshoe::llm;
using test::conversation;

namespace {

struct Speaker {
    const char* provider;
    Vendor (*vendor)();
    const char* base;
    bool needs_key;
};

const Speaker speakers[] = {{"groq", groq_vendor, "/openai/v1", true},
                            {"openrouter", openrouter_vendor, "/api/v1", true},
                            {"vllm", vllm_vendor, "/v1", false},
                            {"llamacpp", llamacpp_vendor, "/v1", false}};

/// A caller and a simulation.
struct Line {
    std::unique_ptr<Dialect> dialect;
    std::unique_ptr<sandbox::Simulation> simulation;
    json scenario = *parse_json(R"({"llm":{"script":[{"tool":"get_logs","arguments":{"svc":"api"}},{"answer":{"a":"Gr\u00fc\u00df"}}]}})");
    Target target;

    explicit Line(const Speaker& speaker, std::string model = "some/model")
        : dialect(speaker.vendor().dialect()), simulation(speaker.vendor().simulation()) {
        target.name = "main";
        target.provider = speaker.provider;
        target.model = std::move(model);
        target.api_key = Secret("a-key");
        target.api_url = std::string(test::simulated_host) + speaker.base;
        target.dialect = dialect.get();
    }
    HttpReply reply(const Request& request, bool stream) {
        return test::asked(*simulation, dialect->build(request, target, stream), scenario);
    }
    std::variant<Reply, Failure> outcome(const Request& request, bool stream) {
        return test::read_by(*dialect, reply(request, stream), stream);
    }
};

/// The last turn: with a schema and without tools, which all of them take.
Request question() {
    Request request = conversation();
    request.messages.resize(2);
    request.tools.clear();
    return request;
}

Request tool_question() {
    Request request = conversation();
    request.messages.resize(2);
    return request;
}

FailureClass class_of(Line& line, const Request& request, bool stream) {
    return test::class_of(line.outcome(request, stream), request);
}

/// The documents of a stream, but the one that ends it.
std::vector<json> chunks_of(const std::string& stream) {
    std::vector<json> chunks;
    for (const std::string& line : lines(stream)) {
        if (!line.starts_with("data: ") || line == "data: [DONE]") continue;
        chunks.push_back(*parse_json(line.substr(6)));
    }
    return chunks;
}

bool any_has(const std::vector<json>& chunks, const char* pointer) {
    return std::ranges::any_of(chunks, [&](const json& chunk) { return chunk.contains(json::json_pointer(pointer)); });
}

}  // namespace

TEST_CASE("T-54: a compatible server takes what its dialect sends, through a whole tool loop, whole and streamed") {
    for (const Speaker& speaker : speakers) {
        for (const char* model : {"openai/gpt-5.1", "openai/gpt-oss-120b", "o3"}) {
            for (const bool stream : {false, true}) {
                INFO(speaker.provider << " " << model << (stream ? " streamed" : " whole"));
                Line line(speaker, model);
                Request request = tool_question();
                const auto first = line.outcome(request, stream);
                REQUIRE(std::holds_alternative<Reply>(first));
                const Reply& call = std::get<Reply>(first);
                REQUIRE(call.tool_calls.size() == 1);
                CHECK(call.tool_calls[0].arguments == R"({"svc":"api"})");
                CHECK(call.usage.input_tokens > 0);
                request.messages.push_back({.role = Role::assistant, .tool_calls = call.tool_calls});
                request.messages.push_back({.role = Role::tool, .text = "r", .tool_call_id = call.tool_calls[0].id});
                request.tool_choice = ToolChoice::none;
                const auto second = line.outcome(request, stream);
                REQUIRE(std::holds_alternative<Reply>(second));
                CHECK(std::get<Reply>(second).text == "{\"a\":\"Gr\xC3\xBC\xC3\x9F\"}");
                CHECK(std::get<Reply>(second).usage.output_tokens > 0);
            }
        }
    }
}

TEST_CASE("each compatible vendor adds what is its own to an answer") {
    struct Own {
        std::vector<const char*> of_whole;
        std::vector<const char*> of_chunks;
    };
    const std::map<std::string, Own> own{
        {"groq", {{"/x_groq/id", "/usage/queue_time"}, {"/x_groq/usage/prompt_tokens", "/x_groq/usage/total_time"}}},
        {"openrouter",
         {{"/provider", "/usage/cost", "/choices/0/native_finish_reason"},
          {"/provider", "/usage/cost", "/choices/0/native_finish_reason"}}},
        {"vllm", {{"/prompt_logprobs", "/choices/0/stop_reason", "/choices/0/message/tool_calls"}, {"/choices/0/stop_reason"}}},
        {"llamacpp", {{"/timings/predicted_n"}, {"/timings/prompt_n"}}},
    };
    for (const Speaker& speaker : speakers) {
        Line line(speaker);
        const HttpReply streamed = line.reply(question(), true);
        const std::vector<json> whole{*parse_json(line.reply(question(), false).body)};
        for (const auto& [provider, marks] : own) {
            INFO(speaker.provider << " and the marks of " << provider);
            for (const char* mark : marks.of_whole) CHECK(any_has(whole, mark) == (provider == speaker.provider));
            for (const char* mark : marks.of_chunks) CHECK(any_has(chunks_of(streamed.body), mark) == (provider == speaker.provider));
        }
        CHECK(streamed.body.starts_with(": OPENROUTER PROCESSING\n\n") == (line.target.provider == "openrouter"));
        CHECK((streamed.headers.find("x-ratelimit-reset-requests") == "2m59.56s") == (line.target.provider == "groq"));
    }
}

TEST_CASE("a compatible vendor's key and paths") {
    for (const Speaker& speaker : speakers) {
        INFO(speaker.provider);
        const auto status = [&](const std::function<void(HttpRequest&)>& change, const std::string& key = "") {
            Line line(speaker);
            if (!key.empty()) line.scenario["llm"][speaker.provider]["api_key"] = key;
            HttpRequest http = line.dialect->build(question(), line.target, false);
            change(http);
            return test::asked(*line.simulation, http, line.scenario).status;
        };
        const auto as_it_is = [](HttpRequest&) {};
        const auto without_key = [](HttpRequest& http) { http.headers = {{"Content-Type", "application/json"}}; };
        CHECK(status(as_it_is) == 200);
        CHECK(status(as_it_is, "a-key") == 200);
        CHECK(status(as_it_is, "another") == 401);
        CHECK(status(without_key) == (speaker.needs_key ? 401 : 200));
        CHECK(status(without_key, "a-key") == 401);
        CHECK(status([](HttpRequest& http) { http.url += "s"; }) == 404);
        CHECK(status([](HttpRequest& http) { http.url = std::string(test::simulated_host) + "/chat/completions"; }) == 404);
        CHECK(status([](HttpRequest& http) { http.method = "GET"; }) == 404);
        CHECK(status([](HttpRequest& http) { http.body = "{"; }) == 400);
        CHECK(status([](HttpRequest& http) { http.body = R"({"model":"m","messages":[{"role":"bot","content":"x"}]})"; }) == 400);

        Line line(speaker);
        const HttpRequest look = *line.dialect->probe(line.target);
        CHECK(test::asked(*line.simulation, look, line.scenario).status == 200);
        line.scenario["llm"][speaker.provider]["account"] = "bad-key";
        CHECK(test::asked(*line.simulation, look, line.scenario).status == 401);  // a key that is out is not well again
    }
}

TEST_CASE("a list of models, and the one that there is not") {
    for (const Speaker& speaker : speakers) {
        INFO(speaker.provider);
        Line line(speaker, "gone");
        line.scenario["llm"][speaker.provider]["models"] = {{"well", "ok"}, {"ill", "500"}};
        HttpRequest list;
        list.url = line.target.api_url + "/models";
        list.headers = {{"Authorization", "Bearer a-key"}};
        CHECK(parse_json(test::asked(*line.simulation, list, line.scenario).body)->at("data").size() == 2);
        const bool any_name = line.target.provider == "llamacpp";
        CHECK(class_of(line, question(), true) == (any_name ? FailureClass::none : FailureClass::model_gone));
        line.target.model = "ill";
        CHECK(class_of(line, question(), true) == FailureClass::server_error);
        line.target.model = "well";
        CHECK(class_of(line, question(), true) == FailureClass::none);
    }
}

TEST_CASE("Groq takes no schema beside tools") {
    Line line(speakers[0]);
    HttpRequest http = line.dialect->build(question(), line.target, false);
    json body = *parse_json(http.body);
    REQUIRE(body.contains("response_format"));
    body["tools"] = (*parse_json(line.dialect->build(tool_question(), line.target, false).body))["tools"];
    http.body = dump_json(body);
    const HttpReply reply = test::asked(*line.simulation, http, line.scenario);
    CHECK(reply.status == 400);
    const auto outcome = test::read_by(*line.dialect, reply, false);
    const Failure& failure = std::get<Failure>(outcome);
    CHECK(failure.failure == FailureClass::unsupported_param);
    CHECK(failure.param == "response_format");
}

TEST_CASE("every fault of a compatible vendor has its class, whole and streamed") {
    using enum FailureClass;
    const std::map<std::string_view, FailureClass> usual{
        {"bad-key", auth_bad},
        {"no-key", auth_bad},
        {"deactivated", account_dead},
        {"quota", account_dead},
        {"billing-limit", account_dead},
        {"spend-limit", account_dead},
        {"429", rate_limit},
        {"429-soon", rate_limit},
        {"429-bare", rate_limit},
        {"429-long", rate_limit},
        {"overloaded", overloaded},
        {"500", server_error},
        {"502", server_error},
        {"504", server_error},
        {"424", server_error},
        {"408", timeout},
        {"no-model", model_gone},
        {"forbidden", forbidden},
        {"context", context_overflow},
        {"context-2", context_overflow},
        {"context-3", context_overflow},
        {"context-4", context_overflow},
        {"unsupported-param", unsupported_param},
        {"content-filter", content_filter},
        {"filtered", content_filter},
        {"refusal", refusal},
        {"bad-call", schema_invalid},
        {"bad-schema", none},  // which the caller finds out
        {"empty", empty},
        {"length", output_truncated},
        {"error-in-200", server_error},
        {"error-first", server_error},
        {"error-in-stream", server_error},
        {"unknown-path", model_gone},
    };
    for (const Speaker& speaker : speakers) {
        for (const std::string_view name : openai::compatible_fault_names(speaker.provider)) {
            for (const bool stream : {false, true}) {
                INFO(speaker.provider << " " << name << (stream ? " streamed" : " whole"));
                Line line(speaker, "fb-" + std::string(name));
                FailureClass expected = none;
                if (name == "truncated-stream" || name == "broken-json") {
                    expected = stream ? truncated_stream : bad_body;
                } else {
                    REQUIRE(usual.contains(name));
                    expected = usual.at(name);
                }
                if (name == "spend-limit" && line.target.provider == "openrouter") expected = auth_bad;  // the key's limit
                if (name == "bad-schema" && line.target.provider == "groq") expected = schema_invalid;   // it looks itself
                CHECK(class_of(line, name == "bad-call" ? tool_question() : question(), stream) == expected);
            }
        }
        CHECK(Line(speaker, "fb-s14-9").reply(question(), false).status == 400);  // the first wording where there are fewer
        CHECK(Line(speaker, "fb-s20").reply(question(), true).status == 200);     // the server's business
    }
}

TEST_CASE("a compatible vendor is well again without what it refused") {
    for (const Speaker& speaker : speakers) {
        INFO(speaker.provider);
        Line line(speaker, "fb-s16");
        const auto refused = line.outcome(question(), false);
        REQUIRE(std::holds_alternative<Failure>(refused));
        HttpRequest http = line.dialect->build(question(), line.target, false);
        http.body = repaired(std::move(http.body), {repair_for(std::get<Failure>(refused).param)});
        CHECK(std::holds_alternative<Reply>(test::read_by(*line.dialect, test::asked(*line.simulation, http, line.scenario), false)));
    }
}

TEST_CASE("the settings of a compatible vendor are what its provider reads") {
    for (const Speaker& speaker : speakers) {
        INFO(speaker.provider);
        const auto simulation = speaker.vendor().simulation();
        sandbox::World world{.scenario = std::make_shared<const json>(json::object()), .zero = {}, .now = {}, .base_url = "http://h/v"};
        const json usual = *parse_json(simulation->settings(world));
        CHECK(usual["api_url"] == "http://h/v" + std::string(speaker.base));
        CHECK(usual["context_window"] > 32'000);
        CHECK(usual.contains("api_key") == speaker.needs_key);
        CHECK(usual.contains("price") == speaker.needs_key);
        world.scenario = std::make_shared<const json>(json{{"llm", {{speaker.provider, {{"model", "m"}, {"api_key", "k"}}}}}});
        const json told = *parse_json(simulation->settings(world));
        CHECK(told["model"] == "m");
        CHECK(told["api_key"] == "k");
    }
}

}  // namespace sandbox_compatible_test
