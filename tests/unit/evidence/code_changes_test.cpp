// Names of commits, environments and paths compared; files and diffs cut; the sentence on what a deploy brought.
#include "evidence/code_changes.hpp"

#include <catch2/catch.hpp>

#include "base/limits.hpp"

using namespace gumshoe;

TEST_CASE("A sha is 7 to 40 hex digits, and a shortened one is the same commit") {
    CHECK(is_sha("4f1c2aa"));
    CHECK(is_sha("4F1C2AA9D0B7E6358C1F42A6E9B3D57081C6F2E4"));
    for (const auto* bad : {"", "4f1c2a", "4f1c2ag", "../../user", "4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4a", "4f1c2aa\n"})
        CHECK_FALSE(is_sha(bad));
    CHECK(same_commit("4f1c2aa", "4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4"));
    CHECK(same_commit("4F1C2AA", "4f1c2aa"));
    CHECK_FALSE(same_commit("4f1c2aa", "4f1c2ab"));
    CHECK(same_commit("v412", "v412"));
    CHECK_FALSE(same_commit("v41", "v412"));
    CHECK(short_sha("4f1c2aa9d0b7") == "4f1c2aa");
    CHECK(short_sha("v1.20.304-rc") == "v1.20.304-rc");
}

TEST_CASE("Environments are compared by meaning") {
    struct Row {
        std::string wanted;
        std::string actual;
        bool same;
    };
    const std::vector<Row> rows{
        {"", "staging", true},        {"prod", "production", true}, {"production", "Prod", true},     {"prod", "checkout-prod", true},
        {"prod", "staging", false},   {"staging", "stage", true},   {"prod", "preproduction", false}, {"eu-prod", "prod-eu", true},
        {"eu-prod", "prod-us", false}};
    for (const auto& row : rows) {
        INFO(row.wanted << " and " << row.actual);
        CHECK(same_environment(row.wanted, row.actual) == row.same);
    }
}

TEST_CASE("A path holds its own folder and not its namesakes") {
    CHECK(lies_under("services/checkout/a.go", "services/checkout"));
    CHECK(lies_under("services/checkout/a.go", "services/checkout/"));
    CHECK(lies_under("services/checkout", "services/checkout"));
    CHECK(lies_under("anything", ""));
    CHECK_FALSE(lies_under("services/checkout-web/a.go", "services/checkout"));
    CHECK_FALSE(lies_under("services", "services/checkout"));
    Change change;
    change.files = {"README.md", "services/checkout/a.go"};
    CHECK(touches(change, "services/checkout"));
    CHECK_FALSE(touches(change, "services/payments"));
}

TEST_CASE("A version is looked for under the names that tags have") {
    using Names = std::vector<std::string>;
    CHECK(tag_names("checkout", "v412") == Names{"v412", "412", "checkout-412", "checkout@412", "checkout-v412"});
    CHECK(tag_names("checkout", "1.2.3") == Names{"1.2.3", "v1.2.3", "checkout-1.2.3", "checkout@1.2.3", "checkout-v1.2.3"});
    CHECK(tag_names("checkout", "vanilla")[1] == "vvanilla");
}

TEST_CASE("Files and patches are kept within limits, whatever their size") {
    Change change;
    add_file(change, "", "+lost");
    CHECK(change.files.empty());
    CHECK(change.diff.empty());
    add_file(change, "logo.png", "");
    add_file(change, "a\nb.yaml", "@@ -1 +1 @@\n-a\n+b");
    CHECK(change.files == std::vector<std::string>{"logo.png", "a"});
    CHECK(change.diff == "--- a\n@@ -1 +1 @@\n-a\n+b\n");
    CHECK_FALSE(diff_is_full(change));
    for (int i = 0; i < 100; ++i) add_file(change, "f" + std::to_string(i), std::string(1'000'000, '+'));
    CHECK(change.files.size() == 50);
    CHECK(change.diff.size() <= 4000);
    CHECK(diff_is_full(change));
}

TEST_CASE("The sentence on a deploy counts commits, files, and files of the service") {
    CodeFetch fetch;
    fetch.query.entity = "checkout";
    fetch.query.arguments = {{"deploy", "7"}, {"environment", "production"}, {"path", "services/checkout"}};
    Comparison comparison;
    comparison.total_commits = 1;
    comparison.files = {"services/checkout/a.go", "docs/a.md"};
    fetch.add_summary(comparison, "", "4f1c2aa9d0b7");
    comparison.total_commits = 3;
    comparison.files_capped = true;
    fetch.add_summary(comparison, "71c3f0b8e5d2", "4f1c2aa9d0b7");
    fetch.query.arguments = {{"deploy", "v412"}};
    fetch.add_summary(comparison, "v411", "v412");
    REQUIRE(fetch.fetched.records.facts.size() == 3);
    const auto& facts = fetch.fetched.records.facts;
    CHECK(facts[0].entity == "checkout");
    CHECK(facts[0].text == "deploy 7 to production brought 1 commit, 2 files changed, 1 of them under services/checkout");
    CHECK(facts[1].text ==
          "deploy 7 to production brought 3 commits (71c3f0b...4f1c2aa), at least 2 files changed, 1 of them under services/checkout");
    CHECK(facts[2].text == "deploy v412 brought 3 commits (v411...v412), at least 2 files changed");
}

TEST_CASE("What a fetch collects is of its service and repository, and no more than the limit of raw bytes") {
    CodeFetch fetch;
    fetch.query.entity = "checkout";
    fetch.reference = "github:acme/shop";
    Change change;
    change.sha = "4f1c2aa";
    fetch.add(change);
    fetch.commit_page = "https://github.com/acme/shop/commit/";
    fetch.add(change);
    change.link = "https://github.com/acme/shop/deployments";
    fetch.add(change);
    const auto& changes = fetch.fetched.records.changes;
    REQUIRE(changes.size() == 3);
    CHECK(changes[0].service == "checkout");
    CHECK(changes[0].repository == "github:acme/shop");
    CHECK(changes[0].link.empty());
    CHECK(changes[1].link == "https://github.com/acme/shop/commit/4f1c2aa");
    CHECK(changes[2].link == "https://github.com/acme/shop/deployments");

    const std::string half(limits::raw_bytes_per_query / 2 + 1, 'x');
    for (int i = 0; i < 3; ++i) fetch.keep_raw(half);
    CHECK(fetch.fetched.raw.size() == limits::raw_bytes_per_query);
}
