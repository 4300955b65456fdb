// The SQLite engine: group commit, isolation, what it refuses to open, what it does when the disk fails.
#include "store/sqlite/sqlite.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <future>
#include <thread>

#include "base/limits.hpp"
#include "store/sqlite/migrate.hpp"
#include "tests/support/store.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

const std::vector<EmbeddedFile> one_table = {{"migrations/sqlite/0001_init.sql", "CREATE TABLE notes (text TEXT NOT NULL UNIQUE) STRICT;"}};

struct Engine {
    TempDir folder;
    FakeClock clock;
    std::unique_ptr<EventLoop> loop = make_event_loop(clock);
    std::unique_ptr<Database> database = open();

    std::unique_ptr<Database> open() {
        auto opened = open_sqlite(folder / "test.db", loop->executor(), one_table);
        if (!opened) throw std::runtime_error(opened.error().message);
        return std::move(*opened);
    }
    std::int64_t notes() {
        std::function<result<std::int64_t>(Connection&)> count = [](Connection& connection) -> result<std::int64_t> {
            auto rows = connection.query("SELECT count(*) FROM notes");
            if (!rows) return rows.error();
            return rows->front().integer(0);
        };
        return run(*loop, read_value(*database, std::move(count))).value();
    }
    result<void> write(std::function<result<void>(Connection&)> work) { return run(*loop, database->write(std::move(work))); }
};

std::function<result<void>(Connection&)> note(const std::string& text) {
    return [text](Connection& connection) -> result<void> {
        auto inserted = connection.execute("INSERT INTO notes (text) VALUES (?1)", {text});
        return inserted ? result<void>() : result<void>(inserted.error());
    };
}

/// Holds the writer thread until it is opened, so that others have to wait for the next commit.
struct Gate {
    std::promise<void> promise;
    std::promise<void> entered;
    std::shared_future<void> opened = promise.get_future().share();
    std::function<result<void>(Connection&)> work() {
        return [this](Connection&) -> result<void> {
            entered.set_value();
            opened.wait();
            return {};
        };
    }
};

awaitable<void> into(task<void> work, result<void>& outcome) {
    outcome = co_await std::move(work);
}

/// Blocks the loop until the writer stands in the gate: what comes next has to wait.
awaitable<void> see_it_held(Gate& gate) {
    gate.entered.get_future().wait();
    co_return;
}

awaitable<void> open_gate(Gate& gate) {
    gate.promise.set_value();
    co_return;
}

/// All of these in one commit, behind a gate.
std::vector<result<void>> write_together(Engine& engine, const std::vector<std::function<result<void>(Connection&)>>& works) {
    Gate gate;
    result<void> first;
    std::vector<result<void>> outcomes(works.size());
    std::vector<awaitable<void>> all;
    all.push_back(into(engine.database->write(gate.work()), first));
    all.push_back(see_it_held(gate));
    for (std::size_t i = 0; i < works.size(); ++i) all.push_back(into(engine.database->write(works[i]), outcomes[i]));
    all.push_back(open_gate(gate));
    run(*engine.loop, engine.loop->all(std::move(all)));
    REQUIRE(first);
    return outcomes;
}

Error refusal(const std::string& path, const std::vector<EmbeddedFile>& migrations = one_table) {
    auto loop = make_event_loop();
    auto opened = open_sqlite(path, loop->executor(), migrations);
    REQUIRE(!opened);
    return opened.error();
}

}  // namespace

TEST_CASE("callers that wait together share one commit") {
    Engine engine;
    std::vector<std::function<result<void>(Connection&)>> works;
    for (int i = 0; i < 100; ++i) works.push_back(note("note " + std::to_string(i)));
    const auto before = engine.database->counters();
    const auto outcomes = write_together(engine, works);
    const auto after = engine.database->counters();
    for (const auto& outcome : outcomes) CHECK(outcome);
    CHECK(after.writes - before.writes == 101);
    CHECK(after.commits - before.commits == 2);  // the gate's and everybody else's
    CHECK(engine.notes() == 100);
}

TEST_CASE("what is posted comes before all that is written later; only its failure is told, on the loop") {
    Engine engine;
    std::vector<std::string> failures;
    const auto loop_thread = std::this_thread::get_id();
    auto failed = [&](const Error& error) {
        CHECK(std::this_thread::get_id() == loop_thread);
        failures.push_back(error.message);
    };
    for (const char* text : {"a", "b", "a", "c"}) engine.database->post(note(text), failed);
    REQUIRE(engine.write(note("last")));
    CHECK(engine.notes() == 4);
    REQUIRE(failures.size() == 1);  // the second a
    for (int i = 0; i < 200; ++i) engine.database->post(note("late " + std::to_string(i)), failed);
    engine.database.reset();
    engine.database = engine.open();
    CHECK(engine.notes() == 204);
}

