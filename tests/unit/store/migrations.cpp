// The migration files that are built into the binary.
#include <catch2/catch.hpp>

#include "base/embedded.hpp"
#include "tests/support/store.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

TEST_CASE("migrations are numbered from 1 without a gap") {
    const auto steps = embedded_below("migrations/sqlite/");
    REQUIRE(!steps.empty());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const std::string name(steps[i].path.substr(steps[i].path.rfind('/') + 1));
        CHECK(std::stoul(name.substr(0, 4)) == i + 1);
    }
}

TEST_CASE("every table is strict and every CHECK and UNIQUE of it has a name") {
    TestStore store;
    for (const std::string& sql :
         store.rows("SELECT sql FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%sqlite_sequence%'", 1)) {
        CAPTURE(sql);
        CHECK(sql.find(") STRICT") != std::string::npos);
        for (std::size_t at = sql.find("CHECK ("); at != std::string::npos; at = sql.find("CHECK (", at + 1)) {
            const auto line = sql.rfind('\n', at);
            CHECK(sql.substr(line, at - line).find("CONSTRAINT ") != std::string::npos);
        }
    }
}
