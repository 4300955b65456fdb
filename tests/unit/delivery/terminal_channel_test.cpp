// Messages on a terminal.
#include <catch2/catch.hpp>
#include <vector>

#include "delivery/terminal_channel.hpp"
#include "tests/support/loop.hpp"

namespace gumshoe {
namespace {

TEST_CASE("a post is printed whole, an edit only where it says something new") {
    std::vector<std::string> printed;
    const auto channel = make_terminal_channel([&](std::string text) { printed.push_back(std::move(text)); }, false, 80);
    Document document{"facts", {{Block::Kind::header, {{plain("checkout is slow")}}}, {Block::Kind::section, {{plain("asking")}}}}};
    const Deadline deadline{Monotonic::max()};
    const PostOutcome posted = test::run(channel->post("C1", "", document, "key", false, deadline));
    CHECK(posted.kind == PostOutcome::Kind::posted);
    REQUIRE(printed.size() == 1);
    CHECK_THAT(printed[0], Catch::Contains("checkout is slow") && Catch::Contains("asking"));
    test::run(channel->update("C1", posted.ts, document, false, deadline));
    CHECK(printed.size() == 1);
    document.blocks[1].lines = {{plain("cause found")}};
    test::run(channel->update("C1", posted.ts, document, false, deadline));
    REQUIRE(printed.size() == 2);
    CHECK(printed[1] == "cause found\n");
    CHECK(test::run(channel->find("C1", "", "key", {}, deadline)).value().empty());
}

}  // namespace
}  // namespace gumshoe
