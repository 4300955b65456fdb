// The Responses API on the wire, and the accents of those who speak Chat Completions too.
#include "integrations/openai/responses.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "integrations/openai/dialect.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/llm_conversation.hpp"
#include "tests/support/llm_simulation.hpp"

namespace responses_test {

using namespace gumshoe;
using namespace gumshoe::llm;
using test::conversation;
using test::streamed;

namespace {

const std::unique_ptr<Dialect> dialect = openai::make_responses_dialect();

Target target(std::string model, const Dialect& of = *dialect) {
    Target out;
    out.name = "main";
    out.provider = of.provider();
    out.model = std::move(model);
    out.api_key = Secret("sk-test");
    out.dialect = &of;
    return out;
}

json body_of(const Request& request, const std::string& model) {
    return *parse_json(dialect->build(request, target(model), true).body);
}

const json& completed() {
    static const json document = *parse_json(test::fixture("openai", "responses_response.json"));
    return document;
}

std::string event(const std::string& type, json data) {
    data["type"] = type;
    return "event: " + type + "\ndata: " + dump_json(data) + "\n\n";
}

const std::string begun = event("response.created", {{"response", {{"status", "in_progress"}}}}) +
                          event("response.output_text.delta", {{"delta", "Gr\xC3\xBC"}}) +
                          event("response.output_text.delta", {{"delta", "\xC3\x9F"}});
std::string whole_stream() {
    return begun + event("response.completed", {{"response", completed()}});
}

}  // namespace

TEST_CASE("a request of a tool loop, as documented; nothing is stored at the vendor") {
    const json expected = *parse_json(test::fixture("openai", "responses_request.json"));
    CHECK(body_of(conversation(), "gpt-5.1") == expected);
    const json plain = body_of(conversation(), "gpt-4o");
    CHECK(plain["temperature"] == 0.2);
    CHECK_FALSE(plain.contains("reasoning"));
    CHECK_FALSE(plain.contains("include"));
}

TEST_CASE("sealed reasoning goes back as it came") {
    Request request = conversation();
    request.messages[2].opaque = completed()["output"].dump();
    CHECK(body_of(request, "gpt-5.1")["input"][1]["encrypted_content"] == "c2VhbGVk");
}

TEST_CASE("whole and streamed answers are the same, however the bytes are cut") {
    const Reply whole = std::get<Reply>(dialect->read(test::http_response(200, completed().dump())));
    CHECK(whole.text == "Grüß");
    CHECK(whole.stop == Stop::tool_calls);
    CHECK(whole.tool_calls.at(0).id == "call_1");
    CHECK(whole.usage.cached_tokens == 4);
    CHECK(whole.usage.reasoning_tokens == 2);
    CHECK(whole.opaque.find("c2VhbGVk") != std::string::npos);
    for (const std::size_t piece : {1, 2, 3, 7, 64, 100000}) {
        CHECK(to_json_value(std::get<Reply>(streamed(*dialect, whole_stream(), piece))) == to_json_value(whole));
    }
    for (std::size_t size = 0; size <= begun.size(); size += 5) {
        CHECK(std::get<Failure>(streamed(*dialect, std::string_view(begun).substr(0, size), 30)).failure == FailureClass::truncated_stream);
    }
}

TEST_CASE("a response that was created has not begun to answer") {
    const auto reader = dialect->stream_reader();
    CHECK_FALSE(reader->feed(event("response.created", json::object()) + event("response.in_progress", json::object())));
    CHECK(reader->feed(event("response.output_text.delta", {{"delta", "a"}})));
}

TEST_CASE("errors inside a success have the class of their code") {
    const auto failure = [](const std::string& bytes) { return std::get<Failure>(streamed(*dialect, bytes, 40)).failure; };
    CHECK(failure(begun + event("error", {{"code", "insufficient_quota"}, {"message", "You exceeded your current quota"}})) ==
          FailureClass::account_dead);
    CHECK(failure(begun + event("response.failed",
                                {{"response", {{"status", "failed"}, {"error", {{"code", "rate_limit_exceeded"}, {"message", "m"}}}}}})) ==
          FailureClass::rate_limit);
    const auto stop = [](const char* reason) {
        return std::get<Reply>(
                   dialect->read(test::http_response(
                       200,
                       json({{"status", "incomplete"}, {"incomplete_details", {{"reason", reason}}}, {"output", json::array()}}).dump())))
            .stop;
    };
    CHECK(stop("max_output_tokens") == Stop::length);
    CHECK(stop("content_filter") == Stop::filter);
    CHECK(std::get<Failure>(dialect->read(test::http_response(200, R"({"status":"cancelled"})"))).failure == FailureClass::bad_body);
    CHECK(std::get<Failure>(dialect->read(test::http_response(200, "{}"))).failure == FailureClass::bad_body);
    CHECK(std::get<Failure>(
              dialect->read(test::http_response(
                  401, R"({"error":{"message":"m","type":"invalid_request_error","param":null,"code":"account_deactivated"}})")))
              .failure == FailureClass::account_dead);
}

TEST_CASE("Azure has deployments in the path, a key of its own, and knows a model by what stands behind it") {
    const auto azure = openai::make_dialect(openai::azure);
    Target of = target("prod-gpt", *azure);
    of.api_url = "https://acme.openai.azure.com";
    CHECK(azure->build(conversation(), of, true).url == "https://acme.openai.azure.com/openai/v1/chat/completions");
    of.settings["api_version"] = "2024-10-21";
    const HttpRequest http = azure->build(conversation(), of, true);
    CHECK(http.url == "https://acme.openai.azure.com/openai/deployments/prod-gpt/chat/completions?api-version=2024-10-21");
    CHECK(http.headers.find("api-key") == "sk-test");
    CHECK_FALSE(http.headers.find("authorization"));
    CHECK(parse_json(http.body)->contains("max_tokens"));
    of.settings["base_model"] = "gpt-5.1";
    CHECK(parse_json(azure->build(conversation(), of, true).body)->contains("max_completion_tokens"));
    of.settings["entra"] = "true";
    CHECK(azure->build(conversation(), of, true).headers.find("authorization") == "Bearer sk-test");
    CHECK(azure->probe(of)->url == "https://acme.openai.azure.com/openai/models?api-version=2024-10-21");
    const auto filtered = azure->read(test::http_response(
        400, R"({"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400,
        "innererror":{"code":"ResponsibleAIPolicyViolation"}}})"));
    CHECK(std::get<Failure>(filtered).failure == FailureClass::content_filter);
    CHECK(std::get<Failure>(azure->read(test::http_response(404, R"({"error":{"code":"DeploymentNotFound","message":"m"}})"))).failure ==
          FailureClass::model_gone);
}

