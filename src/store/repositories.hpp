// The repositories: each stage's interface over a Database, whatever its engine.
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "store/database.hpp"
#include "store/store.hpp"

namespace gumshoe {

std::unique_ptr<Queue> make_queue(Database& database, Clock& clock);
std::unique_ptr<IntakeStore> make_intake_store(Database& database);
std::unique_ptr<InvestigationStore> make_investigation_store(Database& database);
std::unique_ptr<Journal> make_journal(Database& database);
std::unique_ptr<AttemptStore> make_attempt_store(Database& database);
std::unique_ptr<Outbox> make_outbox(Database& database);
std::unique_ptr<AdminStore> make_admin_store(Database& database, Clock& clock);

/// All of them over one database.
Store make_store(std::unique_ptr<Database> database, Clock& clock);

}  // namespace gumshoe
