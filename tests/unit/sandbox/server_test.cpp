// The simulated company over loopback, asked with the product's own HTTP client: every fault is what a caller would meet.
#include "sandbox/server.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "io/http_client.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/result_printing.hpp"

namespace gumshoe::sandbox {
namespace {

using test::run;

/// A vendor that counts: what it handled is its state.
class Counter final : public Simulation {
public:
    explicit Counter(std::string name) : name_(std::move(name)) {}
    std::string_view name() const override { return name_; }
    HttpReply handle(const RawRequest& request, const World& world) override {
        if (request.path == "/throws") throw std::runtime_error("a bug");
        ++handled_;
        HttpReply reply = json_reply(200, json{{"path", request.path},
                                               {"query", request.query},
                                               {"body", request.body},
                                               {"base_url", world.base_url},
                                               {"title", string_or_empty(*world.scenario, "title")},
                                               {"zero", format_rfc3339(world.zero)}}
                                              .dump());
        if (request.path == "/streamed") reply.stream = [left = 3]() mutable { return piece(left--); };
        return reply;
    }
    std::vector<HttpRequest> webhooks(const World&, std::string_view moment) override {
        if (moment != "trigger") return {};
        HttpRequest request;
        request.method = "POST";
        request.headers.add("X-Signature", name_);
        request.body = "after " + std::to_string(handled_);
        return {request};
    }
    json state() const override { return {{"handled", handled_}}; }

private:
    static awaitable<std::string> piece(int left) { co_return left > 0 ? "data: " + std::to_string(left) + "\n\n" : ""; }

    std::string name_;
    int handled_ = 0;
};

struct Company {
    std::unique_ptr<EventLoop> loop = make_event_loop();
    std::unique_ptr<SandboxServer> server;
    std::unique_ptr<HttpClient> client = make_http_client(*loop);

    explicit Company(const char* faults = "[]") {
        SandboxOptions options;
        options.scenario = std::make_shared<const json>(json{{"title", "a story"}, {"faults", json::parse(faults)}});
        options.zero = from_seconds(1785578400);
        for (const char* name : {"datadog", "slack"}) {
            options.simulations.emplace_back([name] { return std::make_unique<Counter>(name); });
        }
        auto made = make_sandbox_server(*loop, std::move(options));
        REQUIRE(made);
        server = std::move(*made);
    }
    ~Company() {
        client.reset();
        run(*loop, server->stop(Deadline::after(loop->clock(), seconds(5))));
    }

