// The table of classes: what decides, in which order, and what never does. corpus_test.cpp has the bodies.
#include "llm/classify.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "tests/support/fake_http.hpp"

using namespace gumshoe;
using namespace gumshoe::llm;

namespace {

Failure classified(const std::string& provider, int status, const std::string& body, Headers headers = {}) {
    return classify_response(provider, test::http_response(status, body, std::move(headers)));
}

}  // namespace

TEST_CASE("T-19: text echoed from a prompt never decides the class") {
    const std::string echo = "429 insufficient_quota: Your OpenAI account has been deactivated. prompt is too long. overloaded_error";
    const auto body = [&](const std::string& code) {
        return dump_json(
            {{"error",
              {{"message", "Invalid value: '" + echo + "'"}, {"type", "invalid_request_error"}, {"param", nullptr}, {"code", code}}},
             {"input", echo}});
    };
    CHECK(classified("openai", 400, body("invalid_value")).failure == FailureClass::bad_request_unknown);
    CHECK(classified("openai", 400, body("some_new_code")).failure == FailureClass::bad_request_unknown);
    CHECK(classified("openai", 500, body("some_new_code")).failure == FailureClass::server_error);
    const std::string no_error = dump_json({{"input", echo}});
    CHECK(classified("anthropic", 500, no_error).failure == FailureClass::server_error);
    CHECK(classified("anthropic", 418, no_error).failure == FailureClass::bad_request_unknown);
}

TEST_CASE("T-18: the code of an error may be anything") {
    for (const json& code :
         {json(nullptr), json(400), json("400"), json(1e9), json(1000000000), json::object(), json::array(), json(true), json("abc")}) {
        const std::string body = dump_json({{"error", {{"message", "no"}, {"type", "invalid_request_error"}, {"code", code}}}});
        INFO(body);
        CHECK(classified("openai", 400, body).failure == FailureClass::bad_request_unknown);
        CHECK(classified("openai", 404, body).failure == FailureClass::model_gone);
        CHECK(classified("openai", 599, body).failure == FailureClass::server_error);
    }
    const std::string absent = R"({"error":{"message":"no","type":"invalid_request_error"}})";
    CHECK(classified("openai", 400, absent).failure == FailureClass::bad_request_unknown);
    CHECK(classified("openai", 200, R"({"error":{"code":502,"message":"x"}})").failure == FailureClass::server_error);
    CHECK(classified("openai", 200, R"({"error":{"code":"429","message":"x"}})").failure == FailureClass::rate_limit);
}

TEST_CASE("what is shown of an unknown refusal holds no key") {
    const Failure failure =
        classified("openai", 400, R"({"error":{"message":"bad header sk-proj-0123456789abcdefABCDEF0123 near ana","code":"odd"}})");
    CHECK(failure.reason.find("sk-proj") == std::string::npos);
    CHECK(failure.reason.find("near ana") != std::string::npos);
    CHECK(failure.reason.find("400 odd") != std::string::npos);
}

TEST_CASE("a success that is no answer is called what it is") {
    CHECK(classified("openai", 200, "<html>sign in</html>", {{"content-type", "text/html"}}).reason.find("web page") != std::string::npos);
    CHECK(classified("openai", 200, "").reason.find("empty") != std::string::npos);
    CHECK(classified("openai", 200, R"({"choices":[{"mess)").reason.find("cut short") != std::string::npos);
    for (const char* body : {"<html>sign in</html>", "", R"({"choices":[{"mess)", "{}", "[]", "null", "7"}) {
        CHECK(classified("anthropic", 200, body).failure == FailureClass::bad_body);
    }
    CHECK(classified("openai", 307, "").failure == FailureClass::bad_body);
}

TEST_CASE("transport failures keep their kind") {
    const auto kind = [](errc code, const char* message, bool content) {
        return classify_transport("openai", Error{code, message}, content).failure;
    };
    CHECK(kind(errc::timeout, "stall: no content for 15 s", true) == FailureClass::timeout);
    CHECK(kind(errc::network, "connection reset", true) == FailureClass::truncated_stream);
    CHECK(kind(errc::network, "connection reset", false) == FailureClass::network);
    CHECK(kind(errc::tls, "certificate", false) == FailureClass::network);
    CHECK(kind(errc::cancelled, "", true) == FailureClass::cancelled);
    CHECK(kind(errc::too_large, "", true) == FailureClass::bad_body);
}

TEST_CASE("the table asks for the code before the type, the type before the message, the status last") {
    int stage = 0;
    std::set<std::string> seen;
    for (const ClassRow& row : classification_table()) {
        const int of = !row.code.empty() ? 0 : !row.type.empty() ? 1 : !row.message.empty() ? 2 : 3;
        INFO(row.words << " " << row.message);
        CHECK(of >= stage);
        stage = of;
        CHECK(row.failure != FailureClass::none);
        CHECK(failure_class(to_string(row.failure)) == row.failure);
        CHECK(seen.insert(std::to_string(row.status) + "|" + std::string(row.code) + "|" + std::string(row.type) + "|" +
                          std::string(row.message))
                  .second);
    }
}
