// What every monitoring tool's webhook owes to its sender and to us, through the intake and a real store. A vendor with recorded
// deliveries has to be in the table.
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "alert/intake.hpp"
#include "app/section.hpp"
#include "base/digest.hpp"
#include "base/json.hpp"
#include "integrations/registry.hpp"
#include "tests/support/process.hpp"
#include "tests/support/store.hpp"
#include "tests/support/webhook_fixtures.hpp"

namespace receivers {

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

const std::string secret = "a-webhook-secret-of-enough-bytes";

void bearer(RawRequest& request, const std::string& with) {
    request.headers.add("Authorization", "Bearer " + with);
}
void pagerduty_signature(RawRequest& request, const std::string& with) {
    request.headers.add("X-PagerDuty-Signature", "v1=" + hmac_sha256_hex(with, request.body));
}

struct Held {
    std::string name;
    std::string webhook;                                    // its part of the configuration
    void (*sign)(RawRequest& request, const std::string&);  // with a secret
    std::string unknown;                                    // well-formed, and of a kind that we do not know
};

const std::vector<Held>& table() {
    static const std::vector<Held> rows = {
        {"alertmanager", "{token: " + secret + "}", bearer, R"({"version":"9","status":"pondering","alerts":[]})"},
        {"datadog", "{token: " + secret + "}", bearer, R"({"alert_transition":"Pondered"})"},
        {"newrelic", "{token: " + secret + "}", bearer, R"({"state":"PONDERED"})"},
        {"pagerduty", "{secrets: [" + secret + "]}", pagerduty_signature,
         R"({"event":{"id":"01EVENT","event_type":"incident.pondered","resource_type":"incident","occurred_at":"2026-08-01T10:00:00Z","data":{}}})"},
        {"signoz", "{token: " + secret + "}", bearer, R"({"version":"9","status":"pondering","alerts":[]})"},
    };
    return rows;
}

std::filesystem::path fixtures_of(std::string_view vendor) {
    return std::filesystem::path(GUMSHOE_SOURCE_DIR) / "integrations" / vendor / "fixtures/webhooks";
}

struct Recording {
    std::string name;
    std::string body;
    std::string content_type;
};

std::vector<Recording> recordings_of(const std::string& vendor) {
    std::vector<Recording> all;
    if (!std::filesystem::is_directory(fixtures_of(vendor))) return all;
    for (const auto& entry : std::filesystem::directory_iterator(fixtures_of(vendor))) {
        if (entry.path().extension() != ".body") continue;
        auto beside = entry.path();
        const auto expected = parse_json(read_file(beside.replace_extension(".expected.json")));
        if (!expected) continue;
        all.push_back({entry.path().filename().string(), read_file(entry.path()),
                       get_string(*expected, "content_type").value_or("application/json")});
    }
    return all;
}

/// The vendor's receiver as its configuration makes it, before a store.
struct Desk {
    explicit Desk(const Held& of) : held(of) {
        const Vendor* registered = find_vendor(held.name);
        REQUIRE(registered != nullptr);
        auto document = ConfigDocument::from_text("", "", held.name + ": {webhook: " + held.webhook + "}",
                                                  [](const std::string&) { return std::optional<std::string>(); });
        auto section = document.root()->child(held.name);
        roles = registered->connect(*section, {});
        REQUIRE(document.errors().empty());
        REQUIRE(roles.receiver != nullptr);
        policy.route = [](const Alert&) { return RouteDecision{}; };
        policy.related = [](const std::string& service) { return std::vector<std::string>{service}; };
        policy.group_window = policy.cooldown = seconds(60);
        store.clock.auto_advance = false;
        intake.emplace(std::vector<const Receiver*>{roles.receiver.get()}, *store->intake, policy, store.clock, [] {});
    }

    RawRequest request(std::string body, const std::string& content_type = "application/json", const std::string& with = secret) const {
        RawRequest made = delivery_of(held.name, std::move(body), content_type);
        held.sign(made, with);
        return made;
    }
    HttpReply post(RawRequest request) { return store.run(intake->receive(held.name, std::move(request))); }
    std::size_t count(const std::string& table) { return store.rows("SELECT 1 FROM " + table, 1).size(); }

