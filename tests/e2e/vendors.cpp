// Every sender's webhook to its finding, several senders of one outage, and every source in trouble.
#include <catch2/catch.hpp>

#include <set>

#include "tests/support/stage.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

/// Sends a scenario's webhooks to a service of its own; the investigations that began.
struct Played {
    Stage stage;
    std::vector<std::string> investigations;

    explicit Played(const std::string& scenario) : stage(scenario) {
        stage.start_service();
        investigations = stage.send_webhooks();
    }
    const std::string& only() const {
        REQUIRE(investigations.size() == 1);
        return investigations.front();
    }
};

std::vector<std::string> verdicts(Stage& stage) {
    std::vector<std::string> all;
    const json listed = stage.admin_json("/api/v1/deliveries");
    for (const json& delivery : listed.at("items")) all.push_back(delivery.at("verdict").get<std::string>());
    return all;
}

json coverage(Stage& stage, const std::string& investigation) {
    return stage.admin_json("/api/v1/investigations/" + investigation + "/evidence").at("coverage");
}

}  // namespace

TEST_CASE("two tools tell of one outage: one investigation that reads both, one message") {
    Played played("dependency-down");
    const std::string id = played.only();
    CHECK(played.stage.finished(id).at("state") == "done");
    REQUIRE(played.stage.message_says("cause"));
    CHECK(played.stage.messages().size() == 1);
    CHECK(verdicts(played.stage) == std::vector<std::string>{"accepted", "accepted"});
    std::set<std::string> answered;
    for (const json& query : coverage(played.stage, id)) {
        if (query.at("status") == "ok") answered.insert(query.at("source").get<std::string>());
    }
    CHECK(answered.contains("newrelic"));
    CHECK(answered.contains("pagerduty"));
    const auto echoes = [&] { return played.stage.webhooks("annotated"); };
    CHECK(eventually([&] { return !echoes().empty(); }));
    for (const json& echo : echoes()) CHECK(echo.at("path") == "/webhooks/pagerduty");  // nobody else keeps notes
}

TEST_CASE("SigNoz: a finding, and the recovery in the same message") {
    Played played("noisy-monitor");
    const std::string id = played.only();
    CHECK(played.stage.finished(id).at("state") == "done");
    CHECK(played.stage.send_webhooks("recovery") == std::vector<std::string>{id});
    CHECK(played.stage.message_says("esolved"));
    CHECK(played.stage.messages().size() == 1);
    CHECK(played.stage.runs(id).size() == 1);
}

TEST_CASE("PagerDuty: the finding goes back as one note, and the note's own event starts nothing") {
    Played played("config-change");
    Stage& stage = played.stage;
    const std::string id = played.only();
    CHECK(stage.finished(id).at("state") == "done");
    const auto notes = [&] { return json::parse(stage.sandbox("GET", "/_sandbox/state/pagerduty").body).at("notes"); };
    REQUIRE(eventually([&] { return !notes().empty(); }));
    CHECK(stage.send_webhooks("annotated").empty());
    CHECK(verdicts(stage).front() == "filtered");
    CHECK(stage.admin_json("/api/v1/investigations").at("items").size() == 1);
    stage.send_webhooks("renotify");
    CHECK(notes().size() == 1);
    CHECK(stage.messages().size() == 1);
}

TEST_CASE("a storm of alerts is one investigation and one message") {
    Played played("alert-storm");
    const std::string id = played.only();
    CHECK(played.stage.finished(id).at("state") == "done");
    REQUIRE(played.stage.message_says("cause"));
    CHECK(played.stage.messages().size() == 1);
}

// --- trouble ---------------------------------------------------------------------------------------------------------------------

namespace {

json hangs(const std::string& vendor) {
    return {{"vendor", vendor}, {"kind", "hang"}};
}
json forbids(const std::string& vendor) {
    return {{"vendor", vendor}, {"kind", "status"}, {"status", 403}, {"body", R"({"message":"Forbidden"})"}};
}
json breaks_off(const std::string& vendor) {
    return {{"vendor", vendor},
            {"kind", "status"},
            {"status", 200},
            {"headers", {{"Content-Type", "application/json"}}},
            {"body", R"({"data":[{"id":"AAAA","attributes":{"na)"}};
}

/// A scenario, and which of its sources is in which trouble.
struct Trouble {
    const char* scenario;
    std::vector<std::string> hanging;
    std::vector<std::string> forbidding;
    std::vector<std::string> broken;

    json faults() const {
        json list = json::array();
        for (const std::string& vendor : hanging) list.push_back(hangs(vendor));
        for (const std::string& vendor : forbidding) list.push_back(forbids(vendor));
        for (const std::string& vendor : broken) list.push_back(breaks_off(vendor));
        return list;
    }
};

/// Every query of the source that was asked at all has this status, and there is one.
void check_coverage(const json& all, const std::string& source, const std::string& status) {
    std::size_t found = 0;
    for (const json& query : all) {
        if (query.at("source") != source || query.at("status") == "skipped") continue;
        CAPTURE(query.dump());
        CHECK(query.at("status") == status);
        CHECK_FALSE(query.at("reason").get<std::string>().empty());
        ++found;
    }
    CAPTURE(source, all.dump());
    CHECK(found > 0);
}

}  // namespace

TEST_CASE("each source hangs, refuses or breaks off: the finding is in time and coverage says what happened") {
    // One after the other would take the deadline of a hanging source for each of them.
    const std::vector<Trouble> troubles{
        {"dependency-down", {"newrelic"}, {"pagerduty"}, {}},
        {"dependency-down", {"pagerduty"}, {}, {"newrelic"}},
        {"dependency-down", {}, {"newrelic"}, {"pagerduty"}},
        {"noisy-monitor", {"signoz"}, {"github"}, {}},
        {"noisy-monitor", {"github"}, {}, {"signoz"}},
        {"noisy-monitor", {}, {"signoz"}, {"github"}},
        {"bad-deploy", {}, {}, {"datadog"}},
    };
    std::vector<std::unique_ptr<Stage>> stages;
    std::vector<std::string> investigations;
    for (const Trouble& trouble : troubles) {
        stages.push_back(std::make_unique<Stage>(trouble.scenario));
        stages.back()->start_service();
        stages.back()->set_faults(trouble.faults());
    }
    const auto began = std::chrono::steady_clock::now();
    for (const auto& stage : stages) investigations.push_back(stage->send_webhooks().at(0));
    for (std::size_t i = 0; i < stages.size(); ++i) {
        CAPTURE(troubles[i].scenario, troubles[i].faults().dump());
        CHECK(stages[i]->finished(investigations[i]).at("state") == "done");
        CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(60));
        const json all = coverage(*stages[i], investigations[i]);
        for (const std::string& vendor : troubles[i].hanging) check_coverage(all, vendor, "timeout");
        for (const std::string& vendor : troubles[i].forbidding) check_coverage(all, vendor, "error");
        for (const std::string& vendor : troubles[i].broken) check_coverage(all, vendor, "error");
        CHECK(stages[i]->message_says("Not checked"));
        CHECK(stages[i]->messages().size() == 1);
    }
}
