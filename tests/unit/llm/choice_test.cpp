// Whom a request asks next, decided without a router.
#include <catch2/catch.hpp>

#include "llm/order.hpp"
#include "llm/plan.hpp"

using namespace gumshoe;
using namespace gumshoe::llm;

namespace {

Chain two_targets() {
    Targets targets;
    for (const char* name : {"main", "second"}) {
        auto target = std::make_shared<Target>();
        target->name = name;
        target->provider = name;
        target->model = "m";
        targets.push_back(std::move(target));
    }
    return in_order(targets);
}

}  // namespace

TEST_CASE("T-13: a target that failed is asked again only when nobody else is left, however short its pause") {
    const Memory memory;
    const RouterOptions options;
    Random random(1);
    const Monotonic now{std::chrono::hours(1)};
    Journey journey = plan_journey({}, two_targets(), {}, now + std::chrono::seconds(60), memory, random);
    const auto chosen = [&] { return choose(journey, memory, options, now, {}).slot; };
    CHECK(chosen() == 0);
    journey.attempts = 1;
    journey.slots[0].tries = 1;
    journey.slots[0].not_before = now;  // the shortest that may be drawn
    CHECK(chosen() == 1);
    journey.slots[0].mending = true;  // the same call, mended
    CHECK(chosen() == 0);
    journey.slots[0].mending = false;
    journey.slots[1].tries = 1;
    CHECK(chosen() == 0);
    journey.slots[1].tries = 0;
    journey.last_call = now + std::chrono::seconds(1);  // too little for either: the one that may still surprise
    CHECK(chosen() == 1);
}
