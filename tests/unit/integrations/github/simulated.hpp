// GitHub's simulation behind an HttpClient: every request of the source meets its strictness.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "integrations/github/sandbox.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/loop.hpp"

namespace gumshoe::test {

struct Simulated {
    explicit Simulated(const std::string& scenario = "sandbox/scenarios/bad-deploy.json") {
        std::ifstream file(std::string(GUMSHOE_SOURCE_DIR) + "/" + scenario);
        std::stringstream text;
        text << file.rdbuf();
        world.scenario = std::make_shared<const json>(json::parse(text.str()));
        world.zero = clock.now();
        world.now = clock.now();
        world.base_url = api;
        http.handle_with([this](const HttpRequest& request) -> result<HttpResponse> { return answer(request); });
    }

    HttpResponse answer(const HttpRequest& request) {
        REQUIRE(request.url.starts_with(api));
        RawRequest raw;
        raw.method = request.method;
        const auto rest = request.url.substr(api.size());
        const auto mark = rest.find('?');
        raw.path = rest.substr(0, mark);
        raw.query = mark == std::string::npos ? "" : rest.substr(mark + 1);
        raw.headers = request.headers;
        raw.body = request.body;
        auto reply = simulation->handle(raw, world);
        return http_response(reply.status, std::move(reply.body), std::move(reply.headers));
    }

    std::string api = "https://github.sandbox.example";
    FakeClock clock;
    FakeHttp http;
    sandbox::World world;
    std::unique_ptr<sandbox::Simulation> simulation = github::make_simulation();
};

}  // namespace gumshoe::test
