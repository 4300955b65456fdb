// The source against the simulated PagerDuty: what is planned and found, and what happens when PagerDuty refuses or falls silent.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "integrations/pagerduty/evidence.hpp"
#include "integrations/pagerduty/labels.hpp"
#include "tests/unit/integrations/pagerduty/simulated.hpp"

namespace source_test {

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

struct Fixture : Simulated {
    using Simulated::Simulated;

    std::unique_ptr<Source> source = pagerduty::make_source(account, http, clock);

    std::vector<Query> plan() { return source->plan(subject()); }
    Query query(const std::string& id) {
        for (const Query& one : plan()) {
            if (one.id == id) return one;
        }
        FAIL("no query " << id);
        return {};
    }
    result<Fetched> fetch(Query query, milliseconds limit = seconds(15)) {
        return run(*loop, source->fetch(std::move(query), Deadline::after(clock, limit)));
    }
    result<Fetched> fetch(const std::string& id, milliseconds limit = seconds(15)) { return fetch(query(id), limit); }
};

std::vector<std::string> ids_of(const std::vector<Query>& queries) {
    std::vector<std::string> ids;
    for (const Query& query : queries) ids.push_back(query.id);
    return ids;
}

}  // namespace

TEST_CASE("the plan of an incident of PagerDuty asks for all that hangs on it, each query once") {
    Fixture play;
    const auto ids = ids_of(play.plan());
    CHECK(std::set<std::string>(ids.begin(), ids.end()) ==
          std::set<std::string>{"pagerduty/incident", "pagerduty/alerts", "pagerduty/log", "pagerduty/notes", "pagerduty/past_incidents",
                                "pagerduty/related_incidents", "pagerduty/related_changes", "pagerduty/oncall",
                                "pagerduty/changes/checkout", "pagerduty/changes/payments-gateway", "pagerduty/changes/inventory",
                                "pagerduty/changes/storefront", "pagerduty/dependencies/checkout",
                                "pagerduty/resolved_incidents/checkout"});
    CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == ids.size());
}

TEST_CASE("another tool's alert asks PagerDuty for the services alone, whatever its labels claim") {
    Fixture play;
    Subject subject = play.subject();
    subject.alert.source = "datadog";
    subject.services = {"checkout"};
    CHECK(ids_of(play.source->plan(subject)) == std::vector<std::string>{"pagerduty/changes/checkout", "pagerduty/dependencies/checkout",
                                                                         "pagerduty/resolved_incidents/checkout"});
    for (const Query& query : play.source->plan(subject)) CHECK(query.arguments.at("service").empty());
    const auto fetched = play.fetch(play.source->plan(subject).front());
    REQUIRE(fetched);
    CHECK(fetched->records.changes.size() == 1);  // found by its name
    subject.services.clear();
    subject.alert.service.clear();
    CHECK(play.source->plan(subject).empty());
}

TEST_CASE("labels that are no ids ask nothing") {
    Fixture play;
    Subject subject = play.subject();
    subject.services.clear();
    subject.alert.service.clear();
    for (auto& [name, value] : subject.alert.labels) value = "../" + value;
    CHECK(play.source->plan(subject).empty());
}

TEST_CASE("the config push is found among the neighbour's change events, with what it changed") {
    Fixture play;
    const auto fetched = play.fetch("pagerduty/changes/payments-gateway");
    REQUIRE(fetched);
    REQUIRE(fetched->records.changes.size() == 1);
    const Change& change = fetched->records.changes.front();
    CHECK(change.id == "01CHANGEGWCONFIG000000000");
    CHECK(change.kind == "config");
    CHECK(change.service == "payments-gateway");
    CHECK(change.time == play.world.zero - seconds(486));
    CHECK(change.author == "jonas");
    CHECK(change.diff.find("-previous_value: 5000\n") != std::string::npos);
    CHECK(change.diff.find("+value: 500\n") != std::string::npos);
    CHECK(change.link.starts_with("https://acme.pagerduty.com/"));
    CHECK_FALSE(fetched->truncated);
    CHECK(fetched->records.code.empty());
    const auto deployed = play.fetch("pagerduty/changes/inventory");
    REQUIRE(deployed);
    REQUIRE(deployed->records.code.size() == 1);
    CHECK(deployed->records.code.front().url == "https://github.com/acme/inventory");
    CHECK(deployed->records.changes.front().kind == "deploy");
}

