// Another program's question through the endpoint: over real sockets, past a dead account.
#include <catch2/catch.hpp>

#include "tests/support/raw_socket.hpp"
#include "tests/support/stage.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

const std::string caller_token = "gateway-canary-0123456789";

void open_gateway_in(json& config) {
    config["gateway"] = {{"listen", "127.0.0.1:0"}, {"tokens", {{{"name", "bot"}, {"token", caller_token}}}}};
}

std::uint16_t gateway_port(const Stage& stage) {
    const std::string log = stage.service_log();
    const std::string key = "\"gateway_port\":\"";
    const auto at = log.rfind(key);
    REQUIRE(at != std::string::npos);
    return static_cast<std::uint16_t>(std::stoi(log.substr(at + key.size())));
}

HttpResponse complete(Stage& stage, const json& more = json::object(), const std::string& token = caller_token) {
    json body{{"model", "default"}, {"messages", {{{"role", "user"}, {"content", "Why does checkout fail?"}}}}};
    body.update(more);
    return stage.send({{"method", "POST"},
                       {"url", "http://127.0.0.1:" + std::to_string(gateway_port(stage)) + "/v1/chat/completions"},
                       {"headers", {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}}},
                       {"body", body.dump()}});
}

}  // namespace

TEST_CASE("the endpoint answers past a dead account, whole and streamed; the account is called once, the token stands nowhere") {
    Stage stage("account-deactivated", json::object(), open_gateway_in);
    stage.start_service();
    const HttpResponse whole = complete(stage);
    REQUIRE(whole.status == 200);
    CHECK(whole.headers.find("x-gumshoe-target") == "anthropic");
    CHECK(whole.headers.find("x-gumshoe-attempts") == "2");
    CHECK(whole.headers.find("x-gumshoe-note").value_or("").find("deactivated") != std::string::npos);
    const json completion = json::parse(whole.body);
    CHECK(completion.at("choices").at(0).at("finish_reason") == "stop");
    CHECK_FALSE(completion.at("choices").at(0).at("message").at("content").get<std::string>().empty());

    const HttpResponse streamed = complete(stage, {{"stream", true}});
    REQUIRE(streamed.status == 200);
    CHECK(streamed.headers.find("content-type") == "text/event-stream");
    CHECK(streamed.body.ends_with("data: [DONE]\n\n"));
    CHECK(stage.requests("openai", "/chat").size() == 1);

    CHECK(complete(stage, json::object(), "gateway-wrong-0123456789").status == 401);
    CHECK(complete(stage, {{"n", 2}}).status == 400);
    CHECK(stage.stop_service() == 0);
    CHECK(stage.service_log().find("canary") == std::string::npos);
    CHECK(read_file(stage.database()).find("canary") == std::string::npos);
    CHECK(read_file(stage.database()).find("gateway/bot") != std::string::npos);
}

TEST_CASE("a caller that hangs up cancels the call to the model, and the service ends cleanly beside one that waits") {
    Stage stage("bad-deploy", json::object(), open_gateway_in);
    stage.set_faults({{{"vendor", "openai"}, {"kind", "hang"}}, {{"vendor", "anthropic"}, {"kind", "hang"}}});
    stage.start_service();
    const json body{{"model", "openai"}, {"stream", true}, {"messages", {{{"role", "user"}, {"content", "Why?"}}}}};
    const std::string request = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + caller_token +
                                "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.dump().size()) + "\r\n\r\n" +
                                body.dump();
    RawSocket gone = RawSocket::connect(gateway_port(stage));
    REQUIRE(gone.send(request));
    REQUIRE(eventually([&] { return stage.requests("openai", "/chat").size() == 1; }));
    gone.close();
    RawSocket waiting = RawSocket::connect(gateway_port(stage));
    REQUIRE(waiting.send(request));
    REQUIRE(eventually([&] { return stage.requests("openai", "/chat").size() == 2; }));
    CHECK(stage.stop_service() == 0);
    CHECK(stage.requests("anthropic", "/messages").empty());
}