TEST_CASE("an error rolls back its own transaction and no other of the same commit") {
    Engine engine;
    auto half = [](Connection& connection) -> result<void> {
        auto done = note("half")(connection);
        if (!done) return done;
        return Error{errc::lease_lost, "not ours"};
    };
    auto broken = [](Connection& connection) -> result<void> {
        auto done = note("broken")(connection);
        if (!done) return done;
        throw std::runtime_error("a bug");
    };
    const auto outcomes = write_together(engine, {note("a"), half, broken, note("a"), note("b")});
    CHECK(outcomes[0]);
    REQUIRE(!outcomes[1]);
    CHECK(outcomes[1].error().code == errc::lease_lost);
    REQUIRE(!outcomes[2]);
    CHECK(outcomes[2].error().code == errc::internal);
    REQUIRE(!outcomes[3]);
    CHECK(outcomes[3].error().code == errc::conflict);
    CHECK(outcomes[4]);
    CHECK(engine.notes() == 2);
}

TEST_CASE("a cancelled caller resumes only when its work has ended") {
    Engine engine;
    Gate gate;
    std::vector<std::string> order;
    auto work = [&](Connection&) -> result<void> {
        gate.opened.wait();
        order.push_back("work ended");
        return {};
    };
    struct Story {
        static awaitable<void> caller(Database& database, std::function<result<void>(Connection&)> its_work,
                                      std::vector<std::string>& said) {
            auto done = co_await database.write(std::move(its_work));
            said.push_back(done ? "caller resumed" : "caller failed");
        }
        static awaitable<void> impatient(Engine& its, awaitable<void> call, std::vector<std::string>& said) {
            const Deadline soon = Deadline::after(its.clock, milliseconds(10));
            bool in_time = co_await its.loop->within(soon, std::move(call));
            said.push_back(in_time ? "in time" : "cancelled");
        }
        static awaitable<void> later(Engine& its, Gate& closed) {
            co_await its.clock.sleep_until(its.clock.monotonic() + milliseconds(50));
            closed.promise.set_value();
        }
    };
    std::vector<awaitable<void>> all;
    all.push_back(Story::impatient(engine, Story::caller(*engine.database, work, order), order));
    all.push_back(Story::later(engine, gate));
    run(*engine.loop, engine.loop->all(std::move(all)));
    CHECK(order == std::vector<std::string>{"work ended", "caller resumed", "cancelled"});
}

TEST_CASE("a reader sees no half of a transaction and cannot write") {
    Engine engine;
    REQUIRE(engine.write(note("a")));
    std::int64_t seen = -1;
    Gate gate;
    auto slow = [&](Connection& connection) -> result<void> {
        auto done = note("b")(connection);
        gate.opened.wait();
        return done;
    };
    std::function<result<void>(Connection&)> look = [&](Connection& connection) -> result<void> {
        auto rows = connection.query("SELECT count(*) FROM notes");
        if (!rows) return rows.error();
        seen = rows->front().integer(0);
        return {};
    };
    struct Story {
        static awaitable<void> reader(Engine& its, std::function<result<void>(Connection&)> its_look, Gate& closed) {
            auto done = co_await its.database->read(std::move(its_look));
            closed.promise.set_value();
            REQUIRE(done);
        }
    };
    result<void> written;
    std::vector<awaitable<void>> all;
    all.push_back(into(engine.database->write(slow), written));
    all.push_back(Story::reader(engine, look, gate));
    run(*engine.loop, engine.loop->all(std::move(all)));
    CHECK(written);
    CHECK(seen == 1);
    CHECK(engine.notes() == 2);
    auto refused = run(*engine.loop, engine.database->read(note("c")));
    REQUIRE(!refused);
    CHECK(engine.notes() == 2);
}

