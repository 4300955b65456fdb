// The journal's rows on their way to a database that takes them late, or not.
#include <catch2/catch.hpp>

#include "llm/attempt_store.hpp"
#include "store/database.hpp"
#include "store/repositories.hpp"

using namespace gumshoe;

namespace {

/// Keeps what is posted, or refuses it; writes nothing.
class SlowDatabase final : public Database {
public:
    task<void> write(std::function<result<void>(Connection&)>) override { co_return result<void>(); }
    task<void> read(std::function<result<void>(Connection&)>) override { co_return result<void>(); }
    void post(std::function<result<void>(Connection&)> work, std::function<void(const Error&)> failed) override {
        posted.push_back(std::move(work));
        if (full) failed(Error{errc::storage, "too many wait"});
    }
    DatabaseCounters counters() const override { return {}; }

    std::vector<std::function<result<void>(Connection&)>> posted;
    bool full = false;
};

LlmAttempt attempt(std::string id, std::string outcome) {
    LlmAttempt row;
    row.id = std::move(id);
    row.outcome = std::move(outcome);
    return row;
}

}  // namespace

TEST_CASE("a row whose intent waits is posted once, one whose intent was refused is posted again") {
    SlowDatabase database;
    const auto attempts = make_attempt_store(database);
    int lost = 0;
    const auto count = [&](const Error&) { ++lost; };
    attempts->record(attempt("att_1", ""), count);
    attempts->record(attempt("att_1", "ok"), count);
    attempts->record(attempt("att_2", ""), count);
    CHECK(database.posted.size() == 2);
    database.full = true;
    attempts->record(attempt("att_3", ""), count);
    CHECK(lost == 1);
    database.full = false;
    attempts->record(attempt("att_3", "ok"), count);
    CHECK(database.posted.size() == 4);
    CHECK(lost == 1);
}
