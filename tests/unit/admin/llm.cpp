// The endpoints about models: what is shown, what is refused, and that nothing changes without an audit row.
#include <catch2/catch.hpp>

#include "tests/unit/admin/house.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

constexpr const char* root = "root-token-00001";

json answer_of(const HttpReply& reply) {
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    return json::parse(reply.body);
}

llm::TargetState state(std::string target, std::string breaker) {
    llm::TargetState shown;
    shown.target = std::move(target);
    shown.breaker = std::move(breaker);
    return shown;
}

llm::Prospect prospect(std::string target, std::string reason) {
    llm::Prospect one;
    one.target = std::move(target);
    one.viable = reason.empty();
    one.reason = std::move(reason);
    return one;
}

}  // namespace

TEST_CASE("a quarantine is released with an audit row") {
    House house;
    CHECK(house.call("POST", "/api/v1/llm/release", root, "{}").status == 400);
    CHECK(house.call("POST", "/api/v1/llm/release", root, R"({"scope":"account:abc"})").status == 200);
    CHECK(house.router.told == std::vector<std::string>{"release account:abc"});
    const std::string log = house.call("GET", "/api/v1/audit").body;
    CHECK(log.find("llm.release") != std::string::npos);
    CHECK(log.find("root") != std::string::npos);
}

TEST_CASE("each target is shown with its state, in one word the worst, and what to do about a quarantine") {
    House house;
    auto& states = house.router.states;
    states = {state("main", "open"), state("main", "open"), state("second", "closed")};
    states[0].drills = 2;
    states[1].quarantine = house.router.quarantined[0];
    states[2].gate = seconds(3);
    states[2].total = {milliseconds(900), milliseconds(4000)};
    const json shown = answer_of(house.call("GET", "/api/v1/llm/targets", "reader-token-0001"));
    const json& targets = shown.at("targets");
    REQUIRE(targets.size() == 3);
    CHECK(targets[0].at("state") == "drill");
    CHECK(targets[1].at("state") == "quarantined");
    CHECK(targets[1].at("quarantine").at("what_to_do").get<std::string>().find("console of OpenAI") != std::string::npos);
    CHECK(targets[2].at("state") == "rate_limited");
    CHECK(targets[2].at("quarantine").is_null());
    CHECK(targets[2].at("rate_limit_opens_in_ms") == 3000);
    CHECK(targets[2].at("latency").at("total").at("p95_ms") == 4000);
    CHECK(targets[2].at("latency").at("first_content").is_null());
    CHECK(shown.at("chains").at("default")[2].at("target") == "second");
    CHECK(shown.at("quarantines")[0].at("scope") == "account:abc");
    const std::string metrics = house.call("GET", "/metrics").body;
    CHECK(metrics.find("gumshoe_llm_retry_budget_tokens 7.5\n") != std::string::npos);
    CHECK(metrics.find("gumshoe_llm_breaker_state{target=\"main\"} 3.0\n") != std::string::npos);
    CHECK(metrics.find("gumshoe_llm_breaker_state{target=\"second\"} 0.0\n") != std::string::npos);
    CHECK(metrics.find("gumshoe_llm_quarantined{scope=\"account:abc\",error_type=\"account_dead\"} 1.0\n") != std::string::npos);
}

TEST_CASE("a dry run says who would be asked; sizes stand in for a prompt") {
    House house;
    house.router.prospects = {prospect("main", "the OpenAI account is deactivated"), prospect("second", "")};
    const std::string path = "/api/v1/llm/dry-run";
    const json shown =
        answer_of(house.call("POST", path, "reader-token-0001", R"({"prompt_tokens":1001,"max_output_tokens":50,"team":"payments"})"));
    CHECK(shown.at("candidates")[0].at("reason") == "the OpenAI account is deactivated");
    CHECK(shown.at("candidates")[1].at("viable") == true);
    REQUIRE(house.router.dry.messages.size() == 1);
    CHECK(house.router.dry.messages[0].text.size() / 3 + 1 == 1001);
    CHECK(house.router.dry.max_output_tokens == 50);
    CHECK(house.router.dry_context.team_per_day_usd == 5);
    answer_of(house.call("POST", path, root, R"({"prompt":"Why?"})"));
    CHECK(house.router.dry.messages[0].text == "Why?");
}