TEST_CASE("each query of the plan is answered by the simulation's strictness") {
    Fixture play;
    for (const Query& query : play.plan()) {
        CAPTURE(query.id);
        const auto fetched = play.fetch(query);
        const bool unknown_there = query.entity == "storefront";
        CHECK(fetched.has_value() == !unknown_there);
        if (!fetched) CHECK(fetched.error().code == errc::unsupported);
        if (fetched) CHECK_FALSE(fetched->raw.empty());
    }
}

TEST_CASE("the incident's alerts tell under which names other tools know the outage") {
    Fixture play;
    const auto alerts = play.fetch("pagerduty/alerts");
    REQUIRE(alerts);
    CHECK(alerts->records.facts.size() == 1);
    CHECK(alerts->records.facts.front().text.find("failed_share: 44%") != std::string::npos);
    const auto knows = [&](const std::string& name) { return std::ranges::count(alerts->references, name) == 1; };
    CHECK(knows("key:orderwatch/checks/4711"));
    CHECK(knows("orderwatch.acme.example/checks/4711"));
}

TEST_CASE("people's notes are evidence, ours are not") {
    Fixture play;
    auto request = pagerduty::note_request(play.account, "Q2X369CTEOAGYM", "Finding by Gumshoe (gumshoe-note:k)\n\nx");
    REQUIRE(play.answer(request).status == 201);
    const auto fetched = play.fetch("pagerduty/notes");
    REQUIRE(fetched);
    REQUIRE(fetched->records.facts.size() == 1);
    CHECK(fetched->records.facts.front().text ==
          "Jonas Weber noted on the incident: Support reports failed card payments since a few minutes.");
}

TEST_CASE("past incidents come with the note that people left on them") {
    Fixture play;
    for (const char* id : {"pagerduty/past_incidents", "pagerduty/resolved_incidents/checkout"}) {
        CAPTURE(id);
        const auto fetched = play.fetch(id);
        REQUIRE(fetched);
        REQUIRE(fetched->records.incidents.size() == 1);
        CHECK(fetched->records.incidents.front().resolution == "The acquirer was down for nine minutes; nothing to do on our side.");
        CHECK(fetched->records.incidents.front().service == "checkout");
    }
}

TEST_CASE("the service map becomes edges in our names; callees it adds are asked for their changes") {
    Fixture play({{"pagerduty",
                   {{"services",
                     {{{"id", "PF9KMXH"}, {"name", "Checkout"}},
                      {{"id", "PGW0001"}, {"name", "Payments Gateway"}},
                      {{"id", "PINV001"}, {"name", "Ledger"}}}}}}});
    const auto fetched = play.fetch("pagerduty/dependencies/checkout");
    REQUIRE(fetched);
    REQUIRE(fetched->records.edges.size() == 2);
    CHECK(fetched->records.edges[0].caller == "checkout");
    CHECK(fetched->records.edges[0].callee == "payments-gateway");
    CHECK(fetched->records.edges[1].callee == "Ledger");
    CHECK(ids_of(play.source->follow_up(play.subject(), fetched->records)) == std::vector<std::string>{"pagerduty/changes/Ledger"});
    CHECK(play.source->follow_up(play.subject(), {}).empty());
}

TEST_CASE("what the plan of the account lacks is skipped with that reason") {
    Fixture play({{"pagerduty", {{"without", {"past_incidents", "related_incidents", "related_change_events", "service_dependencies"}}}}});
    for (const char* id :
         {"pagerduty/past_incidents", "pagerduty/related_incidents", "pagerduty/related_changes", "pagerduty/dependencies/checkout"}) {
        CAPTURE(id);
        const auto fetched = play.fetch(id);
        REQUIRE_FALSE(fetched);
        CHECK(fetched.error().code == errc::unsupported);
        CHECK(fetched.error().message.find("not in this PagerDuty plan") != std::string::npos);
    }
}

TEST_CASE("a name that fits several services of PagerDuty fits none") {
    Fixture play({{"pagerduty", {{"services", {{{"id", "P1"}, {"name", "Inventory (eu)"}}, {{"id", "P2"}, {"name", "Inventory (us)"}}}}}}});
    const auto fetched = play.fetch("pagerduty/changes/inventory");
    REQUIRE_FALSE(fetched);
    CHECK(fetched.error().message == "PagerDuty has several services that may be inventory");
}

