// Real repositories, made with the git command: histories, paths, merges, ranges, tags, and repositories that are not well.
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/integrations/git/mirror.hpp"

namespace repository_test {

using namespace gumshoe;
using namespace gumshoe::test;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

/// Two services, four commits, one of them long ago.
struct Shop : Mirrors {
    std::string oldest, retry, docs, pool;

    Shop() {
        create();
        write("services/checkout/pool.yaml", "max: 50\n");
        write("services/storefront/a.ts", "let a\n");
        oldest = commit("everything", hours(24 * 30));
        write("services/checkout/client.go", "retry\n");
        retry = commit("checkout: retry once\n\nbody", hours(48));
        write("docs/keys.md", "rotate\n");
        docs = commit("docs: keys", hours(3));
        write("services/checkout/pool.yaml", "max: 5\n");
        pool = commit("pool: lower it", hours(1));
    }
};

using Subjects = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Shop, "The history of a window is newest first, with committer's time, author, files and diff") {
    const auto commits = open()->history(last(hours(24 * 7)), "").value();
    REQUIRE(subjects(commits.changes) == Subjects{"pool: lower it", "docs: keys", "checkout: retry once"});
    CHECK_FALSE(commits.more);
    const auto& newest = commits.changes[0];
    CHECK(newest.id == pool);
    CHECK(newest.sha == pool);
    CHECK(newest.kind == "commit");
    CHECK(newest.time == now - hours(1));
    CHECK(newest.author == "Ana");
    CHECK(newest.files == std::vector<std::string>{"services/checkout/pool.yaml"});
    CHECK(newest.diff == "--- services/checkout/pool.yaml\n@@ -1 +1 @@\n-max: 50\n+max: 5\n\n");
    CHECK_FALSE(newest.deployed);

    CHECK(subjects(open()->history({now - hours(4), now - hours(2)}, "").value().changes) == Subjects{"docs: keys"});
    CHECK(open()->history({now - hours(200), now - hours(100)}, "").value().changes.empty());
    const auto first = open()->history(last(hours(24 * 60)), "").value().changes.back();
    CHECK(first.subject == "everything");
    CHECK(first.files.size() == 2);
}

TEST_CASE_METHOD(Shop, "A path leaves what touches it, and not what touches its namesakes") {
    CHECK(subjects(open()->history(last(hours(24 * 7)), "services/checkout").value().changes) ==
          Subjects{"pool: lower it", "checkout: retry once"});
    CHECK(subjects(open()->history(last(hours(24 * 60)), "services/storefront").value().changes) == Subjects{"everything"});
    CHECK(subjects(open()->history(last(hours(24 * 7)), "docs/keys.md").value().changes) == Subjects{"docs: keys"});
    for (const auto* nothing : {"services/check", "nothing", "services/checkout/*", "../shop", "/services"}) {
        INFO(nothing);
        CHECK(open()->history(last(hours(24 * 60)), nothing).value().changes.empty());
    }
}

TEST_CASE_METHOD(Shop, "A merge is in the whole history, and in a path's only where it differs from every side") {
    git({"checkout", "-q", "-b", "side", docs});
    write("services/checkout/client.go", "retry twice\n");
    commit("side: retry twice", minutes(50));
    git({"checkout", "-q", "main"});
    git({"merge", "-q", "--no-ff", "-m", "Merge branch 'side'", "side"}, "shop", now - minutes(40));
    CHECK(subjects(open()->history(last(hours(24)), "").value().changes) ==
          Subjects{"Merge branch 'side'", "side: retry twice", "pool: lower it", "docs: keys"});
    CHECK(subjects(open()->history(last(hours(24)), "services/checkout/client.go").value().changes) == Subjects{"side: retry twice"});
    const auto merge = open()->history(last(hours(24)), "").value().changes[0];
    CHECK(merge.files == std::vector<std::string>{"services/checkout/client.go"});  // what it brought to the branch

    const auto head = git({"rev-parse", "HEAD"});
    const auto range = open()->range(pool, head, "services/checkout").value();
    CHECK(range.whole.total_commits == 2);
    CHECK(range.whole.files == std::vector<std::string>{"services/checkout/client.go"});
}

TEST_CASE_METHOD(Shop, "A committer's clock that went wrong does not end the window") {
    write("a.txt", "1\n");
    commit("from the past", hours(24 * 400));
    write("a.txt", "2\n");
    commit("now", minutes(1));
    CHECK(subjects(open()->history(last(hours(24 * 7)), "").value().changes) ==
          Subjects{"now", "pool: lower it", "docs: keys", "checkout: retry once"});
}

