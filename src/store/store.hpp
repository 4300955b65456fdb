// Everything that is kept, behind the interfaces of the stages that use it. One object a database.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"

namespace gumshoe {

class AdminStore;
class AttemptStore;
class Database;
class EventLoop;
class IntakeStore;
class InvestigationStore;
class Journal;
class Outbox;
class Queue;
struct Quarantine;

struct Store {
    std::unique_ptr<Database> database;
    std::unique_ptr<Queue> queue;
    std::unique_ptr<IntakeStore> intake;
    std::unique_ptr<InvestigationStore> investigations;
    std::unique_ptr<Journal> journal;
    std::unique_ptr<AttemptStore> attempts;
    std::unique_ptr<Outbox> outbox;
    std::unique_ptr<AdminStore> admin;

    Store();
    Store(Store&&) noexcept;
    ~Store();
};

/// Opens or creates the file, runs quick_check and the migrations. Errors say what to do: a newer schema, a corrupt file,
/// a directory that is not writable, a file that is no database.
result<Store> open_sqlite_store(const std::string& path, EventLoop& loop);

/// Copies what is committed now into a new file, while a service may be writing: for reading beside it, and for backups.
result<void> snapshot_sqlite_store(const std::string& path, const std::string& into);

/// What the service that owns the file has put out, read beside it. Errors: storage.
result<std::vector<Quarantine>> read_quarantines(const std::string& path);

}  // namespace gumshoe