    result<HttpResponse> send(const std::string& method, const std::string& path, std::string body = {}, milliseconds span = seconds(5)) {
        HttpRequest request;
        request.method = method;
        request.url = "http://127.0.0.1:" + std::to_string(server->port()) + path;
        request.body = std::move(body);
        return run(*loop, client->send(std::move(request), Deadline::after(loop->clock(), span)));
    }
    result<HttpResponse> get(const std::string& path, milliseconds span = seconds(5)) { return send("GET", path, {}, span); }
    void faults(const char* list) { REQUIRE(server->set_faults(json::parse(list))); }
    int handled(std::string_view vendor) { return server->simulation(vendor)->state()["handled"].get<int>(); }
};

}  // namespace

TEST_CASE("what the vendors would send at a moment is theirs, told as it is now") {
    Company company;
    REQUIRE(company.get("/slack/anything"));
    const auto reply = company.get("/_sandbox/webhooks/trigger");
    REQUIRE(reply);
    const json list = json::parse(reply->body);
    REQUIRE(list.size() == 2);
    CHECK(list[0] ==
          json{{"method", "POST"}, {"path", "/webhooks/datadog"}, {"headers", {{"X-Signature", "datadog"}}}, {"body", "after 0"}});
    CHECK(list[1].at("path") == "/webhooks/slack");
    CHECK(list[1].at("body") == "after 1");
    CHECK(company.get("/_sandbox/webhooks/recovery")->body == "[]");
    CHECK(company.get("/_sandbox/webhooks/lunch")->status == 404);
}

TEST_CASE("each vendor answers below its name and sees paths of its own root") {
    Company company;
    const auto reply = company.send("POST", "/datadog/api/v2/logs?a=b", "{}");
    REQUIRE(reply);
    const json seen = json::parse(reply->body);
    CHECK(seen["path"] == "/api/v2/logs");
    CHECK(seen["query"] == "a=b");
    CHECK(seen["body"] == "{}");
    CHECK(seen["title"] == "a story");
    CHECK(seen["zero"] == "2026-08-01T10:00:00Z");
    CHECK(seen["base_url"] == company.server->url("datadog"));
    CHECK(json::parse(company.get("/slack")->body)["path"] == "/");
    CHECK(company.get("/nobody/x")->status == 404);
    CHECK(company.get("/slack/throws")->status == 500);
    CHECK(company.get("/slack/streamed")->body == "data: 3\n\ndata: 2\n\ndata: 1\n\n");
}

TEST_CASE("what was asked is on record, and a reset forgets it") {
    Company company;
    company.get("/datadog/a?q=1");
    company.get("/datadog/a");
    company.send("POST", "/slack/b");
    CHECK(company.server->calls("datadog") == 2);
    CHECK(company.server->calls("slack", "POST", "/b") == 1);
    CHECK(company.server->calls("slack", "GET") == 0);
    const json record = json::parse(company.get("/_sandbox/requests")->body);
    CHECK(record["requests"].size() == 3);
    CHECK(record["requests"][0]["query"] == "q=1");
    CHECK(record["calls"]["datadog"]["GET /a"] == 2);
    CHECK(json::parse(company.get("/_sandbox/state/datadog")->body)["handled"] == 2);
    CHECK(company.get("/_sandbox/state/nobody")->status == 404);
    CHECK(company.get("/_sandbox/nothing")->status == 404);
    CHECK(company.send("POST", "/_sandbox/reset")->status == 204);
    CHECK(company.server->requests().empty());
    CHECK(company.handled("datadog") == 0);
}

TEST_CASE("faults are those of the scenario until others are put, and come back with a reset") {
    Company company(R"([{"vendor": "slack", "kind": "status", "status": 500}])");
    CHECK(company.get("/slack/a")->status == 500);
    CHECK(company.get("/datadog/a")->status == 200);
    CHECK(company
              .send("PUT", "/_sandbox/faults", R"([{"vendor": "datadog", "kind": "status", "status": 429, "headers": {"Retry-After": "7"},
                                                        "body": "slow down", "times": 1}])")
              ->status == 204);
    const auto limited = company.get("/datadog/a");
    CHECK(limited->status == 429);
    CHECK(limited->headers.find("Retry-After") == "7");
    CHECK(limited->body == "slow down");
    CHECK(company.get("/datadog/a")->status == 200);
    CHECK(company.get("/slack/a")->status == 200);
    CHECK(json::parse(company.get("/_sandbox/faults")->body)[0]["matched"] == 2);
    CHECK(company.send("PUT", "/_sandbox/faults", "[{}]")->status == 400);
    CHECK(company.send("PUT", "/_sandbox/faults", "[")->status == 400);
    CHECK(company.send("POST", "/_sandbox/faults", "[]")->status == 405);
    CHECK(company.send("POST", "/_sandbox/reset")->status == 204);
    CHECK(company.get("/slack/a")->status == 500);
    CHECK(company.send("DELETE", "/_sandbox/faults")->status == 204);
    CHECK(company.get("/slack/a")->status == 200);
}

TEST_CASE("a scenario with faults that are none does not play") {
    auto loop = make_event_loop();
    SandboxOptions options;
    options.scenario = std::make_shared<const json>(json::parse(R"({"faults": [{"kind": "explode"}]})"));
    const auto made = make_sandbox_server(*loop, std::move(options));
    REQUIRE_FALSE(made);
    CHECK(made.error().code == errc::parse);
}

