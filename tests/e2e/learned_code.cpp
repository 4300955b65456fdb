// The operator told nothing of repositories: tags and the catalogue tell them, and the finding names the commit all the same.
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/stage.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

const std::string repository = "https://github.com/acme/shop";
const std::string old_sha = "71c3f0b8e5d2a9467c1e0f3b8a5d6297e4c0b1f3";
const std::string new_sha = "4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4";

json with_attributes(json trace, const json& attributes) {
    for (json& span : trace.at("spans")) {
        if (span.at("service") == "checkout") span["attributes"].update(attributes);
    }
    return trace;
}

/// The scenario's traces, those of checkout with what their tracer would add: v411 until the deploy goes live, v412 from then on.
json tagged_traces(const json& before, const json& after) {
    std::ifstream file(std::string(GUMSHOE_SOURCE_DIR) + "/sandbox/scenarios/bad-deploy.json");
    constexpr int live = -660;
    json traces = json::array();
    const json scenario = json::parse(file);
    for (const json& trace : scenario.at("telemetry").at("traces")) {
        const bool healthy = trace.contains("to");
        if (healthy) {
            traces.push_back(with_attributes(trace, before));
            traces.back()["to"] = live;
        }
        traces.push_back(with_attributes(trace, after));
        if (healthy) traces.back()["from"] = live;
    }
    return traces;
}

json story(const json& before, const json& after) {
    json patch;
    patch["services"] = json::array({{{"name", "checkout"}, {"depends_on", {"payments", "inventory", "checkout-db"}}}});
    patch["telemetry"]["traces"] = tagged_traces(before, after);
    return patch;
}

/// Everything that an investigation found, as text, after checking that no query of it failed.
std::string investigated(Stage& stage) {
    stage.start_service();
    const std::string id = investigation_of(stage.send_webhook());
    CHECK(stage.finished(id).at("state") == "done");
    const json found = stage.admin_json("/api/v1/investigations/" + id + "/evidence");
    for (const json& coverage : found.at("coverage")) {
        CAPTURE(coverage.dump());
        CHECK((coverage.at("status") == "ok" || coverage.at("status") == "empty"));
    }
    CHECK(stage.message_says("4f1c2aa"));
    CHECK(stage.runs(id).at(0).at("finding").at("cause").dump().find("4f1c2aa") != std::string::npos);
    return found.at("evidence").dump();
}

}  // namespace

TEST_CASE("a repository that only tags of spans name is read, and the finding names the commit") {
    Stage stage("bad-deploy", story({{"version", "v411"}, {"git.repository_url", repository}, {"git.commit.sha", old_sha}},
                                    {{"version", "v412"}, {"git.repository_url", repository}, {"git.commit.sha", new_sha}}));
    const std::string evidence = investigated(stage);
    CHECK(evidence.find("checkout runs v412 (4f1c2aa), first seen at") != std::string::npos);
    CHECK(evidence.find("the code of checkout is github:acme/shop (span tag git.repository_url)") != std::string::npos);
    CHECK(evidence.find("lower max connections") != std::string::npos);
    CHECK_FALSE(stage.requests("github", "/repos/acme/shop/commits").empty());
}

TEST_CASE("a deploy that nobody announced is found by the version that began, its commit by the tag, its code by the catalogue") {
    json patch = story(json{{"version", "v411"}}, json{{"version", "v412"}});
    patch["telemetry"]["events"] = json::array();
    patch["datadog"]["catalogue"]["checkout"] = {{"repository", repository}, {"paths", {"services/checkout/**"}}};
    patch["github"]["repositories"]["acme/shop"]["deployments"] = json::array();
    patch["github"]["repositories"]["acme/shop"]["tags"] = {{"v411", old_sha}, {"v412", new_sha}};
    Stage stage("bad-deploy", patch);
    const std::string evidence = investigated(stage);
    CHECK(evidence.find("checkout began running v412 (4f1c2aa) (nobody announced it; ") != std::string::npos);
    CHECK(evidence.find("the code of checkout is github:acme/shop, services/checkout (service catalogue)") != std::string::npos);
    CHECK(evidence.find("brought 3 commits (71c3f0b...4f1c2aa)") != std::string::npos);
}

TEST_CASE("an address of another host is told, and nobody goes there") {
    const std::string elsewhere = "https://github.com.evil.example/acme/shop";
    json patch = story({{"version", "v411"}, {"git.repository_url", elsewhere}}, {{"version", "v412"}, {"git.repository_url", elsewhere}});
    patch["telemetry"]["events"] = json::array();  // one of them names the right repository
    Stage stage("bad-deploy", patch);
    stage.start_service();
    const std::string id = investigation_of(stage.send_webhook());
    CHECK(stage.finished(id).at("state") == "done");
    CHECK(stage.requests("github").empty());
}