TEST_CASE("pages are followed to their end or to the limit") {
    struct Row {
        std::size_t alerts;
        std::size_t taken;
        bool truncated;
    };
    for (const Row& row : {Row{100, 100, false}, Row{101, 101, false}, Row{300, 300, false}, Row{301, 300, true}}) {
        CAPTURE(row.alerts);
        json alerts = json::array();
        for (std::size_t i = 0; i < row.alerts; ++i)
            alerts.push_back({{"id", "QA" + std::to_string(i)}, {"t", 0}, {"summary", "s" + std::to_string(i)}});
        Fixture play({{"pagerduty", {{"alerts", alerts}}}});
        const auto fetched = play.fetch("pagerduty/alerts");
        REQUIRE(fetched);
        CHECK(fetched->records.facts.size() == row.taken);
        CHECK(fetched->truncated == row.truncated);
    }
}

TEST_CASE("a page that fails keeps what came before it and says that there was more") {
    json alerts = json::array();
    for (int i = 0; i < 150; ++i) alerts.push_back({{"id", "QA" + std::to_string(i)}, {"t", 0}, {"summary", "s"}});
    Fixture play({{"pagerduty", {{"alerts", alerts}}}});
    const Query query = play.query("pagerduty/alerts");
    play.http.handle_with([&play](const HttpRequest& request) -> result<HttpResponse> {
        if (request.url.find("offset=100") != std::string::npos) return Error{errc::network, "reset"};
        return play.answer(request);
    });
    const auto fetched = play.fetch(query);
    REQUIRE(fetched);
    CHECK(fetched->records.facts.size() == 100);
    CHECK(fetched->truncated);
}

TEST_CASE("a rate limit is waited for when the deadline allows, a server error is tried once more") {
    struct Row {
        int status;
        Headers headers;
        milliseconds limit;
        bool answered;
        std::size_t calls;
    };
    const Row rows[] = {
        {429, {{"ratelimit-reset", "3"}}, seconds(15), true, 2},
        {429, {{"ratelimit-reset", "30"}}, seconds(15), false, 1},
        {429, {}, seconds(15), false, 1},
        {500, {}, seconds(15), true, 2},
        {500, {}, milliseconds(900), false, 1},
        {403, {}, seconds(15), false, 1},
    };
    for (const Row& row : rows) {
        CAPTURE(row.status, row.calls);
        Fixture play;
        const Query query = play.query("pagerduty/incident");
        play.http.push(row.status, "", row.headers);
        CHECK(play.fetch(query, row.limit).has_value() == row.answered);
        CHECK(play.http.requests.size() == row.calls);
    }
}

TEST_CASE("answers that are no answers are errors in words, and a silence ends at the deadline") {
    Fixture play;
    const Query query = play.query("pagerduty/incident");
    for (const char* body : {"<html>", "{}", "[]", R"({"incident":[]})"}) {
        CAPTURE(body);
        play.http.push(200, body);
        const auto fetched = play.fetch(query);
        REQUIRE_FALSE(fetched);
        CHECK(fetched.error().code == errc::bad_reply);
    }
    play.http.push_hang();
    const auto fetched = play.fetch(query, seconds(2));
    REQUIRE_FALSE(fetched);
    CHECK(fetched.error().code == errc::timeout);
    CHECK(fetched.error().message.find("u+sample-token") == std::string::npos);
}

TEST_CASE("a query with an id that is none is refused before anything is asked") {
    Fixture play;
    Query query = play.query("pagerduty/incident");
    query.arguments["incident"] = "../users/me";
    const auto fetched = play.fetch(query);
    REQUIRE_FALSE(fetched);
    CHECK(fetched.error().code == errc::invalid_argument);
    query.arguments["ask"] = "everything";
    CHECK_FALSE(play.fetch(query));
    CHECK(play.http.requests.empty());
}

TEST_CASE("an analyst may ask for changes and past incidents of a service") {
    Fixture play;
    const Subject subject = play.subject();
    for (const QueryKind kind : play.source->on_demand()) {
        const auto query = play.source->ask(kind, "inventory", {subject.onset - std::chrono::hours(48), subject.onset}, subject);
        REQUIRE(query);
        CHECK(play.fetch(*query));
    }
    CHECK_FALSE(play.source->ask(QueryKind::logs, "inventory", subject.incident, subject));
    CHECK_FALSE(play.source->ask(QueryKind::events, "", subject.incident, subject));
    CHECK_FALSE(play.source->ask(QueryKind::events, "inventory", {subject.onset, subject.onset}, subject));
}

TEST_CASE("the probe says which account answers, and in whose name notes are written") {
    Fixture play;
    const auto who = run(*play.loop, play.source->probe(Deadline::after(play.clock, seconds(5))));
    REQUIRE(who);
    CHECK(*who == "acme.pagerduty.com, notes are written as ana@acme.example");
}

}  // namespace source_test