TEST_CASE("a drill and a reset reach the router by name, with an audit row each") {
    House house;
    const json told = answer_of(house.call("POST", "/api/v1/llm/drill", root, R"({"target":"main","class":"timeout","times":3})"));
    CHECK(told.at("times") == 3);
    answer_of(house.call("POST", "/api/v1/llm/targets/main/reset", root));
    CHECK(house.router.told ==
          std::vector<std::string>{"drill main timeout 3", "drill main none 0", "reset main first key", "reset main second key"});
    const std::string log = house.call("GET", "/api/v1/audit").body;
    CHECK(log.find("llm.drill") != std::string::npos);
    CHECK(log.find("llm.reset") != std::string::npos);
}

TEST_CASE("what is wrong with a request about models is said, and nothing is done") {
    struct Case {
        const char* path;
        std::string body;
        int status;
        const char* words;
    };
    const Case cases[] = {
        {"/api/v1/llm/dry-run", R"({"chain":"none"})", 400, "there is no chain named none"},
        {"/api/v1/llm/dry-run", R"({"team":"none"})", 400, "no team named none"},
        {"/api/v1/llm/dry-run", R"({"prompt_tokens":0})", 400, "prompt_tokens must be a whole number from 1"},
        {"/api/v1/llm/dry-run", R"({"prompt_tokens":18446744073709551615})", 400, "prompt_tokens must be a whole number"},
        {"/api/v1/llm/dry-run", R"({"prompt_tokens":9,"prompt":"x"})", 400, "not both"},
        {"/api/v1/llm/dry-run", R"({"promt":"x"})", 400, "unknown field promt; known: chain"},
        {"/api/v1/llm/drill", R"({"target":"nobody","class":"timeout"})", 404, "no target named nobody"},
        {"/api/v1/llm/drill", R"({"target":"main","class":"none"})", 400, "class must be"},
        {"/api/v1/llm/drill", R"({"target":"main","class":"timeout","times":1001})", 400, "times must be"},
        {"/api/v1/llm/drill", R"({"target":["main"]})", 400, "target must be a string"},
        {"/api/v1/llm/drill", "[]", 400, "must be a JSON object"},
        {"/api/v1/llm/drill", "{", 400, "the body"},
        {"/api/v1/llm/drill", R"({"target":")" + std::string(5000, 'x') + "\"}", 400, "larger than"},
        {"/api/v1/llm/targets/nobody/reset", "", 404, "no target named nobody"},
        {"/api/v1/llm/classify", R"({"provider":"acme"})", 400, "provider must be one of openai"},
        {"/api/v1/llm/classify", R"({"provider":"openai","status":99})", 400, "status must be"},
        {"/api/v1/llm/classify", R"({"provider":"openai","headers":{"a":1}})", 400, "each value must be a string"},
        {"/api/v1/llm/classify", R"({"provider":"openai","body":")" + std::string(600'000, 'x') + "\"}", 400, "larger than"},
    };
    House house;
    for (const Case& c : cases) {
        CAPTURE(c.path, c.words);
        const HttpReply reply = house.call("POST", c.path, root, c.body);
        CHECK(reply.status == c.status);
        CHECK(problem_detail(reply).find(c.words) != std::string::npos);
    }
    CHECK(house.router.told.empty());
    CHECK(json::parse(house.call("GET", "/api/v1/audit").body).at("items").empty());
}

TEST_CASE("a pasted answer of a vendor is classified, with what is broken and what we do") {
    struct Case {
        const char* body;
        const char* failure;
        const char* scope;
        const char* words;
    };
    const Case cases[] = {
        {R"({"provider":"openai","status":401,"body":{"error":{"code":"account_deactivated","message":"x"}}})", "account_dead", "account",
         "the OpenAI account is deactivated"},
        {R"({"provider":"openai","status":429,"headers":{"retry-after":"7"},"body":"{}"})", "rate_limit", "target",
         "OpenAI limits our rate"},
        {R"({"provider":"openai","status":200,"body":"<html>"})", "bad_body", "endpoint", "a web page"},
        {R"({"provider":"openai","body":{"answer":"fine"}})", "none", "", "a usable answer"},
        {R"({"provider":"openai","body":{"answer":" "}})", "empty", "request", "the answer was empty"},
        {R"({"provider":"openai","body":"data: hello"})", "none", "", "a usable answer"},
    };
    House house;
    for (const Case& c : cases) {
        CAPTURE(c.body);
        const json verdict = answer_of(house.call("POST", "/api/v1/llm/classify", "reader-token-0001", c.body));
        CHECK(verdict.at("class") == c.failure);
        CHECK(verdict.at("scope") == c.scope);
        CHECK(verdict.at("words").get<std::string>().find(c.words) != std::string::npos);
        CHECK_FALSE(verdict.at("what_we_do").get<std::string>().empty());
        CHECK((verdict.value("retry_after_ms", 0) == 7000) == (std::string(c.failure) == "rate_limit"));
    }
}
