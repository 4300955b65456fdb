// PagerDuty's simulation behind an HttpClient: every request meets its strictness.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "evidence/source.hpp"
#include "integrations/pagerduty/codec.hpp"
#include "integrations/pagerduty/receiver.hpp"
#include "integrations/pagerduty/sandbox.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/result_printing.hpp"

namespace gumshoe::test {

struct Simulated {
    /// `patch` is laid over the scenario config-change.
    explicit Simulated(const json& patch = json::object()) {
        std::ifstream file(std::string(GUMSHOE_SOURCE_DIR) + "/sandbox/scenarios/config-change.json");
        std::stringstream text;
        text << file.rdbuf();
        json scenario = json::parse(text.str());
        scenario.merge_patch(patch);
        world = {std::make_shared<const json>(std::move(scenario)), clock.now(), clock.now() + seconds(90), api};
        http.use_clock(clock);
        http.handle_with([this](const HttpRequest& request) -> result<HttpResponse> { return answer(request); });
    }

    HttpResponse answer(const HttpRequest& request) {
        REQUIRE(request.url.starts_with(api));
        const auto rest = request.url.substr(api.size());
        const auto mark = rest.find('?');
        RawRequest raw;
        raw.method = request.method;
        raw.path = rest.substr(0, mark);
        raw.query = mark == std::string::npos ? "" : rest.substr(mark + 1);
        raw.headers = request.headers;
        raw.body = request.body;
        auto reply = simulation->handle(raw, world);
        return http_response(reply.status, std::move(reply.body), std::move(reply.headers));
    }

    static RawRequest delivered(const HttpRequest& sent) {
        RawRequest raw;
        raw.method = "POST";
        raw.headers = sent.headers;
        raw.body = sent.body;
        return raw;
    }

    Alert alert() {
        const auto sent = simulation->webhooks(world, "trigger");
        Alert made = pagerduty::parse_webhook(sent.at(0).body, world.now).value().alerts.at(0);
        made.service = "checkout";  // as the configuration calls it
        return made;
    }

    Subject subject() {
        Subject made;
        made.alert = alert();
        made.onset = made.alert.started_at;
        made.incident = {made.onset - std::chrono::minutes(10), world.now};
        made.baseline = {made.onset - std::chrono::minutes(70), made.onset - std::chrono::minutes(10)};
        made.services = {"checkout", "payments-gateway", "inventory", "storefront"};
        return made;
    }

    std::string api = "https://pagerduty.sandbox.example";
    FakeClock clock;
    std::unique_ptr<EventLoop> loop = make_event_loop(clock);
    FakeHttp http;
    sandbox::World world;
    std::unique_ptr<sandbox::Simulation> simulation = pagerduty::make_simulation();
    pagerduty::Account account{api, Secret("u+sample-token"), "ana@acme.example"};
};

}  // namespace gumshoe::test
