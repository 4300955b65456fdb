// An alert survives its JSON form whole.
#include "alert/alert.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "alert/intake_store.hpp"

using namespace gumshoe;

namespace {

Alert full() {
    Alert alert;
    alert.source = "datadog";
    alert.title = "checkout: p95 latency above 2 s";
    alert.body = "first line\nsecond \"line\"";
    alert.service = "checkout";
    alert.environment = "prod";
    alert.severity = Severity::critical;
    alert.status = AlertStatus::resolved;
    alert.notification = Notification::recovery;
    alert.transition = "Recovered";
    alert.fingerprint = "aggreg:9bd4";
    alert.episode = "8961543321654987321";
    alert.event_id = "7960211200000000001";
    alert.monitor_id = "8123";
    alert.metric = "trace.http.request";
    alert.query = "avg(last_5m):p95:x{y:z} > 2";
    alert.started_at = from_millis(1785578340123);
    alert.received_at = from_millis(1785578400000);
    alert.labels = {{"env", "prod"}, {"monitor", ""}};
    alert.links = {{"Monitor 8123", "https://app.datadoghq.com/monitors/8123"}, {"", "https://app.datadoghq.com/x"}};
    return alert;
}

}  // namespace

TEST_CASE("every field of an alert survives the way to JSON and back") {
    const json written = to_json_value(full());
    const auto read = alert_from_json(written);
    REQUIRE(read.has_value());
    CHECK(to_json_value(*read) == written);
    // Each member of the JSON form is read: changing any of them changes the alert.
    for (const auto& [key, value] : written.items()) {
        INFO(key);
        json without = written;
        without.erase(key);
        CHECK(to_json_value(alert_from_json(without).value()) != written);
    }
    CHECK(written.size() == 19);
    CHECK(read->links.size() == 2);
    CHECK(read->labels.at("monitor").empty());
    CHECK(read->started_at == full().started_at);
}

TEST_CASE("an alert of nothing but defaults survives, and a time never set stays unset") {
    const auto read = alert_from_json(to_json_value(Alert{}));
    REQUIRE(read.has_value());
    CHECK(read->started_at == Timestamp{});
    CHECK(read->severity == Severity::error);
    CHECK(alert_from_json(json::object()).has_value());
}

TEST_CASE("a field of the wrong type or word is an error that names it") {
    const std::pair<const char*, json> rows[] = {
        {"title", 7},        {"severity", "dire"},           {"status", 1},  {"notification", "shout"},
        {"labels", "a:b"},   {"labels", {{"a", 1}}},         {"links", "x"}, {"links", json::array({{{"title", "no url"}}})},
        {"started_at", "x"}, {"received_at", 1785578400000},
    };
    for (const auto& [key, value] : rows) {
        INFO(key << " " << value);
        json wrong = to_json_value(full());
        wrong[key] = value;
        const auto read = alert_from_json(wrong);
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().code == errc::parse);
    }
    CHECK_FALSE(alert_from_json(json::array()).has_value());
}

TEST_CASE("every verdict has its word") {
    CHECK(to_string(Verdict::accepted) == "accepted");
    CHECK(to_string(Verdict::duplicate) == "duplicate");
    CHECK(to_string(Verdict::filtered) == "filtered");
    CHECK(to_string(Verdict::quarantined) == "quarantined");
    CHECK(to_string(Verdict::refused) == "refused");
}
