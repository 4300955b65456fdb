// What the intake needs of a store: a delivery and all it causes, in one commit.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "base/limits.hpp"
#include "base/task.hpp"

namespace gumshoe {

enum class Verdict { accepted, duplicate, filtered, quarantined, refused };
std::string_view to_string(Verdict verdict);

struct Delivery {
    std::string id;  // "dlv_..."
    std::string source;
    Timestamp received_at{};
    std::string peer;
    std::string content_type;
    std::string headers;  // JSON object, credentials left out
    std::string body;     // raw bytes; empty for refused ones
    std::string key;      // idempotency key within the source
    Verdict verdict = Verdict::accepted;
    std::string reason;
    int answer = 202;  // HTTP status we gave
};

/// What the operator's routes say of an alert; asked inside the transaction, so it must not block.
struct RouteDecision {
    bool investigate = true;
    std::string route;   // its name or number, for the record
    std::string reason;  // when not investigated
};

struct IntakePolicy {
    std::function<RouteDecision(const Alert&)> route;
    /// Services whose alerts belong together with this one's (itself included).
    std::function<std::vector<std::string>(const std::string& service)> related;
    /// The configured service that the sender means; null: as the sender calls it.
    std::function<std::string(const std::string& service)> canonical;
    milliseconds group_window{};
    milliseconds cooldown{};
    int storm = limits::storm_investigations;  // so many of a route within the group window: the unrelated join the newest
    /// Takes secrets out of an alert before it is kept, shown or given to a model. The delivery's raw bytes stay as they came.
    std::function<void(Alert&)> redact;
};

struct Recorded {
    Verdict verdict = Verdict::accepted;
    std::string reason;
    std::vector<std::string> started;  // new investigations
    std::vector<std::string> updated;  // investigations that got a later alert
};

class IntakeStore {
public:
    virtual ~IntakeStore() = default;

    /// One transaction: keeps the delivery; a known key makes it a duplicate; each alert opens an episode (and an investigation with
    /// its first run and job), joins one, updates one or is filtered. Re-notifications and recoveries never start an investigation.
    /// Resumes when durable. Errors: storage.
    virtual task<Recorded> record(Delivery delivery, std::vector<Alert> alerts, IntakePolicy policy) = 0;

    /// Keeps a delivery without alerts (quarantined, filtered, refused).
    virtual task<void> keep(Delivery delivery) = 0;
};

}  // namespace gumshoe
