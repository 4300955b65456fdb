// Deliveries into a store of every engine, a second apart, under a policy that groups checkout with payments.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "tests/support/store.hpp"

namespace gumshoe::test {

inline constexpr auto trigger = Notification::trigger;
inline constexpr auto renotify = Notification::renotify;
inline constexpr auto recovery = Notification::recovery;

struct IntakeTest {
    TestStore store{GENERATE(from_range(store_engines()))};
    FakeClock& clock = store.clock;
    IntakePolicy policy;
    int sent = 0;

    IntakeTest() {
        clock.auto_advance = false;
        policy.route = [](const Alert& alert) {
            RouteDecision decision;
            decision.investigate = alert.severity != Severity::info;
            decision.reason = decision.investigate ? "" : "route 2 does not investigate info";
            return decision;
        };
        policy.related = [](const std::string& service) {
            if (service == "checkout" || service == "payments") return std::vector<std::string>{"checkout", "payments"};
            return std::vector<std::string>{service};
        };
        policy.group_window = seconds(300);
        policy.cooldown = seconds(1800);
    }

    Delivery delivery(const std::string& key) {
        Delivery made;
        made.id = new_id("dlv", clock.now());
        made.source = "datadog";
        made.received_at = clock.now();
        made.headers = R"({"User-Agent":"Datadog"})";
        made.body = "the raw \xff bytes";
        made.key = key;
        return made;
    }
    Recorded send(std::vector<Alert> alerts, const std::string& key = "") {
        clock.advance(seconds(1));
        for (Alert& alert : alerts) alert.received_at = clock.now();
        Delivery made = delivery(key.empty() ? "key " + std::to_string(++sent) : key);
        return store.get(store->intake->record(std::move(made), std::move(alerts), policy));
    }
    Recorded send(Alert alert, const std::string& key = "") { return send(std::vector<Alert>{std::move(alert)}, key); }
    /// An alert of fingerprint f and episode e that happens now.
    Alert alert(Notification notification, const std::string& episode = "e", const std::string& fingerprint = "f") {
        return sample_alert(fingerprint, episode, notification, clock.now());
    }
    Alert service_alert(const std::string& service, const std::string& fingerprint, const std::string& environment = "prod") {
        Alert made = alert(trigger, "e", fingerprint);
        made.service = service;
        made.environment = environment;
        return made;
    }
    InvestigationRow row(const std::string& id) { return store.get(store->investigations->investigation(id)); }
    std::size_t count(const std::string& table) { return store.rows("SELECT 1 FROM " + table, 1).size(); }
    std::size_t jobs(const std::string& kind) { return count("jobs WHERE kind = '" + kind + "'"); }
};

inline void check_filtered(const Recorded& recorded, const std::string& reason) {
    CHECK(recorded.verdict == Verdict::filtered);
    CHECK(recorded.reason == reason);
    CHECK(recorded.started.empty());
    CHECK(recorded.updated.empty());
}

}  // namespace gumshoe::test
