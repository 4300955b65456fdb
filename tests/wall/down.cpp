// What no model's name can make: names, ports, certificates; and the whole chain down.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "sandbox/wall.hpp"
#include "tests/support/result_printing.hpp"
#include "tests/wall/play.hpp"
#include "tests/wall/tls_listener.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

/// A port on which nobody listens now.
std::string closed_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(socket);
    return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

/// Every dialect, streamed and whole, at that address.
std::vector<WallCase> at(const std::string& id, const std::string& url) {
    std::vector<WallCase> cases;
    for (const Spoken& main : spoken()) {
        for (const bool stream : {true, false}) {
            const std::string name = id + "/" + std::string(main.provider) + (stream ? "/streamed" : "/buffered");
            cases.push_back({.name = name, .main = main, .model = "fb-ok", .stream = stream, .api_url = url});
        }
    }
    return cases;
}

bool can_show(std::string_view provider, std::string_view model) {
    return std::ranges::all_of(sandbox::wall(), [&](const sandbox::WallScenario& scenario) {
        return scenario.models.find(model) == scenario.models.npos || sandbox::applies(scenario, provider);
    });
}

}  // namespace

TEST_CASE("S17, S18, S19: who cannot be reached, or cannot prove who he is, is passed over") {
    TlsListener self_signed(false);
    TlsListener expired(true);
    std::vector<WallCase> cases;
    for (const auto& [id, url] : std::vector<std::pair<std::string, std::string>>{{"S17 refused", closed_port()},
                                                                                  {"S18", "http://fb-s18.invalid"},
                                                                                  {"S19 self-signed", self_signed.url()},
                                                                                  {"S19 expired", expired.url()}}) {
        for (WallCase& one : at(id, url)) cases.push_back(std::move(one));
    }
    WallBench bench;
    const std::vector<Seen> all = bench.play(cases, 8);  // handshakes have two seconds
    for (std::size_t i = 0; i < all.size(); ++i) {
        INFO(cases[i].name);
        const Seen& seen = all[i];
        for (const LlmAttempt& attempt : seen.attempts) UNSCOPED_INFO(attempt.target << " " << attempt.outcome << ": " << attempt.reason);
        REQUIRE(std::holds_alternative<llm::Answer>(seen.outcome));
        CHECK(std::get<llm::Answer>(seen.outcome).target == "second");
        CHECK(seen.took <= wall_deadline);
        CHECK(seen.second_calls == 1);
        REQUIRE_FALSE(seen.attempts.empty());
        CHECK(seen.attempts.front().outcome == "network");
        CHECK(seen.main.failures == 1);
        CHECK_FALSE(seen.main.quarantine);
        const bool tls = cases[i].name.starts_with("S19");
        CHECK((seen.attempts.front().reason.find("no trusted connection") != std::string::npos) == tls);
    }
    for (const TlsListener* listener : {&self_signed, &expired}) {
        CHECK(listener->connections() >= static_cast<int>(2 * spoken().size()));
        CHECK(listener->believed() == 0);  // no byte of a request went there
    }
    CHECK(bench.everything_said().find(wall_canary) == std::string::npos);
}

TEST_CASE("S42, T-17, T-21: with every target down there is no answer, and that within the deadline") {
    std::vector<WallCase> cases;
    for (const Spoken& main : spoken()) {
        for (const bool stream : {true, false}) {
            for (const char* model : {"fb-s01", "fb-s06", "fb-s10-500", "fb-s17", "fb-s20", "fb-s24", "fb-s31", "fb-s39"}) {
                if (!can_show(main.provider, model)) continue;
                const std::string name = std::string("S42/") + model + "/" + std::string(main.provider) + (stream ? "/s" : "/b");
                cases.push_back({.name = name, .main = main, .model = model, .stream = stream, .api_url = {}, .second_model = model});
            }
        }
    }
    WallBench bench;
    const std::vector<Seen> all = bench.play(cases);
    for (std::size_t i = 0; i < all.size(); ++i) {
        INFO(cases[i].name);
        const Seen& seen = all[i];
        REQUIRE(std::holds_alternative<llm::NoAnswer>(seen.outcome));
        const auto& none = std::get<llm::NoAnswer>(seen.outcome);
        INFO(none.note);
        CHECK(seen.took <= wall_deadline);
        CHECK(none.note.find("main: ") != std::string::npos);
        CHECK(none.note.find("second: ") != std::string::npos);
        CHECK(seen.main_calls >= 1);
        CHECK(seen.second_calls >= 1);
        CHECK(seen.main_calls <= 2);  // attempts of one target
        CHECK(seen.second_calls <= 2);
        CHECK(std::ranges::all_of(seen.attempts, [](const LlmAttempt& attempt) { return attempt.finished_at.has_value(); }));
    }
    CHECK(bench.everything_said().find(wall_canary) == std::string::npos);
}
