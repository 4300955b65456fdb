// What bench/gateways/run needs that must be quick: the provider that answers at once, and the load generator.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "bench/support/load.hpp"
#include "bench/support/stub.hpp"

namespace {

using namespace gumshoe;
using namespace gumshoe::bench;

/// Prints its port and serves until the standard input ends.
int serve() {
    const Stub stub;
    std::printf("%d\n", stub.port());
    std::fflush(stdout);
    std::cin.ignore(std::numeric_limits<std::streamsize>::max());
    return 0;
}

struct Route {
    std::string name;
    LoadGenerator generator = {};
    Load load = {};
    Latency latency = {};
};

/// One figure: every route in turns, so that what else the machine does meets all alike. The first turn is to warm up.
json measure(const json& plan, bool stream, std::size_t in_flight) {
    std::vector<std::unique_ptr<Route>> routes;
    for (const json& one : plan.at("routes")) {
        auto route = std::make_unique<Route>();
        route->name = one.at("name").get<std::string>();
        json body = plan.at("request");
        body["model"] = one.at("model");
        body["stream"] = stream;
        route->load = {.url = one.at("url").get<std::string>(),
                       .headers = one.at("headers").get<std::vector<std::string>>(),
                       .body = dump_json(body),
                       .expected = stream ? "[DONE]" : "finish_reason",
                       .calls = std::max(plan.at("calls").get<std::size_t>() / plan.at("rounds").get<std::size_t>(), 2 * in_flight),
                       .in_flight = in_flight};
        routes.push_back(std::move(route));
    }
    for (std::size_t round = 0; round <= plan.at("rounds").get<std::size_t>(); ++round) {
        for (const auto& route : routes) {
            Latency latency = route->generator.run(route->load);
            if (round > 0) route->latency.add(std::move(latency));
        }
    }
    json rows = json::array();
    for (const auto& route : routes) {
        rows.push_back({{"route", route->name},
                        {"streaming", stream},
                        {"in_flight", in_flight},
                        {"calls", route->latency.micros.size()},
                        {"failures", route->latency.failures},
                        {"per_second", route->latency.per_second()},
                        {"p50_us", route->latency.quantile(0.5)},
                        {"p99_us", route->latency.quantile(0.99)}});
    }
    return rows;
}

/// A plan on the standard input: {"request", "calls", "rounds", "in_flight": [..], "routes": [{"name", "url", "headers", "model"}]}.
/// The figures go to the standard output.
int measure_all() {
    const std::string text(std::istreambuf_iterator<char>(std::cin), {});
    const auto plan = parse_json(text);
    if (!plan) {
        std::fprintf(stderr, "%s\n", plan.error().message.c_str());
        return 2;
    }
    json rows = json::array();
    for (const bool stream : {false, true}) {
        for (const json& in_flight : plan->at("in_flight")) {
            for (json& row : measure(*plan, stream, in_flight.get<std::size_t>())) rows.push_back(std::move(row));
        }
    }
    std::printf("%s\n", dump_json(rows).c_str());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("The stub and the load generator of bench/gateways/run");
    app.require_subcommand(1);
    int code = 0;
    app.add_subcommand("stub", "Serve answers until the standard input ends")->callback([&code] { code = serve(); });
    app.add_subcommand("load", "Measure the plan on the standard input")->callback([&code] { code = measure_all(); });
    CLI11_PARSE(app, argc, argv);
    return code;
}
