// The endpoint over a real router: who may call, whom the call reaches, how the answer comes back. Clock, HTTP and store are faked.
#include "gateway/gateway.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/unit/llm/bench.hpp"

namespace gumshoe::gateway {
namespace {

using namespace std::chrono_literals;

constexpr const char* ops_token = "gw-canary-ops-0123456789";
constexpr const char* pinned_token = "gw-canary-pinned-0123456789";

/// As the endpoint's callers send it.
RawRequest posted(const json& document, const std::string& token = ops_token) {
    return {.method = "POST",
            .path = "/v1/chat/completions",
            .query = {},
            .headers = {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}},
            .body = document.is_string() ? document.get<std::string>() : dump_json(document),
            .peer = "127.0.0.1"};
}

json question(const std::string& model = "default") {
    return {{"model", model}, {"messages", json::array({{{"role", "user"}, {"content", "Why?"}}})}};
}

json streamed(json document) {
    document["stream"] = true;
    return document;
}

std::string sse_of(const std::string& text) {
    const auto chunk = [](const json& delta, const json& reason) {
        const json choice{{"index", 0}, {"delta", delta}, {"finish_reason", reason}};
        return "data: " + json{{"model", "gpt-4o-2024"}, {"choices", json::array({choice})}}.dump() + "\n\n";
    };
    return chunk({{"content", text}}, nullptr) + chunk(json::object(), "stop") + "data: [DONE]\n\n";
}

class Endpoint {
public:
    explicit Endpoint(const std::string& main_model = "gpt-4o", bool stream = true) : bench(stream) {
        const llm::Chain chain = bench.chain(main_model);
        GatewayServices services{.router = *bench.router, .scheduler = *bench.loop, .clock = bench.clock, .tokens = {}, .models = {}};
        services.tokens = {{.name = "ops", .sha256 = hash_of(Secret(ops_token)), .team = "payments", .team_per_day_usd = 1},
                           {.name = "pinned", .sha256 = hash_of(Secret(pinned_token)), .chain = "default"}};
        services.models["default"] = {.chain = chain, .owner = "gumshoe"};
        services.models["main"] = {.chain = {chain[0]}, .owner = "openai"};
        gateway = std::make_unique<Gateway>(std::move(services));
    }

    HttpReply send(RawRequest request) { return test::run(*bench.loop, gateway->handle(std::move(request))); }
    HttpReply ask(const json& document, const std::string& token = ops_token) { return send(posted(document, token)); }
    std::string piece(const HttpReply& reply) { return test::run(*bench.loop, reply.stream()); }
    /// Nothing that went out or was journaled has a token or a key in it.
    void check_canaries(const HttpReply& reply) const {
        std::string all = reply.body;
        for (const auto& [name, value] : reply.headers) all += value;
        for (const LlmAttempt& row : bench.store.rows) all += row.step + row.reason + row.vendor_code + row.request_id;
        CHECK(all.find("canary") == std::string::npos);
    }

    llm::test::Bench bench;
    std::unique_ptr<Gateway> gateway;
};

std::string error_code(const HttpReply& reply) {
    const auto document = parse_json(reply.body);
    return document ? string_or_empty(*document, "error.code") : "no JSON";
}

std::string header(const HttpReply& reply, std::string_view name) {
    return std::string(reply.headers.find(name).value_or(""));
}

}  // namespace

TEST_CASE("only a known token gets in, and a wrong one waits") {
    Endpoint endpoint;
    for (const char* authorization : {"", "Bearer", "Bearer ", "Bearer gw-canary-wrong-0123456789", "Basic gw-canary-ops-0123456789",
                                      "Bearer gw-canary-ops-0123456789x"}) {
        INFO(authorization);
        RawRequest request = posted(question());
        request.headers = {{"Authorization", authorization}};
        const Monotonic began = endpoint.bench.clock.monotonic();
        const HttpReply reply = endpoint.send(std::move(request));
        CHECK(reply.status == 401);
        CHECK(error_code(reply) == "invalid_api_key");
        CHECK(endpoint.bench.clock.monotonic() - began >= 200ms);
        endpoint.check_canaries(reply);
    }
    CHECK(endpoint.bench.http.requests.empty());
    CHECK(endpoint.ask(question()).status == 200);
}

TEST_CASE("models are the chains and targets that a token may name; other paths and methods are refused") {
    Endpoint endpoint;
    RawRequest list = posted("");
    list.method = "GET";
    list.path = "/v1/models";
    const json all = *parse_json(endpoint.send(list).body);
    CHECK(all["object"] == "list");
    REQUIRE(all["data"].size() == 2);
    CHECK(all["data"][0]["id"] == "default");
    CHECK(all["data"][0]["object"] == "model");
    CHECK(all["data"][0]["owned_by"] == "gumshoe");
    CHECK(all["data"][0]["created"] == to_seconds(endpoint.bench.clock.now()));
    CHECK(all["data"][1]["owned_by"] == "openai");
    list.headers = {{"Authorization", std::string("bearer ") + pinned_token}};
    CHECK((*parse_json(endpoint.send(list).body))["data"].size() == 1);

    RawRequest wrong_method = posted(question());
    wrong_method.method = "GET";
    CHECK(endpoint.send(wrong_method).status == 405);
    RawRequest wrong_path = posted(question());
    wrong_path.path = "/v1/embeddings";
    CHECK(endpoint.send(wrong_path).status == 404);
}

