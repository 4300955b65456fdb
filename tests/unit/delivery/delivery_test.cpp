// The anchor message under every fault of the channel and a stop at every state: one message survives, and it says the newest thing.
#include <catch2/catch.hpp>
#include <memory>

#include "delivery/delivery.hpp"
#include "fake_chat.hpp"
#include "memory_outbox.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/loop.hpp"

namespace gumshoe {
namespace {

using namespace test;
using Catch::Contains;

Document text(std::string words) {
    return {words, {{Block::Kind::section, {{plain(words)}}}}};
}

struct Rig {
    FakeClock clock;
    std::unique_ptr<EventLoop> loop = make_event_loop(clock);
    MemoryOutbox outbox;
    FakeChat chat{clock};
    DeliveryOptions options{seconds(10), seconds(30), seconds(900), seconds(1), ""};
    std::unique_ptr<MessageDelivery> delivery;

    Rig() {
        clock.idle_before_advance = milliseconds(0);  // nothing here runs on another thread
        boot();
    }
    void boot() { delivery = make_delivery(outbox, chat, *loop, clock, options); }
    /// The process dies and starts again on the same outbox.
    void restart() {
        delivery.reset();
        boot();
        REQUIRE(run(*loop, delivery->recover()).has_value());
    }
    void publish(std::string words, std::string purpose = "anchor", std::string thread_of = "", std::string investigation = "inv_1") {
        auto work = delivery->publish(std::move(investigation), std::move(purpose), "C1", std::move(thread_of), text(std::move(words)));
        REQUIRE(run(*loop, std::move(work)).has_value());
    }
    OutboxMessage settled(std::string purpose = "anchor", milliseconds within = seconds(3600)) {
        auto row = run(*loop, delivery->settled("inv_1", std::move(purpose), Deadline::after(clock, within)));
        REQUIRE(row.has_value());
        return *row;
    }
    std::string shown() const { return chat.messages.empty() ? "" : chat.messages.front().document.fallback; }
};

TEST_CASE("a message is posted once and then only edited") {
    Rig rig;
    rig.publish("facts");
    OutboxMessage row = rig.settled();
    CHECK(row.state == MessageState::anchored);
    CHECK(row.ts == rig.chat.messages.at(0).ts);
    CHECK(rig.chat.messages.at(0).key == row.id);
    rig.publish("finding");
    row = rig.settled();
    CHECK(row.sent == 2);
    CHECK(rig.shown() == "finding");
    CHECK(rig.chat.posts == 1);
    CHECK(rig.chat.edits == 1);
}

TEST_CASE("whatever happens to the post, exactly one message stands there in the end") {
    struct Row {
        const char* what;
        std::vector<Fault> faults;
        int visible_seconds;
        int posts;
    };
    const Row row =
        GENERATE(Row{"commit then drop", {Fault::commit_then_drop}, 0, 1}, Row{"commit then 500", {Fault::commit_then_500}, 0, 1},
                 Row{"commit then hang", {Fault::commit_then_hang}, 0, 1}, Row{"drop before commit", {Fault::drop_before_commit}, 0, 2},
                 Row{"hang before commit", {Fault::hang_before_commit}, 0, 2}, Row{"429", {Fault::rate_limited}, 0, 2},
                 Row{"connection refused", {Fault::not_sent, Fault::not_sent}, 0, 3},
                 Row{"late in the history, 10 s", {Fault::commit_then_drop}, 10, 1},
                 Row{"late in the history, 30 s", {Fault::commit_then_500}, 30, 1},
                 Row{"later than the first look, 45 s", {Fault::commit_then_drop}, 45, 1},
                 Row{"several in a row",
                     {Fault::rate_limited, Fault::drop_before_commit, Fault::not_sent, Fault::hang_before_commit, Fault::commit_then_drop},
                     20,
                     5});
    INFO(row.what);
    Rig rig;
    rig.chat.post_faults.assign(row.faults.begin(), row.faults.end());
    rig.chat.visible_after = seconds(row.visible_seconds);
    rig.publish("facts");
    rig.publish("finding");
    const OutboxMessage end = rig.settled();
    CHECK(end.state == MessageState::anchored);
    CHECK(end.sent == end.wanted);
    REQUIRE(rig.chat.messages.size() == 1);
    CHECK(rig.shown() == "finding");
    CHECK(rig.chat.messages.front().ts == end.ts);
    CHECK(rig.chat.posts == row.posts);
}

TEST_CASE("a stop at any write or call leaves one message after the restart") {
    // The place of the stop is counted in writes of the row; the posts' own moment is one place more.
    const Fault fault = GENERATE(Fault::none, Fault::commit_then_drop, Fault::drop_before_commit, Fault::rate_limited);
    const int stop_at = GENERATE(range(0, 7));
    INFO("fault " << static_cast<int>(fault) << ", stop at " << stop_at);
    Rig rig;
    rig.chat.post_faults.push_back(fault);
    rig.chat.visible_after = seconds(15);
    int writes = 0;
    bool stopped = false;
    const auto stop = [&] {
        stopped = true;
        rig.delivery.reset();
    };
    if (stop_at == 0)
        rig.chat.after_commit = [&] {
            rig.chat.after_commit = nullptr;
            stop();
        };
    else
        rig.outbox.after_save = [&](const OutboxMessage&) {
            if (++writes == stop_at && rig.delivery) stop();
        };
    rig.publish("facts");
    run_until(*rig.loop, [&] { return stopped || (rig.outbox.rows.begin()->second.state == MessageState::anchored); });
    rig.outbox.after_save = nullptr;
    rig.chat.after_commit = nullptr;
    rig.restart();
    rig.publish("finding");
    const OutboxMessage end = rig.settled();
    CHECK(end.state == MessageState::anchored);
    REQUIRE(rig.chat.messages.size() == 1);
    CHECK(rig.shown() == "finding");
}

TEST_CASE("an unknown outcome waits for the history before it looks, and looks twice before it sends again") {
    Rig rig;
    rig.chat.post_faults = {Fault::drop_before_commit};
    rig.publish("facts");
    rig.settled();
    CHECK(rig.chat.looks == 2);
    REQUIRE(rig.chat.post_times.size() == 2);
    CHECK(rig.chat.post_times[1] - rig.chat.post_times[0] >= 2 * rig.options.visibility);
}

TEST_CASE("repeats that stand there are removed, the first one stays") {
    Rig rig;
    rig.chat.post_faults = {Fault::commit_then_drop};
    rig.chat.visible_after = seconds(500);  // beyond both looks: Slack was slower than any wait
    rig.publish("facts");
    OutboxMessage row = rig.settled();
    REQUIRE(rig.chat.messages.size() == 2);
    const auto gone = Deadline::after(rig.clock, seconds(1200));
    run_until(*rig.loop, [&] { return rig.chat.messages.size() == 1 || gone.passed(rig.clock); });
    REQUIRE(rig.chat.messages.size() == 1);
    CHECK(rig.chat.messages.front().ts == row.ts);

    Rig two;
    two.publish("facts");
    row = two.settled();
    PostedMessage repeat = two.chat.messages.front();
    repeat.ts += "9";
    two.chat.messages.push_back(repeat);
    two.outbox.rows.begin()->second.state = MessageState::sending;
    two.restart();
    row = two.settled();
    REQUIRE(two.chat.messages.size() == 1);
    CHECK(two.chat.messages.front().ts == row.ts);
    CHECK_FALSE(row.ts.ends_with("9"));
}

TEST_CASE("where the history cannot be read the message is repeated once, marked, and then parked") {
    Rig rig;
    rig.chat.readable = false;
    rig.chat.post_faults = {Fault::drop_before_commit};
    rig.publish("facts");
    OutboxMessage row = rig.settled();
    CHECK(row.state == MessageState::anchored);
    CHECK(rig.chat.post_times.at(1) - rig.chat.post_times.at(0) >= rig.options.blind_after);
    CHECK_THAT(rig.shown(), Contains("(may repeat an earlier post)"));

    Rig twice;
    twice.chat.readable = false;
    twice.chat.post_faults = {Fault::drop_before_commit, Fault::drop_before_commit};
    twice.publish("facts");
    row = twice.settled();
    CHECK(row.state == MessageState::parked);
    CHECK(twice.chat.posts == 2);
    CHECK_THAT(row.error, Contains("cannot be read") && Contains("missing_scope"));
    twice.publish("finding");
    CHECK(twice.settled().state == MessageState::parked);
    CHECK(twice.chat.posts == 2);
}

TEST_CASE("a stop in the middle of a blind repeat does not lead to another one") {
    Rig rig;
    rig.chat.readable = false;
    rig.chat.post_faults = {Fault::drop_before_commit, Fault::drop_before_commit};
    rig.outbox.after_save = [&](const OutboxMessage& row) {
        if (row.state == MessageState::sending && row.attempt == 2) rig.delivery.reset();
    };
    rig.publish("facts");
    run_until(*rig.loop, [&] { return !rig.delivery; });
    rig.outbox.after_save = nullptr;
    rig.restart();
    CHECK(rig.settled().state == MessageState::parked);
    CHECK(rig.chat.posts <= 2);
}

TEST_CASE("refused blocks are sent as plain text, once, and then it is parked") {
    Rig rig;
    rig.chat.post_faults = {Fault::bad_blocks};
    rig.publish("facts");
    CHECK(rig.settled().state == MessageState::anchored);
    CHECK(rig.chat.messages.at(0).plain);

    Rig never;
    never.chat.post_faults = {Fault::bad_blocks, Fault::bad_blocks};
    never.publish("facts");
    CHECK(never.settled().state == MessageState::parked);
    CHECK(never.chat.posts == 2);
}

TEST_CASE("a refused channel gives way to the fallback, else the message is parked with words") {
    Rig rig;
    rig.options.fallback_channel = "COPS";
    rig.boot();
    rig.chat.post_faults = {Fault::not_in_channel};
    rig.publish("facts");
    CHECK(rig.settled().channel == "COPS");
    CHECK(rig.chat.messages.at(0).channel == "COPS");

    Rig none;
    none.chat.post_faults = {Fault::not_in_channel};
    none.publish("facts");
    OutboxMessage row = none.settled();
    CHECK(row.state == MessageState::parked);
    CHECK_THAT(row.error, Contains("/invite"));
    CHECK(none.chat.posts == 1);
    none.publish("finding");  // somebody may have invited it meanwhile
    row = none.settled();
    CHECK(row.state == MessageState::anchored);
    CHECK(none.shown() == "finding");
}

TEST_CASE("edits are spaced, repeated after trouble, and only the newest is sent") {
    Rig rig;
    rig.publish("facts");
    rig.settled();
    PostOutcome unknown;
    PostOutcome limited;
    limited.kind = PostOutcome::Kind::refused;
    limited.retryable = true;
    limited.retry_after = seconds(20);
    rig.chat.edit_outcomes = {unknown, limited};
    for (int i = 0; i < 50; ++i) rig.publish("revision " + std::to_string(i));
    CHECK(rig.settled().sent == 51);
    CHECK(rig.shown() == "revision 49");
    CHECK(rig.chat.edits <= 5);
    for (std::size_t i = 1; i < rig.chat.edit_times.size(); ++i)
        CHECK(rig.chat.edit_times[i] - rig.chat.edit_times[i - 1] >= rig.options.update_spacing);
    CHECK(rig.chat.edit_times.back() - rig.chat.edit_times.front() >= seconds(20));
}

TEST_CASE("a message that a person deleted is not posted again") {
    Rig rig;
    rig.publish("facts");
    rig.settled();
    rig.chat.messages.clear();
    rig.publish("finding");
    CHECK(rig.settled().state == MessageState::suppressed);
    rig.publish("another");
    CHECK(rig.settled().state == MessageState::suppressed);
    CHECK(rig.chat.posts == 1);
}

TEST_CASE("posts into one channel are a second apart, and a 429 silences all of them") {
    Rig rig;
    rig.chat.post_faults = {Fault::rate_limited};
    for (int i = 0; i < 5; ++i) rig.publish("facts", "anchor", "", "inv_" + std::to_string(i));
    run_until(*rig.loop, [&] { return rig.chat.messages.size() == 5; });
    REQUIRE(rig.chat.messages.size() == 5);
    CHECK(rig.chat.post_times[1] - rig.chat.post_times[0] >= seconds(7));
    for (std::size_t i = 1; i < rig.chat.post_times.size(); ++i) CHECK(rig.chat.post_times[i] - rig.chat.post_times[i - 1] >= seconds(1));
}

TEST_CASE("a reply waits for the message it belongs under") {
    Rig rig;
    rig.chat.post_faults = {Fault::commit_then_drop};
    rig.publish("facts");
    rig.publish("details", "thread:run_1", "anchor");
    const OutboxMessage reply = rig.settled("thread:run_1");
    CHECK(reply.state == MessageState::anchored);
    REQUIRE(rig.chat.messages.size() == 2);
    CHECK(rig.chat.messages[1].thread_ts == rig.chat.messages[0].ts);

    Rig orphan;
    orphan.publish("details", "thread:run_1", "anchor");
    CHECK(orphan.settled("thread:run_1").state == MessageState::parked);
}

TEST_CASE("nothing is sent that could not be kept, and what was sent is kept as soon as it can be") {
    Rig rig;
    int refused = 0;
    rig.outbox.fail_save = [&](const OutboxMessage&) { return ++refused <= 3; };
    rig.publish("facts");
    CHECK(rig.settled().state == MessageState::anchored);
    CHECK(rig.chat.posts == 1);

    Rig after;
    refused = 0;
    after.outbox.fail_save = [&](const OutboxMessage& row) { return row.state == MessageState::anchored && ++refused <= 3; };
    after.publish("facts");
    CHECK(after.settled().state == MessageState::anchored);
    CHECK(after.chat.posts == 1);
    CHECK(refused > 3);
}

TEST_CASE("waiting for a message ends at the deadline, and says when there is none") {
    Rig rig;
    rig.chat.post_faults = {Fault::hang_before_commit};
    rig.publish("facts");
    CHECK(rig.settled("anchor", seconds(2)).state == MessageState::sending);
    const auto none = run(*rig.loop, rig.delivery->settled("inv_1", "other", Deadline::after(rig.clock, seconds(1))));
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().code == errc::not_found);
}

TEST_CASE("a document comes back from the outbox as it was, without links that are none") {
    Document d;
    d.fallback = "x \"quoted\"";
    d.blocks = {{Block::Kind::header, {{plain("h")}}},
                {Block::Kind::section, {{bold("b"), italic("i"), code("c"), link("l", "https://a.example/?x=1&y=2")}, {}}},
                {Block::Kind::divider, {}},
                {Block::Kind::quote, {{plain("q")}}},
                {Block::Kind::buttons, {{link("go", "https://b.example")}}},
                {Block::Kind::context, {{plain("c")}}}};
    const std::string kept = document_to_json(d);
    const auto back = document_from_json(kept);
    REQUIRE(back.has_value());
    CHECK(document_to_json(*back) == kept);
    CHECK(back->blocks[1].lines[0][3].url == "https://a.example/?x=1&y=2");
    const auto bad = document_from_json(
        R"({"fallback":"f","blocks":[{"kind":"section","lines":[[{"text":"t","style":"link","url":"javascript:1"}]]}]})");
    REQUIRE(bad.has_value());
    CHECK(bad->blocks[0].lines[0][0].style == Span::Style::plain);
    for (const char* wrong : {"", "[]", "{}", R"({"blocks":[{"kind":"x","lines":[]}]})", R"({"blocks":[{"kind":"section"}]})",
                              R"({"blocks":[{"kind":"section","lines":[[{"text":"t","style":"blink"}]]}]})"})
        CHECK_FALSE(document_from_json(wrong).has_value());
}

}  // namespace
}  // namespace gumshoe