TEST_CASE("too many waiting callers are told at once, and those inside the limit are served") {
    Engine engine;
    Gate gate;
    const std::size_t extra = 5;
    std::vector<result<void>> outcomes(limits::store_waiting + extra + 1);
    std::vector<awaitable<void>> all;
    all.push_back(into(engine.database->write(gate.work()), outcomes[0]));
    all.push_back(see_it_held(gate));
    for (std::size_t i = 1; i < outcomes.size(); ++i)
        all.push_back(into(engine.database->write([](Connection&) { return result<void>(); }), outcomes[i]));
    all.push_back(open_gate(gate));
    run(*engine.loop, engine.loop->all(std::move(all)));
    const auto refused = std::count_if(outcomes.begin(), outcomes.end(), [](const auto& one) { return !one; });
    CHECK(refused == static_cast<std::ptrdiff_t>(extra));
    for (const auto& outcome : outcomes) CHECK((outcome || outcome.error().code == errc::storage));
}

TEST_CASE("what was written is there after the process was killed") {
    TempDir folder;
    const std::string path = folder / "test.db";
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        auto loop = make_event_loop();
        auto opened = open_sqlite(path, loop->executor(), one_table);
        const bool written = opened && run(*loop, (*opened)->write(note("kept")));
        ::_exit(written ? 0 : 1);  // no destructor runs: the WAL is left as a crash leaves it
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(status == 0);
    auto loop = make_event_loop();
    auto opened = open_sqlite(path, loop->executor(), one_table);
    REQUIRE(opened);
    std::function<result<std::string>(Connection&)> look = [](Connection& connection) -> result<std::string> {
        return connection.query("SELECT text FROM notes").value().at(0).text(0);
    };
    CHECK(run(*loop, read_value(**opened, std::move(look))).value() == "kept");
}

