// Investigations and runs as rows, for the repositories that make them.
#pragma once

#include <string>

#include "alert/alert.hpp"
#include "investigation/store.hpp"
#include "store/database.hpp"
#include "store/episodes.hpp"

namespace gumshoe {

struct StartedInvestigation {
    std::string investigation;
    std::string run;
};

/// An investigation with its first run and job. The alert's own row is the caller's to insert.
result<StartedInvestigation> create_investigation(Connection& connection, const Alert& alert, const std::string& route, Timestamp now);

/// A queued run and its job.
result<void> create_run(Connection& connection, const RunRow& run, const std::string& idempotency_key);

/// Where an alert came from and what it did.
struct AlertRow {
    std::string delivery;       // "" from the command line
    std::string investigation;  // "" for none
    std::string episode;
    Effect effect = Effect::none;
    std::string reason;
    Timestamp received_at{};
    std::string text;  // the alert as JSON
};
/// One of an investigation makes its thing a member of it; one that started it becomes its own.
result<void> insert_alert(Connection& connection, const Alert& alert, const AlertRow& row);

/// Sets an investigation's state to that of its open run; without one to `otherwise`, unless it has a finding: then it is done.
result<void> settle_investigation(Connection& connection, const std::string& id, const std::string& otherwise, const std::string& reason);

result<void> insert_audit(Connection& connection, const std::string& actor, const std::string& action, const std::string& subject,
                          const std::string& detail, const std::string& peer, Timestamp at);

}  // namespace gumshoe