TEST_CASE_METHOD(Shop, "A range is what one commit has and the other has not") {
    const auto range = open()->range(retry, pool, "services/checkout").value();
    CHECK(subjects(range.commits.changes) == Subjects{"pool: lower it"});
    CHECK(range.whole.total_commits == 2);
    CHECK(range.whole.files == std::vector<std::string>{"docs/keys.md", "services/checkout/pool.yaml"});
    CHECK_FALSE(range.whole.files_capped);
    CHECK(open()->range(retry.substr(0, 8), pool.substr(0, 8), "").value().commits.changes.size() == 2);

    const auto alone = open()->range("", pool, "").value();
    CHECK(subjects(alone.commits.changes) == Subjects{"pool: lower it"});
    CHECK(alone.whole.total_commits == 1);
    CHECK(alone.whole.files.size() == 1);
    CHECK(open()->range("", oldest, "").value().whole.files.size() == 2);

    const auto back = open()->range(pool, retry, "").value();  // a rollback brings nothing new
    CHECK(back.whole.total_commits == 0);
    CHECK(back.whole.files.size() == 2);
}

TEST_CASE_METHOD(Shop, "A commit that the mirror does not have is an error that says so") {
    const std::string unknown(40, 'a');
    CHECK(open()->range(unknown, pool, "").error().message == "the mirror shop has no commit aaaaaaa: was it fetched since?");
    CHECK(open()->range(retry, unknown, "").error().code == errc::not_found);
    for (const auto* bad : {"main", "HEAD~1", "--all", "", "v1.0"}) CHECK(open()->range(retry, bad, "").error().code == errc::not_found);
    const auto tree = git({"rev-parse", "HEAD^{tree}"});
    CHECK(open()->range(retry, tree, "").error().code == errc::not_found);
}

TEST_CASE_METHOD(Shop, "A version is the commit of its tag, annotated or not") {
    git({"tag", "v411", retry});
    git({"tag", "-a", "-m", "release", "checkout-412", pool}, "shop", now);
    git({"tag", "v413", git({"rev-parse", "HEAD:docs/keys.md"})});
    git({"branch", "v414", pool});
    const auto repository = open();
    CHECK(repository->commit_of("v411", "checkout").value() == retry);
    CHECK(repository->commit_of("411", "checkout").value() == retry);
    CHECK(repository->commit_of("v412", "checkout").value() == pool);
    CHECK(repository->commit_of("412", "payments").value().empty());
    CHECK(repository->commit_of("v413", "checkout").value().empty());  // a file
    CHECK(repository->commit_of("v414", "checkout").value().empty());  // a branch moves
    for (const auto* bad : {"../heads/main", "v4 11", "", "v411^{}", "a..b"}) CHECK(repository->commit_of(bad, "checkout").value().empty());
    git({"pack-refs", "--all"});
    CHECK(open()->commit_of("v412", "checkout").value() == pool);
}

TEST_CASE_METHOD(Shop, "A packed and bare mirror reads the same") {
    git({"gc", "-q"});
    git({"clone", "-q", "--mirror", "shop", "copy.git"}, "");
    CHECK(subjects(open("copy")->history(last(hours(24 * 7)), "services/checkout").value().changes) ==
          Subjects{"pool: lower it", "checkout: retry once"});
    CHECK(open("copy")->origin() == folder("shop").string());
    CHECK(open("shop")->origin().empty());
}

TEST_CASE_METHOD(Mirrors, "A repository without commits has an empty history") {
    create();
    const auto commits = open()->history(last(hours(1)), "").value();
    CHECK(commits.changes.empty());
    CHECK_FALSE(commits.more);
}

TEST_CASE_METHOD(Shop, "A corrupt repository is an error that says where to look") {
    SECTION("its objects are gone") {
        for (const auto& entry : std::filesystem::directory_iterator(folder() / ".git/objects")) std::filesystem::remove_all(entry);
    }
    SECTION("an object is garbage") {
        const auto object = folder() / ".git/objects" / pool.substr(0, 2) / pool.substr(2);
        std::filesystem::remove(object);
        write_file(object, "garbage");
    }
    SECTION("a tree is gone") {
        const auto tree = git({"rev-parse", pool + "^{tree}"});
        std::filesystem::remove(folder() / ".git/objects" / tree.substr(0, 2) / tree.substr(2));
    }
    SECTION("its HEAD is garbage") {
        write_file(folder() / ".git/HEAD", "garbage\n");
    }
    SECTION("its configuration is of a later git") {
        git({"config", "core.repositoryformatversion", "99"});
    }
    const auto repository = open();
    const auto read = repository ? repository->history(last(hours(24 * 7)), "") : result<git::Commits>(repository.error());
    REQUIRE_FALSE(read);
    CHECK(read.error().code == errc::bad_reply);
    CHECK_THAT(read.error().message, Catch::Contains("the mirror shop cannot be read (") && Catch::Contains("git fsck"));
}

