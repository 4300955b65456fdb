// Two versions seen, the later from within the window: somebody deployed, whether or not it was announced.
#include "evidence/running_versions.hpp"

#include <catch2/catch.hpp>

#include "evidence/changes.hpp"
#include "evidence/condense.hpp"

using namespace gumshoe;
using std::chrono::minutes;

namespace {

const Timestamp onset = from_seconds(1785578400);  // 10:00
const std::string old_sha = "71c3f0b8e5d2a9467c1e0f3b8a5d6297e4c0b1f3";
const std::string new_sha = "4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4";

Subject subject_of_checkout() {
    Subject subject;
    subject.alert.service = "checkout";
    subject.alert.environment = "prod";
    subject.onset = onset;
    subject.incident = {onset - minutes(15), onset + minutes(10)};
    subject.baseline = {onset - minutes(80), onset - minutes(20)};
    subject.services = {"checkout"};
    subject.repositories = {{"checkout", "github:acme/shop"}};
    return subject;
}

CodeLocation seen(const std::string& version, const std::string& revision, Timestamp at, const std::string& service = "checkout") {
    CodeLocation code;
    code.service = service;
    code.version = version;
    code.revision = revision;
    code.seen_at = at;
    code.origin = "span tag version";
    return code;
}

Change deploy(const std::string& id, const std::string& sha, const std::string& subject, Timestamp at) {
    Change change;
    change.id = id;
    change.kind = "deploy";
    change.sha = sha;
    change.subject = subject;
    change.time = at;
    change.service = "checkout";
    return change;
}

std::vector<Change> deploys_from(Records records, const Subject& subject = subject_of_checkout()) {
    add_observed_deploys(subject, records);
    auto once = records.changes.size();
    add_observed_deploys(subject, records);
    CHECK(records.changes.size() == once);
    return records.changes;
}

}  // namespace

TEST_CASE("a version that begins inside the window is a deploy that nobody announced") {
    Records records;
    records.code = {seen("v411", old_sha, onset - minutes(80)), seen("v412", new_sha, onset - minutes(11))};
    const auto deploys = deploys_from(records);
    REQUIRE(deploys.size() == 1);
    CHECK(deploys[0].kind == "deploy");
    CHECK(deploys[0].id == "checkout@v412");
    CHECK(deploys[0].sha == new_sha);
    CHECK(deploys[0].service == "checkout");
    CHECK(deploys[0].repository == "github:acme/shop");
    CHECK(deploys[0].time == onset - minutes(11));
    CHECK(deploys[0].deployed == true);
    CHECK(deploys[0].subject == "checkout began running v412 (4f1c2aa) (nobody announced it; span tag version shows it)");
}

TEST_CASE("no deploy is made up") {
    Records records;
    SECTION("of one version") {
        records.code = {seen("v411", old_sha, onset - minutes(80)), seen("v411", old_sha, onset - minutes(14))};
    }
    SECTION("of the first version ever seen, though it begins in the window") {
        records.code = {seen("v412", new_sha, onset - minutes(11))};
    }
    SECTION("of versions that run side by side from the beginning") {
        records.code = {seen("v411", "", onset - minutes(80)), seen("canary", "", onset - minutes(78))};
    }
    SECTION("of what a catalogue states") {
        records.code = {seen("v411", old_sha, onset - minutes(80)), seen("v412", new_sha, Timestamp{})};
    }
    SECTION("of another service's version") {
        records.code = {seen("v411", old_sha, onset - minutes(80)), seen("v88", "", onset - minutes(11), "payments")};
    }
    SECTION("of one commit whose name is known to one telemetry and whose number to the other") {
        records.code = {seen("v411", "", onset - minutes(80)), seen("", old_sha, onset - minutes(60)), seen("v411", old_sha, Timestamp{})};
    }
    SECTION("of one commit under two names") {
        records.code = {seen("v411", old_sha, onset - minutes(80)), seen("release-411", old_sha, onset - minutes(11))};
    }
    SECTION("of a short and a long form of one commit") {
        records.code = {seen("", "71c3f0b", onset - minutes(80)), seen("", old_sha, onset - minutes(11))};
    }
    CHECK(deploys_from(records).empty());
}

