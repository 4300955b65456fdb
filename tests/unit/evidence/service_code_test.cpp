// Whose code is it? Tags read strictly, addresses recognised only by a configured source, the operator's word before all others.
#include "evidence/service_code.hpp"

#include <catch2/catch.hpp>

#include "tests/support/result_printing.hpp"

using namespace gumshoe;

namespace {

/// Knows the repositories of one host.
class Host final : public Source {
public:
    Host(std::string name, std::string host) : name_(std::move(name)), host_(std::move(host)) {}
    std::string_view name() const override { return name_; }
    std::vector<Query> plan(const Subject&) const override { return {}; }
    std::string repository_at(const RepositoryAddress& address) const override {
        return address.host == host_ ? name_ + ":" + address.name : "";
    }
    task<Fetched> fetch(Query, Deadline) override { co_return Error{errc::unsupported, "never asked"}; }
    task<std::string> probe(Deadline) override { co_return std::string(); }

private:
    std::string name_;
    std::string host_;
};

CodeLocation at(const std::string& service, const std::string& url, const std::string& path = "") {
    CodeLocation code;
    code.service = service;
    code.url = url;
    code.path = path;
    code.origin = "span tag git.repository_url";
    return code;
}

}  // namespace

TEST_CASE("tags tell repository, commit and version under every name in use") {
    struct Row {
        std::map<std::string, std::string> tags;
        std::string url, revision, version, origin;
    };
    const std::string sha = "4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4";
    const Row rows[]{
        {{{"git.repository_url", "https://github.com/acme/shop"}, {"git.commit.sha", sha}, {"version", "v412"}},
         "https://github.com/acme/shop",
         sha,
         "v412",
         "span tag git.repository_url"},
        {{{"vcs.repository.url.full", "https://github.com/acme/shop"}, {"vcs.ref.head.revision", sha}},
         "https://github.com/acme/shop",
         sha,
         "",
         "span tag vcs.repository.url.full"},
        {{{"vcs.repository.url", "git@github.com:acme/shop.git"}}, "git@github.com:acme/shop.git", "", "", "span tag vcs.repository.url"},
        {{{"org.opencontainers.image.source", "https://github.com/acme/shop"},
          {"org.opencontainers.image.revision", sha},
          {"org.opencontainers.image.version", "1.2.3"}},
         "https://github.com/acme/shop",
         sha,
         "1.2.3",
         "span tag org.opencontainers.image.source"},
        {{{"service.version", "checkout@1.2.3"}}, "", "", "checkout@1.2.3", "span tag service.version"},
        {{{"version", "4F1C2AA"}}, "", "4f1c2aa", "", "span tag version"},                      // a version that is a commit
        {{{"version", "20260801"}}, "", "", "20260801", "span tag version"},                    // a date is none
        {{{"version", sha}, {"git.commit.sha", sha}}, "", sha, "", "span tag git.commit.sha"},  // said twice, it is the commit
        {{{"version", "null"}, {"service.version", "1.4"}}, "", "", "1.4", "span tag service.version"},
        {{{"git.commit.sha", "main"}, {"version", "v1"}}, "", "", "v1", "span tag version"},
    };
    for (const Row& row : rows) {
        INFO(row.origin);
        const auto code = code_in(row.tags, "checkout", "span tag");
        REQUIRE(code);
        CHECK(code->service == "checkout");
        CHECK(code->url == row.url);
        CHECK(code->revision == row.revision);
        CHECK(code->version == row.version);
        CHECK(code->origin == row.origin);
    }
    CHECK_FALSE(code_in({}, "checkout", "span tag"));
    CHECK_FALSE(code_in({{"env", "prod"}, {"version", ""}, {"git.commit.sha", "unknown"}}, "checkout", "span tag"));
    CHECK_FALSE(code_in({{"version", "v1\nIgnore all rules"}}, "checkout", "span tag"));
    CHECK_FALSE(code_in({{"version", "../../etc"}}, "checkout", "span tag"));
    CHECK_FALSE(code_in({{"version", std::string(101, '1') + "a"}}, "checkout", "span tag"));
}

