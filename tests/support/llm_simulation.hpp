// A dialect against the simulation of its vendor, without a network between them; and the recorded bodies of a vendor's folder.
#pragma once

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <variant>

#include "llm/dialect.hpp"
#include "llm/judge.hpp"
#include "sandbox/simulation.hpp"
#include "tests/support/fake_http.hpp"

namespace gumshoe::test {

inline constexpr std::string_view simulated_host = "http://sim";

inline std::string fixture(const std::string& vendor, const std::string& name) {
    std::ifstream in(std::string(GUMSHOE_SOURCE_DIR) + "/integrations/" + vendor + "/fixtures/" + name, std::ios::binary);
    REQUIRE(in.good());
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

inline HttpReply asked(sandbox::Simulation& simulation, const HttpRequest& http, const json& scenario = json::object()) {
    const sandbox::World world{.scenario = std::make_shared<const json>(scenario), .zero = {}, .now = {}, .base_url = {}};
    REQUIRE(http.url.starts_with(simulated_host));
    const std::string path = http.url.substr(simulated_host.size());
    const auto query = path.find('?');
    RawRequest raw;
    raw.method = http.method;
    raw.path = path.substr(0, query);
    if (query != std::string::npos) raw.query = path.substr(query + 1);
    raw.headers = http.headers;
    raw.body = http.body;
    return simulation.handle(raw, world);
}

/// As the exchange of the router reads it: a stream as one, whatever else as a whole.
inline std::variant<llm::Reply, Failure> read_by(const llm::Dialect& dialect, const HttpReply& reply, bool streamed) {
    const HttpResponse whole = http_response(reply.status, reply.body, reply.headers);
    if (!streamed || reply.status / 100 != 2) return dialect.read(whole);
    const auto reader = dialect.stream_reader();
    const bool content = reader->feed(reply.body);
    auto outcome = reader->finish();
    const auto* failure = std::get_if<Failure>(&outcome);
    const bool unread = failure != nullptr && failure->failure == FailureClass::truncated_stream && !content;
    const bool document = reply.body.starts_with('{') || reply.body.starts_with('[');
    return unread && document ? dialect.read(whole) : outcome;
}

/// What the router makes of it: `none` for an answer that may be used.
inline FailureClass class_of(const std::variant<llm::Reply, Failure>& outcome, const llm::Request& request) {
    if (const auto* failure = std::get_if<Failure>(&outcome)) return failure->failure;
    const auto failure = llm::judge(std::get<llm::Reply>(outcome), request);
    return failure ? failure->failure : FailureClass::none;
}

/// fixtures/errors.json: every body known to occur has its class, and what it tells is read.
inline void check_errors(const llm::Dialect& dialect, const std::string& vendor) {
    const json entries = *parse_json(fixture(vendor, "errors.json"));
    CHECK(entries.size() > 10);
    for (const json& entry : entries) {
        INFO(entry["name"]);
        Headers headers;
        const json fields = entry.value("headers", json::object());
        for (const auto& [name, value] : fields.items()) headers.add(name, value.get<std::string>());
        const std::string body = entry["body"].is_string() ? entry["body"].get<std::string>() : entry["body"].dump();
        const auto outcome = dialect.read(http_response(entry["status"].get<int>(), body, headers));
        REQUIRE(std::holds_alternative<Failure>(outcome));
        const auto& failure = std::get<Failure>(outcome);
        CHECK(to_string(failure.failure) == entry["class"].get<std::string>());
        CHECK_FALSE(failure.reason.empty());
        CHECK(failure.param == entry.value("param", ""));
        if (entry.contains("retry_after_ms")) CHECK(failure.retry_after == milliseconds(entry["retry_after_ms"].get<int>()));
        if (entry.contains("no_retry_after")) CHECK_FALSE(failure.retry_after);
        if (entry.contains("until")) CHECK(format_rfc3339(failure.until.value()) == entry["until"].get<std::string>());
        if (entry.contains("window")) CHECK(failure.window == entry["window"].get<std::int64_t>());
        if (entry.contains("no_window")) CHECK_FALSE(failure.window);
        if (entry.contains("prompt_tokens")) CHECK(failure.prompt_tokens == entry["prompt_tokens"].get<std::int64_t>());
    }
}

}  // namespace gumshoe::test