TEST_CASE_METHOD(Shop, "A shallow clone is refused, not taken for a quiet one") {
    git({"clone", "-q", "--depth", "2", "file://" + folder("shop").string(), "shallow"}, "");
    CHECK(open("shallow").error().code == errc::unsupported);
    CHECK_THAT(open("shallow").error().message, Catch::Contains("the mirror shallow is a shallow clone") && Catch::Contains("--unshallow"));
    git({"fetch", "-q", "--unshallow"}, "shallow");
    CHECK(open("shallow")->history(last(hours(24 * 7)), "").value().changes.size() == 3);
}

TEST_CASE_METHOD(Mirrors, "A huge commit is cut to limits, the service's own files first") {
    create();
    commit("first", hours(3));
    for (int i = 0; i < 4000; ++i) write("generated/" + std::to_string(i), "x\n");
    write("generated/large.txt", std::string(3'000'000, 'x') + "\n");
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += "line " + std::to_string(i) + "\n";
    write("services/checkout/table.sql", text);
    const auto huge = commit("everything at once", hours(1));
    const auto change = open()->history(last(hours(2)), "services/checkout").value().changes.at(0);
    CHECK(change.files.size() == 50);
    CHECK(change.files[0] == "services/checkout/table.sql");
    CHECK(change.diff.size() <= 4000);
    CHECK_THAT(change.diff, Catch::StartsWith("--- services/checkout/table.sql\n@@ -0,0 +1,20000 @@"));
    const auto range = open()->range("", huge, "").value();
    CHECK(range.whole.files.size() == 3000);
    CHECK(range.whole.files_capped);
}

TEST_CASE_METHOD(Mirrors, "More commits than are taken are marked as cut") {
    create();
    std::string first;
    for (int i = 0; i < 110; ++i) {
        const auto sha = commit("commit " + std::to_string(i), minutes(200 - i));
        if (i == 0) first = sha;
    }
    const auto commits = open()->history(last(hours(24)), "").value();
    CHECK(commits.changes.size() == 100);
    CHECK(commits.changes[0].subject == "commit 109");
    CHECK(commits.more);
    const auto range = open()->range(first, commits.changes[0].id, "").value();
    CHECK(range.commits.changes.size() == 30);
    CHECK(range.commits.more);
    CHECK(range.whole.total_commits == 109);
}

TEST_CASE_METHOD(Shop, "Reading ends when its time is up") {
    const auto repository = open("shop", std::chrono::steady_clock::now());
    CHECK(repository->history(last(hours(24)), "").error().code == errc::timeout);
    CHECK(repository->range(retry, pool, "").error().code == errc::timeout);
    CHECK(repository->range(retry, pool, "").error().message == "reading the mirror shop took too long");
}

TEST_CASE_METHOD(Shop, "Nothing that a repository configures is run") {
    const auto mark = scratch / "ran";
    const auto touch = "touch '" + mark.string() + "'; cat";
    git({"config", "core.fsmonitor", touch});
    git({"config", "diff.external", touch});
    git({"config", "diff.loud.textconv", touch});
    git({"config", "diff.loud.command", touch});
    git({"config", "filter.loud.smudge", touch});
    git({"config", "core.hooksPath", (scratch / "hooks").string()});
    write("../../hooks/post-checkout", "#!/bin/sh\n" + touch + "\n");
    write_file(folder() / ".git/info/attributes", "* diff=loud filter=loud\n");
    CHECK(open()->history(last(hours(24 * 7)), "").value().changes.size() == 3);
    CHECK(open()->range(retry, pool, "").value().commits.changes.size() == 2);
    CHECK_FALSE(std::filesystem::exists(mark));
}

TEST_CASE_METHOD(Shop, "A mirror of another user is an error that says what to do") {
    if (geteuid() != 0) {
        WARN("only root can give a repository away");
        return;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder()))
        REQUIRE(chown(entry.path().c_str(), 65534, 65534) == 0);
    REQUIRE(chown(folder().c_str(), 65534, 65534) == 0);
    const auto refused = open();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::forbidden);
    CHECK_THAT(refused.error().message, Catch::Contains("belongs to another user") && Catch::Contains("safe.directory"));
}

}  // namespace repository_test
