// In which order the members of a group are asked.
#include "llm/order.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "tests/unit/llm/bench.hpp"

using namespace gumshoe;
using namespace gumshoe::llm;
using gumshoe::llm::test::Bench;

namespace {

std::string names(const Chain& chain) {
    std::string all;
    for (const llm::Link& link : chain) all += (all.empty() ? "" : " ") + link.target->name;
    return all;
}

Chain group_of(Bench& bench, Strategy strategy, const std::map<std::string, double>& weights) {
    Chain chain;
    for (const auto& [name, weight] : weights) {
        chain.push_back({.target = bench.target(name, "openai", "model-" + name), .group = 1, .strategy = strategy, .weight = weight});
    }
    return chain;
}

}  // namespace

TEST_CASE("groups are asked in their order, and an ordered one stays as it is written") {
    Bench bench;
    Memory memory;
    Random random(1);
    Chain chain = in_order({bench.target("z", "openai", "m"), bench.target("a", "openai", "m")});
    for (llm::Link& link : group_of(bench, Strategy::least_cost, {{"x", 1}, {"y", 1}})) chain.push_back(link);
    chain.push_back({.target = bench.target("b", "openai", "m"), .group = 2});
    CHECK(names(in_turn(chain, Bench::question(), memory, random)) == "z a x y b");
}

TEST_CASE("weights are how often each comes first, and zero comes last") {
    Bench bench;
    Memory memory;
    Random random(7);
    const Chain chain = group_of(bench, Strategy::weighted, {{"rare", 1}, {"often", 3}, {"spare", 0}});
    std::map<std::string, int> first;
    for (int i = 0; i < 4000; ++i) {
        const Chain turn = in_turn(chain, Bench::question(), memory, random);
        ++first[turn.front().target->name];
        REQUIRE(turn.back().target->name == "spare");
    }
    CHECK(first["often"] == Approx(3000).margin(120));
    CHECK(first["rare"] == Approx(1000).margin(120));
    Random again(7);
    Random once_more(7);
    for (int i = 0; i < 20; ++i) {
        CHECK(names(in_turn(chain, Bench::question(), memory, again)) == names(in_turn(chain, Bench::question(), memory, once_more)));
    }
}

TEST_CASE("the quickest comes first, and before it whoever is not known yet") {
    Bench bench;
    Memory memory;
    Random random(1);
    const Chain chain = group_of(bench, Strategy::least_latency, {{"a", 1}, {"b", 1}, {"c", 1}});
    memory.at(*chain[0].target).latency.first_content.add(milliseconds(900));
    memory.at(*chain[2].target).latency.total.add(milliseconds(300));  // not streamed
    CHECK(names(in_turn(chain, Bench::question(), memory, random)) == "b c a");
    memory.at(*chain[1].target).latency.first_content.add(milliseconds(500));
    memory.at(*chain[1].target).latency.total.add(milliseconds(9000));
    CHECK(names(in_turn(chain, Bench::question(), memory, random)) == "c b a");
}

TEST_CASE("the cheapest for this very request comes first") {
    Bench bench;
    Memory memory;
    Random random(1);
    const auto cheap_to_read = bench.target("reader", "openai", "r");
    const auto cheap_to_write = bench.target("writer", "openai", "w");
    cheap_to_read->price = {.input_per_million = 1, .cached_per_million = 1, .output_per_million = 100};
    cheap_to_write->price = {.input_per_million = 10, .cached_per_million = 10, .output_per_million = 1};
    Chain chain = in_order({cheap_to_read, cheap_to_write});
    for (llm::Link& link : chain) link.strategy = Strategy::least_cost;
    Request request = Bench::question();
    CHECK(names(in_turn(chain, request, memory, random)) == "writer reader");
    request.messages[1].text = std::string(300'000, 'x');
    CHECK(names(in_turn(chain, request, memory, random)) == "reader writer");
    cheap_to_write->overrides.max_output_tokens = 4'000'000;
    request = Bench::question();
    CHECK(names(in_turn(chain, request, memory, random)) == "reader writer");
}

TEST_CASE("the keys of a target stay side by side and count as one") {
    Bench bench;
    Memory memory;
    Random random(3);
    Chain chain;
    for (const char* name : {"two", "two", "one"}) {
        chain.push_back({.target = bench.target(name, "openai", "m"), .group = 0, .strategy = Strategy::weighted});
    }
    int first = 0;
    for (int i = 0; i < 2000; ++i) {
        const std::string turn = names(in_turn(chain, Bench::question(), memory, random));
        REQUIRE((turn == "two two one" || turn == "one two two"));
        if (turn.starts_with("two")) ++first;
    }
    CHECK(first == Approx(1000).margin(100));
}
