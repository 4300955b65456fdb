// Overrides of a fallback reach the wire, once, and nothing of one hop stays for another (T-01, T-02, T-08, T-10).
#include <catch2/catch.hpp>

#include "base/digest.hpp"
#include "tests/unit/llm/bench.hpp"

using namespace gumshoe;
using namespace gumshoe::llm;
using gumshoe::llm::test::Bench;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
    return n;
}

/// A chain as bytes, to see whether anybody touched it.
std::string bytes_of(const Chain& chain) {
    std::string out;
    for (const auto& [target, group, strategy, weight] : chain) {
        out += target->name + "|" + target->provider + "|" + target->model + "|" + target->api_url + "|" + target->account + "|" +
               std::string(target->api_key.reveal()) + "|" + target->overrides.model.value_or("-") + "|" +
               std::to_string(target->overrides.max_output_tokens.value_or(-1)) + "|" +
               std::to_string(target->overrides.temperature.value_or(-1)) + "|" + target->overrides.reasoning_effort.value_or("-") + "|" +
               std::to_string(target->context_window) + "\n";
    }
    return out;
}

Chain overriding(Bench& bench) {
    auto main = bench.target("main", "openai", "gpt-4o");
    auto second = bench.target("second", "anthropic", "claude-haiku");
    second->overrides = {.model = "claude-sonnet-5", .max_output_tokens = 8192, .temperature = 0.5, .reasoning_effort = "low"};
    return in_order({main, second});
}

}  // namespace

TEST_CASE("T-01: every override of a fallback reaches the wire, the model exactly once") {
    Bench bench;
    bench.scenario["llm"]["openai"]["account"] = "deactivated";
    const Answer answer = bench.answer(overriding(bench));
    CHECK(answer.target == "second");
    REQUIRE(bench.http.requests.size() == 2);
    CHECK(count(bench.http.requests[1].body, "\"model\"") == 1);
    const json body = bench.body(1);
    CHECK(body["model"] == "claude-sonnet-5");
    CHECK(body["max_tokens"] == 8192);
    CHECK(body["temperature"] == 0.5);
    CHECK(body["output_config"]["effort"] == "low");
    CHECK(bench.store.rows[1].model == "claude-sonnet-5");
}

TEST_CASE("T-02: a thousand requests with one chain act the same and leave it as it was") {
    Bench bench;
    bench.scenario["llm"]["openai"]["models"] = {{"gpt-4o", "400"}};  // request-shaped: nothing to remember
    const Chain chain = overriding(bench);
    const std::string before = bytes_of(chain);
    for (int i = 0; i < 1000; ++i) {
        bench.http.requests.clear();
        const Answer answer = bench.answer(chain);
        REQUIRE(answer.target == "second");
        REQUIRE(bench.http.requests.size() == 2);
        REQUIRE(bench.body(0)["model"] == "gpt-4o");
        REQUIRE(bench.body(1)["model"] == "claude-sonnet-5");
        REQUIRE(bench.http.requests[1].headers.find("x-api-key") == std::string(gumshoe::llm::test::canary) + "anthropic");
    }
    CHECK(bytes_of(chain) == before);
}

TEST_CASE("T-02: a thousand requests at once with one chain act the same and leave it as it was") {
    Bench bench;
    bench.scenario["llm"]["openai"]["models"] = {{"gpt-4o", "400"}};
    const Chain chain = overriding(bench);
    const std::string before = bytes_of(chain);
    bench.http.delay = [](const HttpRequest&) { return std::chrono::seconds(1); };
    std::vector<std::string> answered;
    std::vector<awaitable<void>> work;
    for (int i = 0; i < 1000; ++i) work.push_back(bench.ask_in_passing(chain, &answered));
    gumshoe::test::run(*bench.loop, bench.loop->all(std::move(work)));
    CHECK(std::ranges::count(answered, "second") == 1000);
    REQUIRE(bench.http.requests.size() == 2000);
    std::map<std::string, int> models;
    for (std::size_t call = 0; call < 2000; ++call) {
        const std::string model = string_or_empty(bench.body(call), "model");
        const bool first = model == "gpt-4o";
        const auto& headers = bench.http.requests[call].headers;
        ++models[model];
        REQUIRE(headers.find(first ? "Authorization" : "x-api-key") ==
                (first ? "Bearer " : "") + std::string(gumshoe::llm::test::canary) + (first ? "openai" : "anthropic"));
    }
    CHECK(models == std::map<std::string, int>{{"claude-sonnet-5", 1000}, {"gpt-4o", 1000}});
    CHECK(bytes_of(chain) == before);
}

