// An HttpClient whose other side is the simulation of Slack.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "integrations/slack/sandbox.hpp"
#include "tests/support/fake_http.hpp"

namespace gumshoe::test {

inline Timestamp moment(std::string_view text) {
    return parse_rfc3339(text).value();
}

struct SimulatedSlack {
    std::unique_ptr<sandbox::Simulation> simulation = slack::make_simulation();
    sandbox::World world;
    FakeHttp http;
    std::function<std::optional<result<HttpResponse>>(const HttpRequest&)> before;  // a fault instead of Slack
    std::function<std::optional<result<HttpResponse>>(const HttpRequest&)> after;   // Slack did it, and this is what comes back

    explicit SimulatedSlack(std::string_view scenario = "{}") {
        world.scenario = std::make_shared<const json>(json::parse(scenario));
        world.zero = moment("2026-08-01T10:00:00Z");
        world.now = moment("2026-08-01T10:00:30Z");
        http.handle_with([this](const HttpRequest& request) { return answer(request); });
    }

    /// The messages of a channel as people see them.
    json messages(std::string_view channel) const {
        const json state = simulation->state();
        for (const auto& c : state["channels"])
            if (c["id"] == channel) return c["messages"];
        return json::array();
    }

private:
    result<HttpResponse> answer(const HttpRequest& request) {
        if (before)
            if (auto fault = before(request)) return *fault;
        constexpr std::string_view root = "https://slack.test/api";
        RawRequest raw;
        raw.method = request.method;
        raw.path = request.url.substr(root.size());
        raw.headers = request.headers;
        raw.body = request.body;
        const HttpReply reply = simulation->handle(raw, world);
        if (after)
            if (auto fault = after(request)) return *fault;
        return http_response(reply.status, reply.body, reply.headers);
    }
};

}  // namespace gumshoe::test