TEST_CASE("an announced deploy of the same code is the same deploy") {
    Records records;
    records.code = {seen("v411", old_sha, onset - minutes(80)), seen("v412", new_sha, onset - minutes(9))};
    SECTION("by its commit") {
        records.changes = {deploy("90412", new_sha, "deploy main to production", onset - minutes(11))};
    }
    SECTION("by the name of its version: it gains the commit") {
        records.changes = {deploy("AZ7", "", "Deployed checkout v412 to prod", onset - minutes(200))};
    }
    SECTION("by its time, when it says neither") {
        records.changes = {deploy("AZ7", "", "Pipeline finished", onset - minutes(11))};
    }
    SECTION("though it was thought never to have gone live") {
        records.changes = {deploy("90412", new_sha, "deploy main to production", onset - minutes(11))};
        records.changes[0].deployed = false;
        CHECK(deploys_from(records).at(0).time == onset - minutes(9));
    }
    const auto deploys = deploys_from(records);
    REQUIRE(deploys.size() == 1);
    CHECK(deploys[0].sha == new_sha);
    CHECK(deploys[0].deployed == true);
}

TEST_CASE("a deploy of other code stays beside the observed one") {
    Records records;
    records.code = {seen("v41", "", onset - minutes(80)), seen("v412", new_sha, onset - minutes(9))};
    SECTION("of another commit") {
        records.changes = {deploy("90411", old_sha, "v411", onset - minutes(10))};
    }
    SECTION("whose version's name only begins alike") {
        records.changes = {deploy("AZ7", "", "Deployed v4127", onset - minutes(100))};
    }
    SECTION("of another service") {
        records.changes = {deploy("AZ7", "", "Deployed v412", onset - minutes(10))};
        records.changes[0].service = "payments";
    }
    CHECK(deploys_from(records).size() == 2);
}

TEST_CASE("version and commit of one deploy, seen by different telemetry, are one deploy") {
    Records records;
    records.code = {seen("v411", "", onset - minutes(80)), seen("", old_sha, onset - minutes(80)), seen("v412", "", onset - minutes(10)),
                    seen("", new_sha, onset - minutes(9))};
    const auto deploys = deploys_from(records);
    REQUIRE(deploys.size() == 1);
    CHECK(deploys[0].sha == new_sha);
    CHECK(deploys[0].id == "checkout@v412");
}

TEST_CASE("what a service runs is told in a sentence with its witness") {
    auto subject = subject_of_checkout();
    Records records;
    records.code = {seen("v411", "", onset - minutes(80)), seen("v412", "", onset - minutes(11))};
    auto told = seen("v412", new_sha, Timestamp{});  // its tag
    records.code.push_back(told);
    told = seen("v411", old_sha, Timestamp{});
    records.code.push_back(told);
    auto facts = running_code(subject, records);
    REQUIRE(facts.size() == 1);
    CHECK(facts[0].entity == "checkout");
    CHECK(facts[0].text == "checkout runs v412 (4f1c2aa), first seen at " + format_clock(onset - minutes(11)) +
                               "; before it v411 (71c3f0b) (span tag version)");
    SECTION("and where its code is, when that was learned") {
        subject.learned["checkout"] = "service catalogue";
        subject.paths["checkout"] = "services/checkout";
        facts = running_code(subject, records);
        CHECK(facts[0].text.ends_with("; the code of checkout is github:acme/shop, services/checkout (service catalogue)"));
    }
    SECTION("it is an item of evidence") {
        const auto items = condense(subject, records);
        const auto item = std::find_if(items.begin(), items.end(), [](const Evidence& one) { return one.signal == "code"; });
        REQUIRE(item != items.end());
        CHECK(item->text.starts_with("checkout runs v412 (4f1c2aa)"));
    }
    SECTION("of what nothing is known, nothing is said") {
        subject.learned["checkout"] = "service catalogue";
        CHECK(running_code(subject, {}).empty());
    }
}

TEST_CASE("in a repository of many services, what touches only others' paths is no suspect") {
    auto subject = subject_of_checkout();
    Records records;
    records.changes = {deploy("1", old_sha, "deploy cart", onset - minutes(8)),
                       deploy("2", new_sha, "deploy checkout", onset - minutes(11))};
    records.changes[0].files = {"services/cart/main.go", "services/checkout-ui/page.ts"};
    records.changes[1].files = {"services/checkout/main.go", "services/cart/main.go"};
    const auto rank = [&] { return rank_changes(subject, records, {}, {}, {}); };
    CHECK(records.changes[rank()[0].index].id == "1");  // without a path, the later one
    subject.paths["checkout"] = "services/checkout/";
    const auto ranked = rank();
    CHECK(records.changes[ranked[0].index].id == "2");
    CHECK(ranked[1].score < ranked[0].score / 3);
    CHECK(ranked[1].reasons.back() == "touches nothing under services/checkout/");
}
