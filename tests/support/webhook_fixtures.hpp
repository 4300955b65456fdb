// The recorded deliveries of a vendor: integrations/<vendor>/fixtures/webhooks/NAME.body beside NAME.expected.json, which holds
// {"content_type"?, "key", "filtered"?, "alert": {..} | "alerts": [..]}; an alert as to_json_value() gives it, without received_at.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "alert/receiver.hpp"
#include "base/json.hpp"
#include "tests/support/process.hpp"
#include "tests/support/result_printing.hpp"

namespace gumshoe::test {

inline const Timestamp fixtures_now = from_millis(1785578400000);  // 2026-08-01T10:00:00Z

inline RawRequest delivery_of(const std::string& vendor, std::string body, const std::string& content_type = "application/json") {
    RawRequest request;
    request.method = "POST";
    request.path = "/webhooks/" + vendor;
    request.headers.add("Content-Type", content_type);
    request.body = std::move(body);
    return request;
}

/// Every fixture's bytes become the alerts beside it. Returns how many there were.
inline std::size_t check_webhook_fixtures(const std::string& vendor,
                                          const std::function<result<ParsedDelivery>(const RawRequest&, Timestamp)>& parse) {
    std::size_t seen = 0;
    const auto folder = std::filesystem::path(GUMSHOE_SOURCE_DIR) / "integrations" / vendor / "fixtures/webhooks";
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".body") continue;
        INFO(entry.path().filename().string());
        ++seen;
        auto beside = entry.path();
        const auto expected = parse_json(read_file(beside.replace_extension(".expected.json")));
        REQUIRE(expected.has_value());
        const std::string type = get_string(*expected, "content_type").value_or("application/json");
        const auto parsed = parse(delivery_of(vendor, read_file(entry.path()), type), fixtures_now);
        REQUIRE(parsed.has_value());
        CHECK(parsed->key == string_or_empty(*expected, "key"));
        CHECK(parsed->filtered == string_or_empty(*expected, "filtered"));
        json alerts = json::array();
        for (const Alert& alert : parsed->alerts) {
            json told = to_json_value(alert);
            told.erase("received_at");
            alerts.push_back(std::move(told));
        }
        json wanted = expected->value("alerts", json::array());
        if (expected->contains("alert")) wanted = json::array({expected->at("alert")});
        CHECK(alerts.dump(2) == wanted.dump(2));
    }
    return seen;
}

}  // namespace gumshoe::test