TEST_CASE("a model that is none, or not this token's, is not found, and nobody is called") {
    Endpoint endpoint;
    for (const auto& [model, token] : {std::pair{"gpt-4o", ops_token}, std::pair{"main", pinned_token}}) {
        const HttpReply reply = endpoint.ask(question(model), token);
        CHECK(reply.status == 404);
        CHECK(error_code(reply) == "model_not_found");
    }
    CHECK(endpoint.bench.http.requests.empty());
    CHECK(endpoint.ask(question("main")).status == 200);
    CHECK(endpoint.ask(question(), pinned_token).status == 200);
}

TEST_CASE("an answer names its target, and is journaled under the token's name") {
    Endpoint endpoint;
    const HttpReply reply = endpoint.ask(question());
    REQUIRE(reply.status == 200);
    CHECK(header(reply, "content-type") == "application/json");
    CHECK(header(reply, "x-gumshoe-target") == "main");
    CHECK(header(reply, "x-gumshoe-attempts") == "1");
    CHECK(header(reply, "x-gumshoe-note").empty());
    const json completion = *parse_json(reply.body);
    CHECK(completion["object"] == "chat.completion");
    CHECK(completion["model"] == "gpt-4o");
    CHECK(completion["id"] == header(reply, "x-request-id"));
    CHECK(completion["choices"][0]["message"]["content"].get<std::string>().find("pool exhausted") != std::string::npos);
    REQUIRE(endpoint.bench.store.rows.size() == 1);
    CHECK(endpoint.bench.store.rows[0].run.empty());
    CHECK(endpoint.bench.store.rows[0].step == "gateway/ops");
    CHECK(endpoint.bench.store.rows[0].team == "payments");
    endpoint.check_canaries(reply);
}

TEST_CASE("a dead first choice is passed over within the call, whole or streamed") {
    for (const bool stream : {false, true}) {
        Endpoint endpoint("fb-deactivated");
        const HttpReply reply = endpoint.ask(stream ? streamed(question()) : question());
        REQUIRE(reply.status == 200);
        CHECK(header(reply, "x-gumshoe-target") == "second");
        CHECK(header(reply, "x-gumshoe-attempts") == "2");
        CHECK(header(reply, "x-gumshoe-note").find("2nd choice") == 0);
        CHECK(reply.body.find("pool exhausted") != std::string::npos);
        if (stream) {
            CHECK(header(reply, "content-type") == "text/event-stream");
            CHECK(reply.body.ends_with("data: [DONE]\n\n"));
            CHECK(reply.body.find("\"usage\"") == std::string::npos);
        }
        endpoint.check_canaries(reply);
    }
}

TEST_CASE("nobody answers: 503 with what each target said, in OpenAI's shape, and no invitation to repeat") {
    for (const bool stream : {false, true}) {
        Endpoint endpoint("fb-deactivated");
        const HttpReply reply = endpoint.ask(stream ? streamed(question("main")) : question("main"));
        CHECK(reply.status == 503);
        CHECK(error_code(reply) == "no_model_answered");
        CHECK(reply.body.find("deactivated") != std::string::npos);
        CHECK(header(reply, "x-should-retry") == "false");
        CHECK(header(reply, "x-gumshoe-attempts") == "1");
        endpoint.check_canaries(reply);
    }
}

TEST_CASE("a team over its day's budget is 429 insufficient_quota; others are served") {
    Endpoint endpoint;
    endpoint.bench.store.spent_of["payments"] = 2;
    const HttpReply reply = endpoint.ask(question());
    CHECK(reply.status == 429);
    CHECK(error_code(reply) == "insufficient_quota");
    CHECK(endpoint.bench.http.requests.empty());
    CHECK(endpoint.ask(question(), pinned_token).status == 200);
}

TEST_CASE("a prompt that fits no window is 400 context_length_exceeded") {
    Endpoint endpoint("fb-context");
    const HttpReply reply = endpoint.ask(question("main"));
    CHECK(reply.status == 400);
    CHECK(error_code(reply) == "context_length_exceeded");
}

TEST_CASE("an answer cut at the limit that its caller set is an answer; without such a limit the next target is asked") {
    Endpoint endpoint("fb-length");
    json limited = question("main");
    limited["max_tokens"] = 5;
    const HttpReply reply = endpoint.ask(limited);
    REQUIRE(reply.status == 200);
    CHECK((*parse_json(reply.body))["choices"][0]["finish_reason"] == "length");
    const HttpReply unlimited = endpoint.ask(question());
    REQUIRE(unlimited.status == 200);
    CHECK(header(unlimited, "x-gumshoe-target") == "second");
}

