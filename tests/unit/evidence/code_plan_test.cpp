// What any code host is asked, and which rollouts are compared: deploys of its own and of other tools, and revisions seen running.
#include "evidence/code_plan.hpp"

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "tests/support/result_printing.hpp"

using namespace gumshoe;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const Timestamp now = parse_rfc3339("2026-08-01T10:00:00Z").value();

result<std::string> plain_name(std::string_view name) {
    if (name.find("..") != std::string_view::npos) return Error{errc::invalid_argument, "no"};
    return to_lower(name);
}

const CodeHost forge{"forge", "Forge", {QueryKind::commits, QueryKind::deployments}, plain_name};

Subject subject() {
    Subject made;
    made.alert.service = "checkout";
    made.alert.environment = "prod";
    made.onset = now;
    made.incident = {now - minutes(5), now + minutes(10)};
    made.services = {"checkout", "payments", "storefront"};
    made.repositories = {{"checkout", "forge:Acme/shop"}, {"payments", "forge:acme/payments"}, {"storefront", "forge:acme/shop"}};
    made.paths = {{"checkout", "services/checkout"}, {"storefront", "services/storefront"}};
    return made;
}

Change deploy(std::string id, milliseconds before, std::string sha, std::string repository = "forge:acme/shop") {
    Change change;
    change.id = std::move(id);
    change.kind = "deploy";
    change.time = now - before;
    change.sha = std::move(sha);
    change.repository = std::move(repository);
    change.service = "checkout";
    change.environment = "production";
    change.deployed = true;
    return change;
}

CodeLocation seen(std::string revision, std::string version, milliseconds before, std::string service = "checkout") {
    CodeLocation location;
    location.service = std::move(service);
    location.revision = std::move(revision);
    location.version = std::move(version);
    location.seen_at = now - before;
    return location;
}