TEST_CASE("the file is its owner's alone and one process's at a time") {
    Engine engine;
    struct stat info{};
    REQUIRE(::stat((engine.folder / "test.db").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    REQUIRE(::stat((engine.folder / "test.db-wal").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    CHECK(refusal(engine.folder / "test.db").message.find("in use by another gumshoe process") != std::string::npos);
    engine.database.reset();
    CHECK(::stat((engine.folder / "test.db-wal").c_str(), &info) != 0);  // checkpointed: a single file is left
    engine.database = engine.open();
}

TEST_CASE("a full disk fails one transaction and is over when there is room") {
    Engine engine;
    auto limit = [](const std::string& pages) {
        return [pages](Connection& connection) -> result<void> {
            auto rows = connection.query("PRAGMA max_page_count = " + pages);
            return rows ? result<void>() : result<void>(rows.error());
        };
    };
    REQUIRE(engine.write(limit("10")));
    auto full = engine.write(note(std::string(200'000, 'x')));
    REQUIRE(!full);
    CHECK(full.error().code == errc::storage);
    REQUIRE(engine.write(limit("100000")));
    CHECK(engine.write(note("room again")));
    CHECK(engine.notes() == 1);
}

TEST_CASE("after an I/O error nothing is taken until a restart") {
    Engine engine;
    REQUIRE(engine.write(note("before")));
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit old{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &old) == 0);
    rlimit small = old;
    small.rlim_cur = 4096;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    auto failed = engine.write(note(std::string(100'000, 'x')));
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &old) == 0);
    REQUIRE(!failed);
    CHECK(failed.error().code == errc::storage);
    for (int i = 0; i < 2; ++i) {
        auto after = engine.write(note("after"));
        REQUIRE(!after);
        CHECK(after.error().code == errc::storage);
        CHECK(after.error().message.find("until a restart") != std::string::npos);
    }
    auto read = run(*engine.loop, engine.database->read([](Connection&) { return result<void>(); }));
    CHECK(!read);
    engine.database.reset();
    engine.database = engine.open();
    CHECK(engine.notes() == 1);
    CHECK(engine.write(note("after")));
}

TEST_CASE("what cannot be opened is refused with what to do") {
    TempDir folder;
    SECTION("a directory that is not there") {
        CHECK(refusal(folder / "nowhere/test.db").message.find("does not exist; create it") != std::string::npos);
    }
    SECTION("a directory in place of a file") {
        CHECK(refusal(folder.path()).message.find("is a directory") != std::string::npos);
    }
    SECTION("a directory that is not writable") {
        const bool root = ::geteuid() == 0;
        REQUIRE(::chmod(folder.path().c_str(), 0555) == 0);
        if (root) REQUIRE(::seteuid(65534) == 0);
        const Error error = refusal(folder / "test.db");
        if (root) REQUIRE(::seteuid(0) == 0);
        CHECK(error.code == errc::storage);
        CHECK(error.message.find("not writable") != std::string::npos);
    }
    SECTION("a file that is no database") {
        std::ofstream(folder / "test.db") << "server:\n  listen: 0.0.0.0:8080\n";
        const Error error = refusal(folder / "test.db");
        CHECK(error.code == errc::corrupt);
        CHECK(error.message.find("is not an SQLite database") != std::string::npos);
    }
    SECTION("another program's database") {
        {
            SQLite::Database other(folder / "test.db", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
            other.exec("CREATE TABLE theirs (x)");
        }
        const Error error = refusal(folder / "test.db");
        CHECK(error.code == errc::unsupported);
        CHECK(error.message.find("another program") != std::string::npos);
    }
    SECTION("a newer schema") {
        auto loop = make_event_loop();
        auto newer = one_table;
        newer.push_back({"migrations/sqlite/0002_more.sql", "CREATE TABLE more (x INTEGER) STRICT;"});
        REQUIRE(open_sqlite(folder / "test.db", loop->executor(), newer));
        const Error error = refusal(folder / "test.db");
        CHECK(error.code == errc::unsupported);
        CHECK(error.message.find("has schema 2 and this binary knows up to 1: run the newer binary again") != std::string::npos);
    }
}

TEST_CASE("a damaged page is found at the start, not served") {
    TempDir folder;
    const std::string path = folder / "test.db";
    {
        auto loop = make_event_loop();
        auto opened = open_sqlite(path, loop->executor(), one_table);
        REQUIRE(opened);
        for (int i = 0; i < 20; ++i) REQUIRE(run(*loop, (*opened)->write(note(std::string(3000, static_cast<char>('a' + i))))));
    }
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(2 * 4096);
        file << std::string(4096, '\x5a');
    }
    const Error error = refusal(path);
    CHECK(error.code == errc::corrupt);
    CHECK(error.message.find("is damaged") != std::string::npos);
    CHECK(error.message.find("restore a backup") != std::string::npos);
}

TEST_CASE("a migration is one transaction, and a file with data is copied first") {
    TempDir folder;
    const std::string path = folder / "test.db";
    auto loop = make_event_loop();
    {
        auto opened = open_sqlite(path, loop->executor(), one_table);
        REQUIRE(opened);
        REQUIRE(run(*loop, (*opened)->write(note("old"))));
    }
    CHECK(!std::filesystem::exists(path + ".v1.bak"));
    auto steps = one_table;
    SECTION("a step that fails leaves the version and the tables as they were") {
        steps.push_back({"migrations/sqlite/0002_more.sql", "CREATE TABLE more (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);"});
        CHECK(refusal(path, steps).message.find("0002_more.sql") != std::string::npos);
        auto opened = open_sqlite(path, loop->executor(), one_table);
        REQUIRE(opened);
        CHECK(!run(*loop, (*opened)->write([](Connection& connection) -> result<void> {
            auto rows = connection.query("SELECT * FROM more");
            return rows ? result<void>() : result<void>(rows.error());
        })));
    }
    SECTION("the copy opens and holds the old data") {
        steps.push_back({"migrations/sqlite/0002_more.sql", "DROP TABLE notes; CREATE TABLE more (x INTEGER) STRICT;"});
        REQUIRE(open_sqlite(path, loop->executor(), steps));
        auto copy = open_sqlite(path + ".v1.bak", loop->executor(), one_table);
        REQUIRE(copy);
        std::function<result<std::string>(Connection&)> look = [](Connection& connection) -> result<std::string> {
            return connection.query("SELECT text FROM notes").value().at(0).text(0);
        };
        CHECK(run(*loop, read_value(**copy, std::move(look))).value() == "old");
        struct stat info{};
        REQUIRE(::stat((path + ".v1.bak").c_str(), &info) == 0);
        CHECK((info.st_mode & 0777) == 0600);
    }
}

TEST_CASE("quarantines are read beside the service that owns the file; a file that is no database is told") {
    TestStore test;
    const Quarantine entry{"account:ab12", "account_dead", "deactivated", test.clock.now(), test.clock.now() + seconds(60), 2};
    test.get(test->attempts->quarantine(entry));
    const auto read = read_quarantines(test.folder / "test.db");
    REQUIRE(read.has_value());
    REQUIRE(read->size() == 1);
    CHECK(read->front().scope == entry.scope);
    CHECK(read->front().reason == entry.reason);
    CHECK(read->front().since == entry.since);
    CHECK(read->front().until == entry.until);
    CHECK(read->front().strikes == 2);
    std::ofstream(test.folder / "text.db") << "this is no database, however long the text is made to be";
    CHECK(read_quarantines(test.folder / "text.db").error().code == errc::storage);
}
