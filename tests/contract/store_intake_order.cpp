// Whatever the order and number of deliveries, the state they lead to is one, on every engine.
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "tests/support/intake.hpp"

namespace store_intake_order {

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

/// What happened, as the sender's clock has it.
struct Happening {
    std::string fingerprint;
    std::string episode;
    Notification notification;
    Timestamp at;
};

using Random = std::mt19937;

std::vector<Happening> random_history(Random& random, Timestamp start) {
    const auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };
    std::vector<Happening> history;
    for (int f = 0; f < 3; ++f) {
        Timestamp at = start + seconds(random() % 60);
        for (int e = 0; e < 2; ++e) {
            const std::string fingerprint = "f" + std::to_string(f);
            const std::string episode = "e" + std::to_string(e);
            for (bool again = true; again; again = chance(30)) {
                history.push_back({fingerprint, episode, trigger, at += seconds(1 + random() % 60)});
                while (chance(40)) history.push_back({fingerprint, episode, renotify, at += seconds(60)});
                if (chance(75)) history.push_back({fingerprint, episode, recovery, at += seconds(1 + random() % 60)});
            }
        }
    }
    return history;
}

std::map<std::string, std::string> expected_states(const std::vector<Happening>& history) {
    std::map<std::string, std::pair<Timestamp, Timestamp>> times;
    for (const Happening& one : history) {
        auto& [fired, ended] = times[one.fingerprint + "|" + one.episode];
        if (one.notification == trigger) fired = std::max(fired, one.at);
        if (one.notification == recovery) ended = std::max(ended, one.at);
    }
    std::map<std::string, std::string> states;
    for (const auto& [episode, both] : times) {
        const bool open = both.first > both.second;
        states[episode] = open ? "open|-" : "resolved|" + std::to_string(to_millis(both.second));
    }
    return states;
}

awaitable<void> record_into(IntakeTest& test, Delivery delivery, std::vector<Alert> alerts, std::vector<Verdict>& verdicts) {
    auto recorded = co_await test.store->intake->record(std::move(delivery), std::move(alerts), test.policy);
    verdicts.push_back(recorded ? recorded->verdict : Verdict::refused);
}

}  // namespace

TEST_CASE("intake: deliveries in any order and number give one final state") {
    IntakeTest test;
    const unsigned seed = GENERATE(range(1u, 41u));
    CAPTURE(seed);
    Random random(seed);
    const auto history = random_history(random, test.clock.now());
    auto order = history;
    for (const Happening& one : history) {
        if (random() % 3 == 0) order.push_back(one);  // sent again under a key of its own
    }
    std::shuffle(order.begin(), order.end(), random);

    std::vector<Verdict> verdicts;
    std::vector<awaitable<void>> all;
    std::size_t sent = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const Happening& one = order[i];
        test.clock.advance(milliseconds(random() % 1000));
        Alert alert = sample_alert(one.fingerprint, one.episode, one.notification, one.at);
        alert.service = random() % 2 ? "checkout" : "";
        alert.environment = "prod";
        alert.received_at = test.clock.now();
        for (std::size_t copies = 1 + random() % 3; copies > 0; --copies, ++sent) {  // sent again under the same key
            all.push_back(record_into(test, test.delivery("key " + std::to_string(i)), {alert}, verdicts));
        }
    }
    run(*test.store.loop, test.store.loop->all(std::move(all)));
    REQUIRE(verdicts.size() == sent);
    CHECK(std::count(verdicts.begin(), verdicts.end(), Verdict::duplicate) == static_cast<std::ptrdiff_t>(sent - order.size()));
    CHECK(std::count(verdicts.begin(), verdicts.end(), Verdict::refused) == 0);

    std::map<std::string, std::string> states;
    for (const std::string& row : test.store.rows("SELECT fingerprint, episode, state, resolved_at FROM episodes", 4)) {
        const auto second = row.find('|', row.find('|') + 1);
        states[row.substr(0, second)] = row.substr(second + 1);
    }
    CHECK(states == expected_states(history));
    // Whatever fires is being investigated, and an investigation is over exactly when all of its episodes are.
    CHECK(test.count("episodes WHERE state = 'open' AND investigation IS NULL") == 0);
    CHECK(test.count("investigations i WHERE (i.resolved_at IS NULL) <> EXISTS "
                     "(SELECT 1 FROM episodes e WHERE e.investigation = i.id AND e.state = 'open')") == 0);
    CHECK(test.count("investigations i WHERE NOT EXISTS (SELECT 1 FROM runs r WHERE r.investigation = i.id)") == 0);
    CHECK(test.jobs("run") == test.count("investigations"));
    CHECK(test.count("alerts") == order.size());
}

}  // namespace store_intake_order
