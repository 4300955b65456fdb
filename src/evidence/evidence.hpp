// One citable item of evidence: E1, E2, ... Computed by code from records; a model only ever sees these.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace gumshoe {

enum class EvidenceKind { metric, log, trace, change, message, incident, fact, absence };
std::string_view to_string(EvidenceKind kind);

struct Evidence {
    std::string id;  // "E1"; stable within a run
    EvidenceKind kind = EvidenceKind::fact;
    std::string entity;
    std::string text;  // one line, cleaned and redacted
    Timestamp from{};
    Timestamp to{};
    std::map<std::string, double> numbers;  // "before", "after", "count", "z"
    double mass = 0;                        // weight in [0, 1): how unusual it is
    std::string signal;                     // "rise", "drop", "new", "surge", "vanished", "slow", "error", "deploy", "commit", ...
    std::string aspect;  // what of the entity: "latency", "errors", "cpu", "memory", "traffic", "network", "calls", "log", ...
    std::string source;  // "datadog"
    std::string query;   // as the vendor's own interface would take it
    std::string link;
    std::vector<std::string> quotes;  // raw lines behind it, redacted and cut: what a claim may quote
    std::string change_id;            // for kind change
};

json to_json_value(const Evidence& evidence);
result<Evidence> evidence_from_json(const json& value);

}  // namespace gumshoe