TEST_CASE("each kind of fault is met by the caller as in life") {
    Company company;
    SECTION("hang") {
        company.faults(R"([{"kind": "hang"}])");
        CHECK(company.get("/slack/a", milliseconds(100)).error().code == errc::timeout);
        CHECK(company.handled("slack") == 0);
        CHECK(company.server->requests().back().status == 0);
        CHECK(company.server->requests().back().fault == "hang");
    }
    SECTION("drip") {
        company.faults(R"([{"kind": "drip", "bytes": 100, "delay_ms": 20}])");
        CHECK(json::parse(company.get("/slack/a")->body)["path"] == "/a");
        CHECK(company.get("/slack/streamed")->body == "data: 3\n\ndata: 2\n\ndata: 1\n\n");
        CHECK(company.get("/slack/a", milliseconds(30)).error().code == errc::timeout);
    }
    SECTION("reset before the vendor sees it") {
        company.faults(R"([{"kind": "reset"}])");
        CHECK(company.send("POST", "/slack/a").error().code == errc::bad_reply);
        CHECK(company.handled("slack") == 0);
    }
    SECTION("reset inside the answer") {
        company.faults(R"([{"kind": "reset", "bytes": 150}])");
        CHECK(company.send("POST", "/slack/a").error().code == errc::bad_reply);
        CHECK(company.handled("slack") == 1);
    }
    SECTION("lost response") {
        company.faults(R"([{"kind": "lost_response", "times": 1}])");
        CHECK(company.send("POST", "/slack/a").error().code == errc::bad_reply);
        CHECK(company.handled("slack") == 1);
        CHECK(company.server->requests().back().status == 0);
        CHECK(company.send("POST", "/slack/a"));
    }
    SECTION("malformed") {
        company.faults(R"([{"kind": "malformed", "times": 1}, {"kind": "malformed", "body": "<html>"}])");
        const auto cut = company.get("/slack/a");
        CHECK(cut->status == 200);
        CHECK(json::parse(cut->body, nullptr, false).is_discarded());
        CHECK(company.get("/slack/a")->body == "<html>");
    }
    SECTION("slow") {
        company.faults(R"([{"kind": "slow", "delay_ms": 100}])");
        CHECK(company.get("/slack/a", milliseconds(30)).error().code == errc::timeout);
        const auto late = company.get("/slack/a");
        REQUIRE(late);
        CHECK(late->timings.total >= milliseconds(100));
        CHECK(json::parse(late->body)["path"] == "/a");
    }
    SECTION("huge") {
        company.faults(R"([{"kind": "huge"}])");
        CHECK(company.get("/slack/a").error().code == errc::too_large);
        company.faults(R"([{"kind": "huge", "bytes": 200000}])");
        CHECK(company.get("/slack/a")->body.size() == 200000);
    }
}

TEST_CASE("stopping does not wait for requests that hang or drip") {
    for (const char* list :
         {R"([{"kind": "hang"}])", R"([{"kind": "drip", "delay_ms": 60000}])", R"([{"kind": "slow", "delay_ms": 60000}])"}) {
        INFO(list);
        Company company;
        company.faults(list);
        company.get("/slack/a", milliseconds(50));
        bool ended = false;
        auto call = [](Company& its, bool& out) -> awaitable<void> {
            HttpRequest request;
            request.url = its.server->url("slack");
            const Deadline deadline = Deadline::after(its.loop->clock(), seconds(20));
            auto reply = co_await its.client->send(std::move(request), deadline);
            out = !reply;
        };
        company.loop->spawn("call", call(company, ended));
        test::run_until(*company.loop, [&] { return company.server->calls("slack") == 2; });
        const auto start = std::chrono::steady_clock::now();
        run(*company.loop, company.server->stop(Deadline::after(company.loop->clock(), seconds(5))));
        CHECK(std::chrono::steady_clock::now() - start < seconds(2));
        CHECK(test::run_until(*company.loop, [&] { return ended; }, seconds(2)));
    }
}

}  // namespace gumshoe::sandbox