std::vector<std::string> ids(const std::vector<Query>& queries) {
    std::vector<std::string> out;
    for (const auto& query : queries) out.push_back(query.id);
    return out;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("Each repository is asked for its deploys once and each path for its commits") {
    const auto queries = code_questions(forge, subject());
    CHECK(ids(queries) == Ids{"forge/commits/checkout", "forge/deployments/checkout", "forge/commits/payments",
                              "forge/deployments/payments", "forge/commits/storefront"});
    CHECK(queries[0].arguments == std::map<std::string, std::string>{{"repository", "acme/shop"}, {"path", "services/checkout"}});
    CHECK(queries[1].arguments.at("environment") == "prod");
    CHECK(queries[0].window.from == now - hours(7 * 24));
    CHECK(queries[0].window.to == now + minutes(10));
}

TEST_CASE("Repositories of other hosts and names that the host refuses are not asked for") {
    auto other = subject();
    other.repositories = {{"checkout", "github:acme/shop"}, {"payments", "forge:acme/../shop"}, {"storefront", "forgery:acme/shop"}};
    CHECK(code_questions(forge, other).empty());
    CHECK(code_question(forge, QueryKind::commits, "checkout", other.incident, other).error().code == errc::unsupported);
    CHECK(code_question(forge, QueryKind::logs, "checkout", other.incident, subject()).error().code == errc::unsupported);
    CHECK(code_question(forge, QueryKind::commits, "checkout", other.incident, subject()).value().id ==
          "forge/commits/checkout/2026-08-01T09:55:00Z/2026-08-01T10:10:00Z");
}

TEST_CASE("Deploys after the onset, before the look-back, of the same code or without a commit are not compared") {
    Records found;
    found.changes = {deploy("late", -minutes(3), "aaaaaaa"),  deploy("again", minutes(1), "bbbbbbb"),
                     deploy("new", minutes(2), "bbbbbbb"),    deploy("first", hours(24), "ccccccc"),
                     deploy("old", hours(24 * 8), "ddddddd"), deploy("forged", hours(1), "../../user")};
    auto failed = deploy("failed", minutes(30), "eeeeeee");
    failed.deployed = false;
    found.changes.push_back(failed);
    const auto queries = code_follow_up(forge, subject(), found);
    CHECK(ids(queries) == Ids{"forge/compare/new", "forge/compare/first"});
    CHECK(queries[0].arguments.at("base") == "ccccccc");
    CHECK(queries[0].arguments.at("head") == "bbbbbbb");
    CHECK(queries[0].arguments.at("environment") == "production");
    CHECK(queries[1].arguments.at("base") == "ddddddd");
}

TEST_CASE("A deploy that two tools tell of is compared once, and another tool's own deploy is compared here") {
    Records found;
    found.changes = {deploy("90412", minutes(11), "4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4"), deploy("event", minutes(10), "4f1c2aa", ""),
                     deploy("90411", hours(20), "71c3f0b8e5d2a9467c1e0f3b8a5d6297e4c0b1f3"),
                     deploy("elsewhere", minutes(9), "aaaaaaa", "github:acme/shop")};
    CHECK(ids(code_follow_up(forge, subject(), found)) == Ids{"forge/compare/90412", "forge/compare/90411"});

    found.changes = {deploy("event", minutes(10), "4f1c2aa", ""), deploy("before", hours(3), "71c3f0b", "")};
    const auto queries = code_follow_up(forge, subject(), found);
    REQUIRE(ids(queries) == Ids{"forge/compare/event", "forge/compare/before"});
    CHECK(queries[0].arguments.at("base") == "71c3f0b");
    CHECK(queries[1].arguments.at("base").empty());
}

TEST_CASE("A deploy replaced the one before it of its own environment and service") {
    Records found;
    auto staging = deploy("staging", minutes(20), "aaaaaaa");
    staging.environment = "staging";
    auto payments = deploy("payments", minutes(15), "bbbbbbb", "");
    payments.service = "payments";
    found.changes = {deploy("new", minutes(10), "4f1c2aa"), staging, payments, deploy("old", hours(24), "71c3f0b")};
    const auto queries = code_follow_up(forge, subject(), found);
    REQUIRE(queries.size() == 3);
    CHECK(queries[0].arguments.at("deploy") == "new");
    CHECK(queries[0].arguments.at("base") == "71c3f0b");
}

TEST_CASE("A revision seen running before a deploy is what that deploy replaced") {
    Records found;
    found.changes = {deploy("checkout@v412", minutes(10), "4f1c2aa")};
    found.code = {seen("71c3f0b", "v411", hours(1)), seen("4f1c2aa", "v412", minutes(10)), seen("aaaaaaa", "v7", minutes(20), "payments")};
    const auto queries = code_follow_up(forge, subject(), found);
    REQUIRE(ids(queries) == Ids{"forge/compare/checkout@v412"});
    CHECK(queries[0].arguments.at("base") == "71c3f0b");
    CHECK(queries[0].arguments.at("head") == "4f1c2aa");
    CHECK(queries[0].entity == "checkout");
}

TEST_CASE("A repository learned since is asked what the configured ones were asked") {
    auto later = subject();
    later.repositories["cart"] = "forge:acme/cart";
    later.repositories["mail"] = "github:acme/mail";
    later.learned = {{"cart", "span tag git.repository_url"}, {"mail", "service catalogue"}};
    CHECK(ids(code_follow_up(forge, later, {})) == Ids{"forge/commits/cart", "forge/deployments/cart"});
    CHECK(code_follow_up(forge, subject(), {}).empty());
}

TEST_CASE("A host that knows versions is asked for the commits of those seen without one") {
    Records found;
    found.code = {seen("", "v411", hours(1)), seen("", "v412", minutes(10)), seen("4f1c2aa", "v7", minutes(10), "payments")};
    CHECK(code_follow_up(forge, subject(), found).empty());
    auto versed = forge;
    versed.kinds.push_back(QueryKind::code);
    CHECK(code_questions(versed, subject()).size() == code_questions(forge, subject()).size());
    const auto queries = code_follow_up(versed, subject(), found);
    REQUIRE(ids(queries) == Ids{"forge/code/checkout/v411", "forge/code/checkout/v412"});
    CHECK(queries[1].arguments.at("version") == "v412");
    CHECK(queries[1].kind == QueryKind::code);
}

TEST_CASE("Commits whose files are known are named to the comparison") {
    Records found;
    Change commit;
    commit.kind = "commit";
    commit.id = "4f1c2aa";
    commit.repository = "forge:acme/shop";
    found.changes = {deploy("new", minutes(10), "4f1c2aa"), commit};
    CHECK(code_follow_up(forge, subject(), found)[0].arguments.at("known").empty());
    found.changes[1].files = {"a.go"};
    CHECK(code_follow_up(forge, subject(), found)[0].arguments.at("known") == "4f1c2aa");
}
