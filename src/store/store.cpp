// The store as the composition root sees it.
#include "store/store.hpp"

#include "admin/admin_store.hpp"
#include "alert/intake_store.hpp"
#include "delivery/outbox.hpp"
#include "investigation/journal.hpp"
#include "investigation/store.hpp"
#include "io/event_loop.hpp"
#include "llm/attempt_store.hpp"
#include "queue/queue.hpp"
#include "store/repositories.hpp"
#include "store/sqlite/sqlite.hpp"

namespace gumshoe {

Store::Store() = default;
Store::Store(Store&&) noexcept = default;
Store::~Store() = default;

Store make_store(std::unique_ptr<Database> database, Clock& clock) {
    Store store;
    store.queue = make_queue(*database, clock);
    store.intake = make_intake_store(*database);
    store.investigations = make_investigation_store(*database);
    store.journal = make_journal(*database);
    store.attempts = make_attempt_store(*database);
    store.outbox = make_outbox(*database);
    store.admin = make_admin_store(*database, clock);
    store.database = std::move(database);
    return store;
}

result<Store> open_sqlite_store(const std::string& path, EventLoop& loop) {
    auto database = open_sqlite(path, loop.executor(), embedded_below("migrations/sqlite/"));
    if (!database) return database.error();
    return make_store(std::move(*database), loop.clock());
}

}  // namespace gumshoe
