// The webhook: every fixture's bytes to the alerts beside it, which deliveries are the same, and who is believed.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/limits.hpp"
#include "integrations/alertmanager/alerts.hpp"
#include "integrations/alertmanager/payload.hpp"
#include "integrations/alertmanager/receiver.hpp"
#include "tests/support/result_printing.hpp"
#include "tests/support/webhook_fixtures.hpp"

namespace receiver_test {

using namespace gumshoe;
using namespace gumshoe::alertmanager;

namespace {

const Timestamp now = test::fixtures_now;

result<ParsedDelivery> parse(std::string body) {
    return parse_webhook(test::delivery_of("alertmanager", std::move(body)), now);
}

json alert_of(const char* fingerprint, const char* status = "firing", const char* starts_at = "2026-08-01T09:55:00Z") {
    return {{"status", status},
            {"labels", {{"alertname", "Slow"}, {"service", "checkout"}}},
            {"startsAt", starts_at},
            {"endsAt", status == std::string("firing") ? "0001-01-01T00:00:00Z" : "2026-08-01T09:58:00Z"},
            {"fingerprint", fingerprint}};
}

json group_of(std::vector<json> alerts, const char* key = "{}:{service=\"checkout\"}") {
    return {{"version", "4"}, {"groupKey", key}, {"status", "firing"}, {"alerts", json(std::move(alerts))}};
}

std::string key_of(const json& body) {
    const auto parsed = parse(body.dump());
    REQUIRE(parsed.has_value());
    return parsed->key;
}

}  // namespace

TEST_CASE("every recorded delivery becomes the alerts beside it") {
    CHECK(test::check_webhook_fixtures("alertmanager", parse_webhook) >= 14);
}

TEST_CASE("a group that is sent again unchanged is the same delivery, any change of it is another") {
    const json sent = group_of({alert_of("a"), alert_of("b")});
    const std::string key = key_of(sent);
    CHECK(key == key_of(sent));

    json reordered = group_of({alert_of("b"), alert_of("a")});
    CHECK(key == key_of(reordered));
    json reworded = sent;  // the values in a summary change from one evaluation to the next
    reworded["alerts"][0]["annotations"] = {{"summary", "14 above 5"}};
    reworded["notification_reason"] = "repeat_interval";
    CHECK(key == key_of(reworded));

    const std::pair<const char*, json> changes[] = {
        {"one more alert", group_of({alert_of("a"), alert_of("b"), alert_of("c")})},
        {"one alert less", group_of({alert_of("a")})},
        {"one is over", group_of({alert_of("a"), alert_of("b", "resolved")})},
        {"one fired anew", group_of({alert_of("a"), alert_of("b", "firing", "2026-08-01T09:59:00Z")})},
        {"another group", group_of({alert_of("a"), alert_of("b")}, "{}:{service=\"payments\"}")},
    };
    for (const auto& [what, body] : changes) {
        INFO(what);
        CHECK(key_of(body) != key);
    }
}

TEST_CASE("without a start there is no telling two firings apart: the body's hash decides") {
    CHECK(key_of(group_of({alert_of("a"), alert_of("b", "firing", "0001-01-01T00:00:00Z")})).empty());
    CHECK(key_of(group_of({alert_of("a", "firing", "yesterday")})).empty());
}

TEST_CASE("a retried firing and its recovery are of one episode, and a new firing is not") {
    const auto of = [](const json& alert) { return parse(group_of(std::vector<json>{alert}).dump())->alerts.at(0); };
    const Alert fired = of(alert_of("a"));
    const Alert over = of(alert_of("a", "resolved"));
    const Alert again = of(alert_of("a", "firing", "2026-08-01T09:59:00Z"));
    CHECK(fired.episode == over.episode);
    CHECK(fired.fingerprint == over.fingerprint);
    CHECK(over.started_at == parse_rfc3339("2026-08-01T09:58:00Z").value());
    CHECK(again.fingerprint == fired.fingerprint);
    CHECK(again.episode != fired.episode);
}

TEST_CASE("what cannot be a group of alerts is an error that says what to do") {
    const std::pair<const char*, const char*> rows[] = {
        {"", "empty"},
        {"[]", "not a JSON object"},
        {"{", "alertmanager webhook"},
        {R"({"text":"5xx above 5%","channel":"#ops"})", "custom payload or template"},
        {R"({"alerts":{"a":1}})", "custom payload or template"},
        {R"({"alerts":[]})", "empty"},
        {R"({"alerts":[{"labels":{}},"x"]})", "alerts[1]"},
    };
    for (const auto& [body, word] : rows) {
        INFO(body);
        const auto parsed = parse(body);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().code == errc::parse);
        CHECK(parsed.error().message.find(word) != std::string::npos);
    }
}

TEST_CASE("a time that cannot be an alert's is not believed") {
    for (const char* starts : {"2019-01-01T00:00:00Z", "2026-08-03T00:00:00Z", "not a time", "0001-01-01T00:00:00Z"}) {
        INFO(starts);
        CHECK(parse(group_of({alert_of("a", "firing", starts)}).dump())->alerts.at(0).started_at == now);
    }
}

TEST_CASE("severities are read in every usual wording") {
    const std::pair<const char*, Severity> rows[] = {
        {"critical", Severity::critical},
        {"CRITICAL", Severity::critical},
        {" page ", Severity::critical},
        {"P1", Severity::critical},
        {"error", Severity::error},
        {"high", Severity::error},
        {"major", Severity::error},
        {"warning", Severity::warning},
        {"warn", Severity::warning},
        {"P3", Severity::warning},
        {"info", Severity::info},
        {"none", Severity::info},
        {"", Severity::error},
        {"whatever", Severity::error},
    };
    for (const auto& [word, severity] : rows) {
        INFO(word);
        CHECK(read_severity(word) == severity);
    }
}

TEST_CASE("only what a browser elsewhere may open becomes a link") {
    for (const char* url : {"https://prometheus.acme.example/graph?g0.expr=up", "HTTP://prom:9090/graph", "http://10.0.0.7:9090/",
                            "https://[2001:db8::1]/"}) {
        INFO(url);
        CHECK(linkable(url, 2000));
    }
    for (const char* url :
         {"", "http://", "http://:9090/", "javascript:alert(1)", "ftp://acme.example/", "//acme.example/", "http://localhost:9090/graph",
          "https://LOCALHOST/", "http://127.0.0.1:9093", "http://[::1]:9090/", "http://0.0.0.0/", "https://user:pass@acme.example/",
          "https://acme.example/a b", "https://acme.example/<x>", "https://acme.example/\"x", "https://acme.example/\x7f"}) {
        INFO(url);
        CHECK_FALSE(linkable(url, 2000));
    }
    CHECK_FALSE(linkable("https://acme.example/" + std::string(2000, 'a'), 2000));
}

TEST_CASE("texts of any size are cut to their limits, and so is the list") {
    std::vector<json> alerts;
    for (std::size_t i = 0; i < limits::alerts_per_delivery + 5; ++i) alerts.push_back(alert_of(std::to_string(i).c_str()));
    alerts[0]["labels"]["alertname"] = std::string(100000, 'a');
    alerts[0]["annotations"] = {{"summary", std::string(1000000, 'b')}};
    const auto parsed = parse(group_of(std::move(alerts)).dump());
    REQUIRE(parsed.has_value());
    CHECK(parsed->alerts.size() == limits::alerts_per_delivery);
    CHECK(parsed->alerts.front().title.size() <= limits::alert_title_bytes);
    CHECK(parsed->alerts.front().body.size() <= limits::alert_body_bytes);
    CHECK(parsed->alerts.back().body.find("5 more alerts") != std::string::npos);
}

TEST_CASE("a bearer token, a password or a header of one's own is asked for, and nothing else will do") {
    const std::string token = "a-token-of-some-length";
    WebhookCredentials bearer;
    bearer.tokens = {Secret(token)};
    WebhookCredentials basic;
    basic.basic = WebhookCredentials::Basic{"alertmanager", Secret(token)};
    struct Row {
        const char* what;
        WebhookCredentials credentials;
        std::string field;
        bool believed;
    };
    const Row rows[] = {
        {"bearer", bearer, "Bearer " + token, true},
        {"another token", bearer, "Bearer " + token + "x", false},
        {"password", basic, "Basic " + base64_encode("alertmanager:" + token), true},
        {"another user", basic, "Basic " + base64_encode("root:" + token), false},
        {"token where a password is wanted", basic, "Bearer " + token, false},
        {"nothing configured", {}, "Bearer " + token, false},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        RawRequest request = test::delivery_of("alertmanager", "{}");
        request.headers.add("Authorization", row.field);
        const auto receiver = make_receiver(row.credentials);
        CHECK(receiver->verify(request, now).has_value() == row.believed);
        CHECK(receiver->name() == "alertmanager");
    }
}

}  // namespace receiver_test