    const Held& held;
    TestStore store;
    VendorRoles roles;
    IntakePolicy policy;
    std::optional<Intake> intake;
};

std::string verdict_of(const HttpReply& reply) {
    return string_or_empty(parse_json(reply.body).value(), "verdict");
}

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("receivers: every vendor with recorded deliveries is held to this contract") {
    std::size_t held = 0;
    for (const Vendor& vendor : vendors()) {
        if (!std::filesystem::is_directory(fixtures_of(vendor.name)) || recordings_of(std::string(vendor.name)).empty()) continue;
        CAPTURE(std::string(vendor.name));
        CHECK(std::any_of(table().begin(), table().end(), [&](const Held& row) { return row.name == vendor.name; }));
        ++held;
    }
    CHECK(held >= 3);
}

TEST_CASE("receivers: bad credentials are answered 401, and nothing is kept but the refusal") {
    for (const Held& held : table()) {
        CAPTURE(held.name);
        Desk desk(held);
        const std::string body = R"({"a":"of-the-body"})";
        std::vector<RawRequest> bad;
        bad.push_back(delivery_of(held.name, body));                                                 // none
        bad.push_back(desk.request(body, "application/json", "another-secret-of-enough-bytes!"));    // of another
        bad.push_back(desk.request(body, "application/json", secret.substr(0, secret.size() - 1)));  // cut
        bad.push_back(desk.request(body, "application/json", ""));                                   // empty
        if (held.sign == bearer) {  // of two fields, which one would a proxy have believed?
            bad.push_back(desk.request(body));
            bearer(bad.back(), secret);
        }
        for (RawRequest& request : bad) {
            const HttpReply reply = desk.post(std::move(request));
            CHECK(reply.status == 401);
            CHECK(reply.body.find("secret") == std::string::npos);
        }
        CHECK(desk.count("alerts") == 0);
        CHECK(desk.count("deliveries") == bad.size());
        CHECK(desk.count("deliveries WHERE verdict = 'refused' AND body IS NULL") == bad.size());
        for (const std::string& row : desk.store.rows("SELECT headers, reason FROM deliveries", 2)) {
            CHECK(row.find("secret-of-enough") == std::string::npos);
        }
    }
}

TEST_CASE("receivers: a signature holds for the bytes it was made for") {
    for (const Held& held : table()) {
        if (held.sign == bearer) continue;
        CAPTURE(held.name);
        Desk desk(held);
        const std::string body = held.unknown;
        for (std::size_t at = 0; at < body.size(); at += 7) {
            RawRequest request = desk.request(body);
            request.body[at] = static_cast<char>(request.body[at] ^ 1);
            CHECK(desk.post(std::move(request)).status == 401);
        }
        CHECK(desk.post(desk.request(body)).status < 300);
    }
}

TEST_CASE("receivers: each recorded delivery is taken, and the same again is a duplicate that does nothing") {
    for (const Held& held : table()) {
        for (const Recording& recording : recordings_of(held.name)) {
            CAPTURE(held.name);
            CAPTURE(recording.name);
            Desk desk(held);
            const HttpReply first = desk.post(desk.request(recording.body, recording.content_type));
            CHECK((first.status == 200 || first.status == 202));
            const std::string verdict = verdict_of(first);
            CHECK((verdict == "accepted" || verdict == "filtered"));
            const std::size_t alerts = desk.count("alerts");
            const std::size_t jobs = desk.count("jobs");
            desk.store.clock.advance(seconds(1));
            const HttpReply again = desk.post(desk.request(recording.body, recording.content_type));
            CHECK(again.status == 200);
            CHECK(desk.count("deliveries WHERE verdict = 'duplicate' AND body IS NULL") == 1);
            CHECK(desk.count("alerts") == alerts);
            CHECK(desk.count("jobs") == jobs);
        }
    }
}

TEST_CASE("receivers: a content type that nobody reads and bytes that are no JSON are kept, not lost") {
    for (const Held& held : table()) {
        CAPTURE(held.name);
        Desk desk(held);
        const auto recorded = recordings_of(held.name);
        REQUIRE_FALSE(recorded.empty());
        const std::pair<std::string, std::string> rows[] = {
            {"image/png", recorded.front().body}, {"application/json", "not JSON"}, {"application/json", ""},
            {"application/json", "[1,2]"},        {"application/json", "null"},     {"application/json", "\xff\xfe{}"}};
        std::size_t kept = 0;
        for (const auto& [type, body] : rows) {
            CAPTURE(type, body);
            const HttpReply reply = desk.post(desk.request(body, type));
            CHECK(reply.status == 202);
            CHECK(verdict_of(reply) == "quarantined");
            CHECK(desk.count("deliveries WHERE verdict = 'quarantined'") == ++kept);
        }
        CHECK(desk.count("investigations") == 0);
    }
}

TEST_CASE("receivers: an event of a kind that nobody knows is answered 2xx and starts nothing") {
    for (const Held& held : table()) {
        CAPTURE(held.name);
        Desk desk(held);
        const HttpReply reply = desk.post(desk.request(held.unknown));
        CHECK((reply.status == 200 || reply.status == 202));
        CHECK(desk.count("investigations") == 0);
        CHECK(desk.count("deliveries") == 1);
    }
}

TEST_CASE("receivers: JSON that is deep, wide or long is taken in like any other") {
    for (const Held& held : table()) {
        CAPTURE(held.name);
        Desk desk(held);
        std::string wide = "[";
        for (int i = 0; i < 200'000; ++i) wide += "{},";
        wide += "{}]";
        const std::string text(limits::http_body_bytes - 1000, 'x');
        const std::string bodies[] = {
            nested(limits::http_body_bytes / 2), R"({"alerts":)" + nested(100'000) + "}", wide,
            R"({"alerts":)" + wide + "}",        R"({"title":")" + text + "\"}",          R"({"event":)" + wide + "}"};
        for (const std::string& body : bodies) {
            CAPTURE(body.size(), body.substr(0, 20));
            const HttpReply reply = desk.post(desk.request(body));
            CHECK((reply.status == 200 || reply.status == 202));
        }
        CHECK(desk.count("deliveries") == std::size(bodies));
        for (const std::string& alert : desk.store.rows("SELECT alert FROM alerts", 1)) CHECK(alert.size() < 256 * 1024);
    }
}

}  // namespace receivers