TEST_CASE("several calls at once where one was asked for are sent back to the model, and never passed on") {
    const auto answering = [](int calls) {
        json message{{"role", "assistant"}, {"content", nullptr}};
        for (int i = 0; i < calls; ++i) {
            message["tool_calls"].push_back(
                {{"id", "c" + std::to_string(i)}, {"type", "function"}, {"function", {{"name", "get_logs"}, {"arguments", "{}"}}}});
        }
        const json choice{{"index", 0}, {"message", message}, {"finish_reason", "tool_calls"}};
        return json{{"model", "gpt-4o"}, {"choices", json::array({choice})}}.dump();
    };
    json document = question("main");
    document["tools"] = json::array({{{"type", "function"}, {"function", {{"name", "get_logs"}}}}});
    for (const bool parallel : {true, false}) {
        Endpoint endpoint("gpt-4o", false);
        endpoint.bench.http.push(200, answering(2));
        endpoint.bench.http.push(200, answering(1));
        document["parallel_tool_calls"] = parallel;
        const HttpReply reply = endpoint.ask(document);
        REQUIRE(reply.status == 200);
        CHECK((*parse_json(reply.body))["choices"][0]["message"]["tool_calls"].size() == (parallel ? 2 : 1));
    }
}

TEST_CASE("an answer is held to a strict schema, and another target is asked where it breaks it") {
    const json schema{{"type", "object"},
                      {"properties", {{"summary", {{"type", "string"}}}}},
                      {"required", json::array({"summary"})},
                      {"additionalProperties", false}};
    const auto answering = [](const std::string& text) {
        const json choice{{"index", 0}, {"message", {{"role", "assistant"}, {"content", text}}}, {"finish_reason", "stop"}};
        return json{{"model", "gpt-4o"}, {"choices", json::array({choice})}}.dump();
    };
    for (const bool strict : {true, false}) {
        Endpoint endpoint("gpt-4o", false);
        for (int i = 0; i < 2; ++i) endpoint.bench.http.push(200, answering(R"({"verdict":"fine"})"));
        json document = question();
        document["response_format"] = {{"type", "json_schema"}, {"json_schema", {{"name", "f"}, {"strict", strict}, {"schema", schema}}}};
        const HttpReply reply = endpoint.ask(document);
        REQUIRE(reply.status == 200);
        CHECK(header(reply, "x-gumshoe-target") == (strict ? "second" : "main"));
        CHECK(endpoint.bench.http.requests.size() == (strict ? 3 : 1));
    }
}

TEST_CASE("a stream that waits holds comments until the answer is whole, then the answer with its headers as comments") {
    Endpoint endpoint;
    endpoint.bench.http.push({test::http_response(200, ""), 25s, {{0ms, sse_of("It broke.")}}});
    const HttpReply reply = endpoint.ask(streamed(question()));
    REQUIRE(reply.status == 200);
    REQUIRE(reply.stream);
    CHECK(header(reply, "content-type") == "text/event-stream");
    CHECK(header(reply, "x-gumshoe-target").empty());  // nobody knows yet
    CHECK(endpoint.piece(reply) == ": the chain is at work\n\n");
    const std::string last = endpoint.piece(reply);
    CHECK(last.starts_with(": x-gumshoe-target: main\n: x-gumshoe-attempts: 1\ndata: {"));
    CHECK(last.find("It broke.") != std::string::npos);
    CHECK(last.ends_with("data: [DONE]\n\n"));
    CHECK(endpoint.piece(reply).empty());
}

TEST_CASE("a failure after the head was sent is an event in OpenAI's shape, and the stream ends without [DONE]") {
    Endpoint endpoint;
    endpoint.bench.http.push({test::http_response(401, R"({"error":{"message":"bad key","code":"invalid_api_key"}})"), 25s, {}});
    const HttpReply reply = endpoint.ask(streamed(question("main")));
    REQUIRE(reply.stream);
    endpoint.piece(reply);
    const std::string last = endpoint.piece(reply);
    CHECK(last.find("data: {\"error\":{") != std::string::npos);
    CHECK(last.find("no_model_answered") != std::string::npos);
    CHECK(last.find("[DONE]") == std::string::npos);
    CHECK(endpoint.piece(reply).empty());
}

TEST_CASE("whoever drops a stream cancels the call to the model") {
    Endpoint endpoint;
    endpoint.bench.http.push_hang();
    {
        const HttpReply reply = endpoint.ask(streamed(question()));
        REQUIRE(reply.stream);
        CHECK(endpoint.piece(reply) == ": the chain is at work\n\n");
        CHECK(endpoint.bench.http.in_flight == 1);
    }
    test::run_ready(*endpoint.bench.loop);
    CHECK(endpoint.bench.http.in_flight == 0);
    CHECK(endpoint.bench.http.requests.size() == 1);  // and nobody else is asked
}

TEST_CASE("hostile bodies reach nobody") {
    Endpoint endpoint;
    for (const std::string& text :
         {std::string(), std::string("null"), std::string(1'000'000, '['), std::string("{\"model\":\"default\"}")}) {
        CHECK(endpoint.ask(json(text)).status == 400);
    }
    CHECK(endpoint.bench.http.requests.empty());
    CHECK(endpoint.bench.store.rows.empty());
}

}  // namespace gumshoe::gateway
