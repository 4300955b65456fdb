// Which links and keys name one outage, whoever passes them on.
#include "alert/references.hpp"

#include <catch2/catch.hpp>

using namespace gumshoe;

namespace {

struct Case {
    std::string url;
    std::string reference;
};

}  // namespace

TEST_CASE("a link to an alerting thing is named by host and path, without what a click adds") {
    const Case cases[] = {
        {"https://app.datadoghq.com/monitors/8123?group=service%3Acheckout&from_ts=1785578340000&to_ts=1785578640000&event_id=796021120000",
         "app.datadoghq.com/monitors/8123"},
        {"https://app.datadoghq.com/monitors/8123/edit", "app.datadoghq.com/monitors/8123"},
        {"https://APP.Datadoghq.com:443/monitors/8123#status", "app.datadoghq.com/monitors/8123"},
        {"https://radar-api.service.newrelic.com/accounts/1/issues/0ea2df1c-adab-45d2-aae0-042b609d2322?notifier=WEBHOOK",
         "radar-api.service.newrelic.com/accounts/1/issues/0ea2df1c-adab-45d2-aae0-042b609d2322"},
        {"https://one.newrelic.com/alerts-ai/issues/0ea2df1c-adab-45d2-aae0-042b609d2322?account=1234567&duration=1800000",
         "one.newrelic.com/alerts-ai/issues/0ea2df1c-adab-45d2-aae0-042b609d2322"},
        {"https://alerts.newrelic.com/accounts/1234567/incidents/99/acknowledge", "alerts.newrelic.com/accounts/1234567/incidents/99"},
        {"https://signoz.example.com/alerts/overview?ruleId=019f98ae-fd65-7045-900b-449c89fe739b",
         "signoz.example.com/alerts/overview?ruleId=019f98ae-fd65-7045-900b-449c89fe739b"},
        {"http://localhost:8080/alerts/edit?startTime=1785578340000&ruleId=7&endTime=1785578640000", "localhost:8080/alerts/edit?ruleId=7"},
        {"https://grafana.example.com/alerting/grafana/fdq8z3l5k2v4gd/view?orgId=1", "grafana.example.com/alerting/grafana/fdq8z3l5k2v4gd"},
        {"https://acme.pagerduty.com/incidents/Q2X369CTEOAGYM?utm_campaign=channel&utm_source=slack",
         "acme.pagerduty.com/incidents/Q2X369CTEOAGYM"},
        {"https://acme.pagerduty.com/incidents/PT4KHLK/", "acme.pagerduty.com/incidents/PT4KHLK"},
        {"https://user:secret@sentry.io/organizations/acme/issues/1170820242/", "sentry.io/organizations/acme/issues/1170820242"},
    };
    for (const Case& one : cases) {
        CAPTURE(one.url);
        CHECK(link_reference(one.url) == one.reference);
    }
}

TEST_CASE("a link that many alerts share, or that holds no id, names nothing") {
    const char* urls[] = {
        "https://app.datadoghq.com/",
        "https://app.datadoghq.com",
        "https://app.datadoghq.com/monitors",
        "https://app.datadoghq.com/monitors/manage?q=checkout",
        "https://app.datadoghq.com/logs?query=service%3Acheckout&from_ts=1785578340000&to_ts=1785578640000",
        "https://app.datadoghq.com/dash/integration/12345678",
        "https://app.datadoghq.com/apm/services/checkout/operations/http.request?start=1785578340000",
        "https://one.newrelic.com/accounts/1234567",
        "https://one.newrelic.com/launcher/nr1-core.explorer?account=1234567&pane=eyJuZXJkbGV0SWQiOiJucjEtY29yZSJ9",
        "https://signoz.example.com/alerts",
        "https://signoz.example.com/alerts?ruleId=",
        "https://signoz.example.com/alerts?ruleId=%22%3E%3Cscript%3E1234",
        "https://grafana.example.com/d/fdq8z3l5k2v4gd/checkout-overview",
        "https://acme.atlassian.net/wiki/spaces/OPS/pages/123456789/Checkout",
        "https://github.com/acme/runbooks/blob/4f1c2aa9d0b3/checkout5xx.md",
        "https://github.com/acme/shop/runbook-checkout-5xx",
        "https://wiki.example.com/checkout5xx",
        "https://prometheus.example.com/graph?g0.expr=up%3D%3D0&g0.tab=1",
        "https://acme.pagerduty.com/services",
        "ftp://example.com/monitors/8123",
        "javascript:alert(12345678)",
        "https:///monitors/8123",
        "https://example.com/monitors/81 23456",
        "https://example.com/monitors/8123456\n",
        "",
        "monitors/8123",
    };
    for (const char* url : urls) {
        CAPTURE(url);
        // White space around a link is nobody's; inside it makes it no link.
        if (std::string(url).ends_with('\n'))
            CHECK(link_reference(url) == "example.com/monitors/8123456");
        else
            CHECK(link_reference(url).empty());
    }
    CHECK(link_reference("https://example.com/monitors/" + std::string(5000, '7')).empty());
}

TEST_CASE("links that differ in what they name have different references") {
    CHECK(link_reference("https://app.datadoghq.com/monitors/8123") != link_reference("https://app.datadoghq.com/monitors/8124"));
    CHECK(link_reference("https://app.datadoghq.eu/monitors/8123") != link_reference("https://app.datadoghq.com/monitors/8123"));
    CHECK(link_reference("https://s.example.com/alerts/edit?ruleId=7") != link_reference("https://s.example.com/alerts/edit?ruleId=8"));
    CHECK(link_reference("https://g.example.com/x/Abc7dE9f") != link_reference("https://g.example.com/x/abc7de9f"));
}

TEST_CASE("a key is nobody's own when it is short, and never a link's reference") {
    CHECK(key_reference("8123").empty());
    CHECK(key_reference("   8123   ").empty());
    CHECK(key_reference(" checkout-5xx ") == "key:checkout-5xx");
    CHECK(key_reference("checkout-5xx") != key_reference("checkout-4xx"));
    CHECK(key_reference(std::string(5000, 'a')).size() < 100);
    CHECK(key_reference(std::string(5000, 'a')) != key_reference(std::string(5000, 'b')));
    CHECK(key_reference("app.example.com/monitors/8123") != link_reference("https://app.example.com/monitors/8123"));
}

TEST_CASE("an alert's references are its own and its links', sorted, each once, bounded") {
    Alert alert;
    CHECK(references_of(alert).empty());
    alert.references = {"key:zz-4711", "", "app.example.com/monitors/8123", "key:zz-4711"};
    alert.links = {{"Monitor", "https://app.example.com/monitors/8123?from_ts=1"},
                   {"Home", "https://app.example.com/"},
                   {"Incident", "https://acme.pagerduty.com/incidents/Q2X369CTEOAGYM"}};
    CHECK(references_of(alert) ==
          std::vector<std::string>{"acme.pagerduty.com/incidents/Q2X369CTEOAGYM", "app.example.com/monitors/8123", "key:zz-4711"});
    for (int i = 1000; i < 2000; ++i) alert.links.push_back({"", "https://app.example.com/monitors/" + std::to_string(i)});
    CHECK(references_of(alert).size() == 32);
}