TEST_CASE("T-08, T-10: each hop is built from the original request") {
    Bench bench;
    Chain chain = overriding(bench);
    chain.insert(chain.begin(), llm::Link{.target = bench.target("zero", "openai", "fb-500")});
    auto eager = std::make_shared<Target>(*chain[0].target);
    eager->overrides = {.model = {}, .max_output_tokens = 99, .temperature = 0.9, .reasoning_effort = {}};
    chain[0].target = eager;
    bench.answer(chain);
    CHECK(bench.body(0)["max_tokens"] == 99);
    CHECK(bench.body(0)["temperature"] == 0.9);
    CHECK(bench.body(1)["max_tokens"] == 4096);
    CHECK_FALSE(bench.body(1).contains("temperature"));
}

TEST_CASE("patched leaves absent fields and the original alone") {
    Request original = Bench::question();
    original.temperature = 0.1;
    const Request same = patched(original, {});
    CHECK(same.temperature == 0.1);
    CHECK(same.max_output_tokens == 4096);
    const Request other = patched(original, {.model = {}, .max_output_tokens = 10, .temperature = {}, .reasoning_effort = "high"});
    CHECK(other.max_output_tokens == 10);
    CHECK(other.temperature == 0.1);
    CHECK(original.max_output_tokens == 4096);
    CHECK_FALSE(original.reasoning_effort);
}

TEST_CASE("T-52: signed reasoning goes back to its own target only") {
    Request request = Bench::question();
    request.messages.push_back({.role = Role::assistant,
                                .text = "hm",
                                .opaque = R"([{"type":"thinking","thinking":"x","signature":"s"}])",
                                .opaque_target = "second"});
    Bench bench;
    CHECK_FALSE(for_target(request, *bench.target("second", "anthropic", "c")).messages[2].opaque.empty());
    CHECK(for_target(request, *bench.target("main", "openai", "g")).messages[2].opaque.empty());
    CHECK(for_target(request, *bench.target("third", "anthropic", "c")).messages[2].opaque.empty());
}

TEST_CASE("T-53: tool-call ids are made valid for any vendor, calls and results alike") {
    Request request = Bench::question();
    request.messages.push_back(
        {.role = Role::assistant, .tool_calls = {{"functions.get:0", "get", "{}"}, {"fc_ok-1", "get", "{}"}, {"", "get", "{}"}}});
    request.messages.push_back({.role = Role::tool, .text = "one", .tool_call_id = "functions.get:0"});
    request.messages.push_back({.role = Role::tool, .text = "two", .tool_call_id = "fc_ok-1"});
    request.messages.push_back({.role = Role::tool, .text = "stray", .tool_call_id = "nobody"});
    request.messages.push_back(
        {.role = Role::assistant, .tool_calls = {{"functions.get:0", "get", "{}"}, {std::string(60, 'x'), "get", "{}"}}});
    request.messages.push_back({.role = Role::tool, .text = "again", .tool_call_id = "functions.get:0"});
    Bench bench;
    const Request out = for_target(request, *bench.target("main", "openai", "g"));
    std::map<std::string, int> calls;
    std::map<std::string, std::string> results;
    for (const Message& message : out.messages) {
        for (const ToolCall& call : message.tool_calls) {
            CHECK(call.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos);
            CHECK(call.id.size() <= 40);
            ++calls[call.id];
        }
        if (message.role == Role::tool) {
            CHECK(calls.count(message.tool_call_id) == 1);
            CHECK(results.emplace(message.tool_call_id, message.text).second);
        }
    }
    CHECK(calls.size() == 5);    // no two calls share an id
    CHECK(results.size() == 5);  // each has its one result
    CHECK(results.count("fc_ok-1") == 1);
    CHECK(std::count_if(results.begin(), results.end(), [](const auto& r) { return r.second == "There is no result."; }) == 2);
}

TEST_CASE("a price counts cached input apart") {
    CHECK(cost_usd({.input_per_million = 2, .cached_per_million = 0.5, .output_per_million = 8},
                   {.input_tokens = 1'000'000, .cached_tokens = 400'000, .output_tokens = 100'000, .reasoning_tokens = 0}) ==
          Approx(0.6 * 2 + 0.4 * 0.5 + 0.1 * 8));
}

TEST_CASE("fingerprints tell keys apart and hold none") {
    Bench bench;
    const auto one = bench.target("a", "openai", "m");
    const auto two = bench.target("b", "anthropic", "m");
    CHECK(key_fingerprint(*one).size() == 8);
    CHECK(key_fingerprint(*one) != key_fingerprint(*two));
    CHECK(key_fingerprint(*one) == key_fingerprint(*bench.target("c", "openai", "other")));
    CHECK(key_fingerprint(Target{}).empty());
}
