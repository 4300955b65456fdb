// The migration files that are built into the binary.
#include <catch2/catch.hpp>

#include "base/embedded.hpp"
#include "store/sqlite/sqlite.hpp"
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

TEST_CASE("investigations of before members were known become groups of their first alert") {
    TempDir folder;
    auto loop = make_event_loop();
    auto steps = embedded_below("migrations/sqlite/");
    REQUIRE(steps.size() >= 2);
    steps.resize(1);
    const std::string path = folder / "test.db";
    {
        auto old = open_sqlite(path, loop->executor(), steps);
        REQUIRE(old);
        std::function<result<void>(Connection&)> fill = [](Connection& connection) -> result<void> {
            for (const char* sql :
                 {"INSERT INTO investigations (id, state, reason, alert, source, title, service, environment, severity, route, created_at, "
                  "fired, related_alerts, posted_run) VALUES ('inv_1', 'done', '', 1, 'datadog', '5xx', 'checkout', 'prod', 'error', '', "
                  "1000, 3, 0, '')",
                  "INSERT INTO alerts (id, investigation, source, fingerprint, episode, notification, effect, reason, received_at, alert) "
                  "VALUES (1, 'inv_1', 'datadog', 'f', 'e', 'trigger', 'started', '', 1000, '{}')"}) {
                auto done = connection.execute(sql);
                if (!done) return done.error();
            }
            return {};
        };
        REQUIRE(run(*loop, (*old)->write(std::move(fill))));
    }
    auto opened = open_sqlite_store(path, *loop);
    REQUIRE(opened);
    const Members members = run(*loop, opened->investigations->members("inv_1")).value();
    CHECK(members.alerts == 1);
    REQUIRE(members.shown.size() == 1);
    CHECK(members.shown[0].alerts == 3);
    CHECK(members.shown[0].why.empty());
    CHECK(members.services == 1);
}
