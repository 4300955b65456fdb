// SigNoz's simulation behind an HttpClient: every request of the source meets its strictness.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "integrations/signoz/evidence.hpp"
#include "integrations/signoz/sandbox.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/loop.hpp"

namespace gumshoe::test {

struct SimulatedSignoz {
    explicit SimulatedSignoz(const std::string& version = "v0.98.0", const std::string& name = "noisy-monitor") {
        std::ifstream file(std::string(GUMSHOE_SOURCE_DIR) + "/sandbox/scenarios/" + name + ".json");
        std::stringstream text;
        text << file.rdbuf();
        json scenario = json::parse(text.str());
        scenario["signoz"]["version"] = version;
        world = {std::make_shared<const json>(std::move(scenario)), clock.now(), clock.now() + seconds(60), api};
        http.handle_with([this](const HttpRequest& request) -> result<HttpResponse> { return answer(request); });
        subject.alert.source = "signoz";
        subject.alert.title = "search: p95 latency above 400 ms";
        subject.alert.service = "search";
        subject.alert.environment = "prod";
        subject.alert.monitor_id = "019f98ae-fd65-7045-900b-449c89fe739b";
        subject.alert.labels = {{"deployment.environment", "prod"}, {"service.name", "search"}};
        subject.onset = world.zero;
        subject.incident = {world.zero - std::chrono::minutes(15), world.now};
        subject.baseline = {world.zero - std::chrono::minutes(80), world.zero - std::chrono::minutes(20)};
        subject.services = {"search", "search-index", "storefront"};
    }

    HttpResponse answer(const HttpRequest& request) {
        RawRequest raw;
        raw.method = request.method;
        const auto rest = request.url.substr(api.size());
        const auto mark = rest.find('?');
        raw.path = rest.substr(0, mark);
        raw.query = mark == std::string::npos ? "" : rest.substr(mark + 1);
        raw.headers = request.headers;
        raw.body = request.body;
        HttpReply reply = simulation->handle(raw, world);
        return http_response(reply.status, std::move(reply.body), std::move(reply.headers));
    }

    result<Fetched> fetch(const Query& query, milliseconds deadline = seconds(15)) {
        return run(*loop, source->fetch(query, Deadline::after(clock, deadline)));
    }

    std::string api = "https://signoz.sandbox.example";
    FakeClock clock;
    std::unique_ptr<EventLoop> loop = make_event_loop(clock);
    sandbox::World world;
    std::unique_ptr<sandbox::Simulation> simulation = signoz::make_simulation();
    FakeHttp http{clock, nullptr};
    std::unique_ptr<Source> source = signoz::make_source({api, Secret("sandbox-signoz-api-key")}, &http, &clock);
    Subject subject;
};

}  // namespace gumshoe::test
