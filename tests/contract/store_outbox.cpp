// The outbox on every engine.
#include <catch2/catch.hpp>

#include "tests/support/store.hpp"

namespace store_outbox {

using namespace gumshoe;
using namespace gumshoe::test;

TEST_CASE("outbox: one row a message, its newest document, and what is left to do") {
    TestStore store{GENERATE(from_range(store_engines()))};
    store.clock.auto_advance = false;
    Outbox& outbox = *store->outbox;
    OutboxMessage message;
    message.id = "uuid-1";
    message.purpose = "anchor";
    message.investigation = "inv_1";
    message.channel = "C1";
    message.document = "v1";
    OutboxMessage row = store.get(outbox.want(message));
    CHECK(row.state == MessageState::ready);
    CHECK(row.wanted == 1);
    CHECK(row.sent == 0);

    message.id = "uuid-2";
    message.document = "v2";
    message.channel = "C2";
    row = store.get(outbox.want(message));
    CHECK(row.id == "uuid-1");
    CHECK(row.channel == "C1");
    CHECK(row.document == "v2");
    CHECK(row.wanted == 2);

    row.state = MessageState::anchored;
    row.ts = "171.1";
    row.sent = 2;
    row.attempt = 3;
    row.retry_at = store.clock.now();
    row.plain_only = true;
    row.channel = "C9";
    row.error = "none";
    row.document = "never written by save";
    row.wanted = 99;
    CHECK(store.get(outbox.open()).size() == 1);
    store.get(outbox.save(row));
    CHECK(store.get(outbox.open()).empty());
    const auto stored = store.get(outbox.find("inv_1", "anchor"));
    REQUIRE(stored);
    CHECK(stored->document == "v2");
    CHECK(stored->wanted == 2);
    CHECK(stored->state == MessageState::anchored);
    CHECK(stored->ts == "171.1");
    CHECK(stored->attempt == 3);
    CHECK(stored->retry_at == store.clock.now());
    CHECK(stored->plain_only);
    CHECK(stored->channel == "C9");
    CHECK(store.get(outbox.get("uuid-1"))->error == "none");

    message.document = "v3";
    store.get(outbox.want(message));
    CHECK(store.get(outbox.open()).size() == 1);
    for (MessageState state : {MessageState::suppressed, MessageState::parked}) {
        row.state = state;
        store.get(outbox.save(row));
        CHECK(store.get(outbox.open()).empty());
    }
    for (MessageState state : {MessageState::ready, MessageState::sending, MessageState::unknown}) {
        row.state = state;
        store.get(outbox.save(row));
        CHECK(store.get(outbox.open()).size() == 1);
    }
    row.id = "uuid-x";
    CHECK(store.run(outbox.save(row)).error().code == errc::not_found);
    CHECK(!store.get(outbox.get("uuid-x")));
    CHECK(!store.get(outbox.find("inv_1", "thread:run_1")));
}

}  // namespace store_outbox
