// Keys in files that change while the service runs.
#include "llm/credentials.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "base/secret_file.hpp"
#include "tests/support/process.hpp"
#include "tests/unit/llm/bench.hpp"

using namespace gumshoe;
using namespace gumshoe::llm;
using namespace std::chrono_literals;
using gumshoe::llm::test::Bench;
using gumshoe::llm::test::canary;

namespace {

const std::string old_key = std::string(canary) + "old";
const std::string new_key = std::string(canary) + "new";

/// A bench whose first target has its key from a file; OpenAI takes the new key alone.
struct Lent : Bench {
    explicit Lent(bool stream = true) : Bench(stream) {
        scenario["llm"]["openai"]["api_key"] = new_key;
        options.on_new_key = [this](const Secret& key) { told.emplace_back(key.reveal()); };
        restart();
        put(old_key);
        main = target("main", "openai", "gpt-4o");
        main->api_key = read();
        targets = {main, target("second", "anthropic", "claude-sonnet-5")};
    }

    void put(const std::string& key) const { std::ofstream(file) << key << "\n"; }
    Secret read() const { return read_secret_file(file.string())->value; }
    /// "main auth_bad primary", an attempt each.
    std::vector<std::string> journal() const {
        std::vector<std::string> lines;
        for (const LlmAttempt& row : store.rows) lines.push_back(row.target + " " + row.outcome + " " + row.purpose);
        return lines;
    }

    gumshoe::test::Scratch folder;
    std::filesystem::path file = folder / "token";
    std::vector<std::string> told;
    std::shared_ptr<Target> main;
    Targets targets;
};

}  // namespace

TEST_CASE("a key that is refused is read again from its file, once, and the same target answers") {
    const bool stream = GENERATE(true, false);
    Lent lent(stream);
    lent.put(new_key);
    CHECK(lent.answer(lent.targets).target == "main");
    CHECK(lent.journal() == std::vector<std::string>{"main auth_bad primary", "main ok repair"});
    CHECK(lent.store.rows[0].key_fingerprint == key_fingerprint(*lent.main));
    CHECK(lent.store.rows[1].key_fingerprint != key_fingerprint(*lent.main));
    CHECK(lent.router->quarantines().empty());
    CHECK(lent.alarms.empty());
    CHECK(lent.told == std::vector<std::string>{new_key});

    // What was learned holds for every request after it, and for what an operator is shown.
    CHECK(lent.answer(lent.targets).target == "main");
    CHECK(lent.calls()["gpt-4o"] == 3);
    CHECK(lent.state(lent.main).key_fingerprint == lent.store.rows[1].key_fingerprint);
    CHECK(lent.told.size() == 1);
    for (const LlmAttempt& row : lent.store.rows) CHECK(row.reason.find(canary) == std::string::npos);
}

TEST_CASE("a refused key whose file holds nothing else is quarantined, and free as soon as another lies there") {
    const std::string left = GENERATE("the same", "nothing", "no file");
    CAPTURE(left);
    Lent lent;
    if (left == "nothing") lent.put("");
    if (left == "no file") std::filesystem::remove(lent.file);
    CHECK(lent.answer(lent.targets).target == "second");
    CHECK(lent.answer(lent.targets).target == "second");
    CHECK(lent.calls()["gpt-4o"] == 1);
    REQUIRE(lent.store.quarantined.size() == 1);
    REQUIRE(lent.alarms.size() == 1);
    CHECK(lent.alarms[0].find("Put a valid OpenAI key into " + lent.file.string()) != std::string::npos);

    lent.put(new_key);
    CHECK(lent.answer(lent.targets).target == "main");
    CHECK(lent.calls()["gpt-4o"] == 2);
    CHECK(lent.store.quarantined.empty());
    CHECK(lent.router->quarantines().empty());
}

TEST_CASE("what one target learned of a file the others of the request know too") {
    Lent lent;
    lent.put(new_key);
    lent.main->model = "fb-500";
    auto mini = std::make_shared<Target>(*lent.main);
    mini->name = "mini";
    mini->model = "gpt-4o-mini";
    CHECK(lent.answer(Targets{lent.main, mini}).target == "mini");
    CHECK(lent.journal() == std::vector<std::string>{"main auth_bad primary", "main server_error repair", "mini ok hop"});
}

TEST_CASE("a file that holds another key at each look costs a request one look") {
    Lent lent;
    lent.scenario["llm"]["openai"]["api_key"] = "none of them";
    lent.http.delay = [&](const HttpRequest&) {
        lent.put(new_key + std::to_string(lent.http.requests.size()));
        return 0ms;
    };
    CHECK(lent.answer(lent.targets).target == "second");
    CHECK(lent.journal() == std::vector<std::string>{"main auth_bad primary", "main auth_bad repair", "second ok hop"});
    REQUIRE(lent.router->quarantines().size() == 1);
    CHECK(lent.router->quarantines()[0].scope != key_scope(*lent.main));
}

TEST_CASE("fifty requests that meet the end of a token at once leave no quarantine behind") {
    Lent lent;
    lent.put(new_key);
    lent.http.delay = [](const HttpRequest&) { return 100ms; };
    std::vector<std::string> answered;
    for (int i = 0; i < 50; ++i) lent.loop->spawn("request", lent.ask_in_passing(in_order(lent.targets), &answered));
    for (int i = 0; i < 5; ++i) {
        gumshoe::test::run_ready(*lent.loop);
        lent.clock.advance(100ms);
    }
    gumshoe::test::run_ready(*lent.loop);
    CHECK(answered == std::vector<std::string>(50, "main"));
    CHECK(lent.router->quarantines().empty());
    CHECK(lent.told.size() == 1);
}

TEST_CASE("keys that belong together are renewed together; a named account stays, another is its key's") {
    Lent lent;
    const auto in_file = [&](const char* name, const char* value) {
        std::ofstream(lent.folder / name) << value;
        return read_secret_file((lent.folder / name).string())->value;
    };
    auto target = std::make_shared<Target>(*lent.main);
    target->access_key_id = in_file("id", "ASIA1");
    target->session_token = in_file("session", "session-1");
    const bool named = GENERATE(true, false);
    target->account = named ? "acme" : key_fingerprint(*target);

    Credentials credentials({});
    CHECK(credentials.renew(target) == nullptr);
    in_file("id", "ASIA2");
    in_file("session", "session-2");
    lent.put(new_key);
    CHECK(credentials.current(target) == target);
    const auto renewed = credentials.renew(target);
    REQUIRE(renewed != nullptr);
    CHECK(renewed->api_key.reveal() == new_key);
    CHECK(renewed->access_key_id.reveal() == "ASIA2");
    CHECK(renewed->session_token.reveal() == "session-2");
    CHECK(renewed->account == (named ? "acme" : key_fingerprint(*renewed)));
    CHECK(credentials.current(target)->session_token.reveal() == "session-2");
    CHECK(credentials.renew(renewed) == nullptr);
}
