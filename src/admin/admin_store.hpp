// Read views for the admin API, and its audit rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"

namespace gumshoe {

struct Page {
    std::string cursor;  // opaque; "" starts
    std::size_t limit = 50;
};

struct ListFilter {
    std::string state;
    std::string service;
    std::optional<Timestamp> since;
};

/// JSON texts: the store writes them, the admin API passes them on inside its envelope.
struct Listed {
    std::vector<std::string> items;
    std::string next_cursor;
};

struct AuditEntry {
    std::string actor;
    std::string action;
    std::string subject;
    std::string detail;  // JSON
    std::string peer;
    Timestamp at{};
};

/// A number for /metrics with its labels.
struct Sample {
    std::string name;
    std::string labels;  // "" or {a="b"}
    double value = 0;
    std::string histogram = {};  // the name of the one it is a part of
};

class AdminStore {
public:
    virtual ~AdminStore() = default;
    virtual task<Listed> investigations(ListFilter filter, Page page) = 0;
    /// One investigation with alerts, runs, deliveries, messages and its shown finding: one JSON object. Errors: not_found.
    virtual task<std::string> investigation(std::string id) = 0;
    virtual task<Listed> deliveries(std::string source, std::string verdict, Page page) = 0;
    virtual task<std::string> delivery(std::string id) = 0;  // raw body included
    virtual task<void> audit(AuditEntry entry) = 0;
    virtual task<Listed> audit_log(Page page) = 0;
    virtual task<std::vector<Sample>> samples() = 0;  // counts by state and verdict, queue depth, oldest claimable age
    /// Errors: storage, corrupt. What readiness asks.
    virtual task<void> healthy() = 0;
    /// Retention: clears the bodies of deliveries (and drops the rows of duplicates and refused ones) and the journals of ended runs
    /// that are older. At most about `batch` rows a call; how many it was. Call again until that is 0.
    virtual task<std::int64_t> purge(Timestamp deliveries_before, Timestamp evidence_before, std::size_t batch) = 0;
};

}  // namespace gumshoe
