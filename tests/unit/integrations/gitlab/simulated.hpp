// GitLab's simulation behind an HttpClient, below a path as many instances are: every request of the source meets its strictness.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "integrations/gitlab/codec.hpp"
#include "integrations/gitlab/sandbox.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/result_printing.hpp"

namespace gumshoe::test {

struct Simulated {
    Simulated() {
        std::ifstream file(std::string(GUMSHOE_SOURCE_DIR) + "/sandbox/scenarios/bad-deploy.json");
        std::stringstream text;
        text << file.rdbuf();
        auto scenario = json::parse(text.str());
        // The company's code, as if it lived at GitLab.
        const auto& repositories = scenario.at("github").at("repositories");
        scenario["gitlab"]["repositories"] = {{"team/sub/shop", repositories.at("acme/shop")},
                                              {"team/payments", repositories.at("acme/payments")}};
        scenario["gitlab"]["repositories"]["team/sub/shop"]["id"] = 4711;
        world.scenario = std::make_shared<const json>(std::move(scenario));
        world.zero = clock.now();
        world.now = clock.now();
        world.base_url = web;
        http.handle_with([this](const HttpRequest& request) -> result<HttpResponse> { return answer(request); });
    }

    /// A change of the shop's part of the story.
    template <class Change>
    void change_shop(Change change) {
        auto scenario = *world.scenario;
        change(scenario["gitlab"]["repositories"]["team/sub/shop"]);
        world.scenario = std::make_shared<const json>(std::move(scenario));
    }

    HttpResponse answer(const HttpRequest& request) {
        REQUIRE(request.url.starts_with(web));
        RawRequest raw;
        raw.method = request.method;
        const auto rest = request.url.substr(web.size());
        const auto mark = rest.find('?');
        raw.path = rest.substr(0, mark);
        raw.query = mark == std::string::npos ? "" : rest.substr(mark + 1);
        raw.headers = request.headers;
        raw.body = request.body;
        auto reply = simulation->handle(raw, world);
        return http_response(reply.status, std::move(reply.body), std::move(reply.headers));
    }

    HttpResponse get(const std::string& path, const std::string& token = "glpat-sandboxtoken0123456789") {
        HttpRequest request;
        request.url = api + path;
        if (!token.empty()) request.headers.add("PRIVATE-TOKEN", token);
        return answer(request);
    }

    std::string web = "https://git.sandbox.example/gitlab";
    std::string api = web + "/api/v4";
    FakeClock clock;
    FakeHttp http;
    sandbox::World world;
    std::unique_ptr<sandbox::Simulation> simulation = gitlab::make_simulation();
};

}  // namespace gumshoe::test