TEST_CASE("an accent: no tools beside a schema, no developers, an error in a choice, a look that asks for the key") {
    const auto groq = openai::make_dialect(openai::groq);
    const json with_tools = *parse_json(groq->build(conversation(), target("openai/gpt-oss-120b", *groq), true).body);
    CHECK(with_tools.contains("tools"));
    CHECK_FALSE(with_tools.contains("response_format"));
    CHECK(with_tools["messages"][0]["role"] == "system");
    Request last = conversation();
    last.tool_choice = ToolChoice::none;
    const json with_schema = *parse_json(groq->build(last, target("m", *groq), true).body);
    CHECK(with_schema.contains("response_format"));
    CHECK_FALSE(with_schema.contains("tools"));
    const auto openrouter = openai::make_dialect(openai::openrouter);
    const std::string cut =
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\n\n"
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"error\",\"error\":{\"code\":502,\"message\":\"m\"}}]}\n\n";
    CHECK(std::get<Failure>(streamed(*openrouter, ": OPENROUTER PROCESSING\n\n" + cut, 10)).failure == FailureClass::server_error);
    CHECK(groq->probe(target("m", *groq))->url == "https://api.groq.com/openai/v1/models");
    CHECK(openrouter->probe(target("m", *openrouter))->url == "https://openrouter.ai/api/v1/key");  // its models are shown to anybody
    const auto vllm = openai::make_dialect(openai::vllm);
    CHECK_FALSE(vllm->needs_key());
    CHECK(
        std::get<Failure>(
            vllm->read(test::http_response(
                400,
                R"({"object":"error","message":"This model's maximum context length is 8192 tokens.","type":"BadRequestError","param":null,"code":400})")))
            .window == 8192);
}

}  // namespace responses_test