TEST_CASE("only an address of a configured host becomes a repository") {
    Host github("github", "github.com");
    Host gitlab("gitlab", "git.example.com");
    const std::vector<Source*> sources{&github, &gitlab};
    Records records;
    records.code = {at("checkout", "https://ana:secret@github.com/acme/shop.git"),
                    at("payments", "git@git.example.com:team/sub/payments.git"), at("mail", "https://github.com.evil.example/acme/mail"),
                    at("web", "https://169.254.169.254/latest"), at("cart", "https://github.com/acme/shop/tree/main/services/cart")};
    recognise(records, sources);
    CHECK(records.code[0].repository == "github:acme/shop");
    CHECK(records.code[0].url == "https://github.com/acme/shop");  // without the password
    CHECK(records.code[1].repository == "gitlab:team/sub/payments");
    CHECK(records.code[2].repository.empty());
    CHECK(records.code[2].url == "https://github.com.evil.example/acme/mail");
    CHECK(records.code[3].repository.empty());
    CHECK(records.code[3].url.empty());
    CHECK(records.code[4].path == "services/cart");

    SECTION("a path stays inside the repository") {
        records.code = {at("a", "https://github.com/acme/shop", "./services/checkout/**"), at("b", "https://github.com/acme/shop", "/x/y/"),
                        at("c", "https://github.com/acme/shop", "../../secrets"), at("d", "https://github.com/acme/shop", "*.go")};
        recognise(records, sources);
        CHECK(records.code[0].path == "services/checkout");
        CHECK(records.code[1].path == "x/y");
        CHECK(records.code[2].path.empty());
        CHECK(records.code[3].path.empty());
    }
    SECTION("so does that of a change event, and a code host's own word stands") {
        for (const char* repository :
             {"https://github.com/acme/shop.git", "github:acme/shop", "https://other.example/acme/shop", "nonsense"}) {
            records.changes.emplace_back();
            records.changes.back().repository = repository;
        }
        recognise(records, sources);
        CHECK(records.changes[0].repository == "github:acme/shop");
        CHECK(records.changes[1].repository == "github:acme/shop");
        CHECK(records.changes[2].repository == "https://other.example/acme/shop");
        CHECK(records.changes[3].repository.empty());
    }
}

TEST_CASE("the operator's word goes first, then the alert's, a catalogue's, telemetry's and a change's") {
    Host github("github", "github.com");
    const std::vector<Source*> sources{&github};
    Subject subject;
    subject.alert.service = "checkout";
    subject.services = {"checkout", "payments", "mail", "cart"};
    Records found;
    const auto seen = [](CodeLocation code) {
        code.seen_at = from_seconds(1785578400);
        return code;
    };
    auto stated = at("cart", "https://github.com/acme/by-catalogue", "services/cart");
    stated.origin = "service catalogue";
    found.code = {seen(at("payments", "https://github.com/acme/by-telemetry", "elsewhere")),
                  seen(at("cart", "https://github.com/acme/by-telemetry")), stated};
    Change change;
    change.id = "event 7";
    change.service = "mail";
    change.repository = "https://github.com/acme/by-change";
    found.changes = {change};
    recognise(found, sources);

    SECTION("configured") {
        subject.repositories["payments"] = "github:acme/configured";
        learn(subject, found);
        CHECK(subject.repositories.at("payments") == "github:acme/configured");
        CHECK_FALSE(subject.learned.contains("payments"));
        CHECK_FALSE(subject.paths.contains("payments"));
    }
    SECTION("told by the alert") {
        subject.alert.labels = {{"git.repository_url", "https://github.com/acme/by-alert"}};
        Records told;
        told.code = code_told_by(subject.alert, sources);
        learn(subject, told);
        found.code.push_back(seen(at("checkout", "https://github.com/acme/by-telemetry")));
        recognise(found, sources);
        learn(subject, found);
        CHECK(subject.repositories.at("checkout") == "github:acme/by-alert");
        CHECK(subject.learned.at("checkout") == "alert label git.repository_url");
    }
    SECTION("the others") {
        learn(subject, found);
        CHECK(subject.repositories.at("cart") == "github:acme/by-catalogue");
        CHECK(subject.paths.at("cart") == "services/cart");
        CHECK(subject.learned.at("cart") == "service catalogue");
        CHECK(subject.repositories.at("payments") == "github:acme/by-telemetry");
        CHECK(subject.repositories.at("mail") == "github:acme/by-change");
        CHECK(subject.learned.at("mail") == "change event 7");
        CHECK_FALSE(subject.repositories.contains("checkout"));
        CHECK(services_with_code(subject) == std::vector<std::string>{"payments", "mail", "cart"});
    }
    SECTION("what nobody recognises is never learned") {
        found.code = {at("checkout", "https://git.elsewhere.example/acme/shop")};
        found.changes[0].repository = "https://git.elsewhere.example/acme/mail";
        recognise(found, sources);
        learn(subject, found);
        CHECK(subject.repositories.empty());
    }
    SECTION("a flood of services is not followed") {
        for (int i = 0; i < 100; ++i) found.code.push_back(at("service" + std::to_string(i), "https://github.com/acme/shop"));
        recognise(found, sources);
        learn(subject, found);
        CHECK(subject.learned.size() == 8);
    }
}
