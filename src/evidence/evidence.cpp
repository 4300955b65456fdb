// Evidence items as JSON.
#include "evidence/evidence.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace gumshoe {

namespace {

constexpr std::array kinds{EvidenceKind::metric,  EvidenceKind::log,      EvidenceKind::trace, EvidenceKind::change,
                           EvidenceKind::message, EvidenceKind::incident, EvidenceKind::fact,  EvidenceKind::absence};

result<Timestamp> time_of(const json& value, const char* key) {
    const auto text = get_string(value, key);
    if (!text) {
        return Timestamp{};
    }
    auto time = parse_rfc3339(*text);
    if (!time) {
        return Error{errc::parse, std::string("evidence: `") + key + "` is not an RFC 3339 time"};
    }
    return time;
}

}  // namespace

std::string_view to_string(EvidenceKind kind) {
    switch (kind) {
        case EvidenceKind::metric:
            return "metric";
        case EvidenceKind::log:
            return "log";
        case EvidenceKind::trace:
            return "trace";
        case EvidenceKind::change:
            return "change";
        case EvidenceKind::message:
            return "message";
        case EvidenceKind::incident:
            return "incident";
        case EvidenceKind::fact:
            return "fact";
        case EvidenceKind::absence:
            return "absence";
    }
    return "fact";
}

json to_json_value(const Evidence& evidence) {
    json value{{"id", evidence.id},         {"kind", to_string(evidence.kind)}, {"entity", evidence.entity},
               {"text", evidence.text},     {"numbers", evidence.numbers},      {"mass", evidence.mass},
               {"signal", evidence.signal}, {"source", evidence.source},        {"query", evidence.query},
               {"link", evidence.link},     {"quotes", evidence.quotes}};
    if (evidence.from != Timestamp{}) {
        value["from"] = format_rfc3339(evidence.from);
    }
    if (evidence.to != Timestamp{}) {
        value["to"] = format_rfc3339(evidence.to);
    }
    if (!evidence.change_id.empty()) {
        value["change_id"] = evidence.change_id;
    }
    return value;
}

result<Evidence> evidence_from_json(const json& value) {
    Evidence evidence;
    const auto id = get_string(value, "id");
    const auto kind = get_string(value, "kind");
    if (!id || !kind) {
        return Error{errc::parse, "evidence: `id` or `kind` is missing or of another type"};
    }
    bool known = false;
    for (const auto candidate : kinds) {
        if (to_string(candidate) == *kind) {
            evidence.kind = candidate;
            known = true;
        }
    }
    if (!known) {
        return Error{errc::parse, "evidence: unknown kind"};
    }
    auto from = time_of(value, "from");
    if (!from) {
        return from.error();
    }
    auto to = time_of(value, "to");
    if (!to) {
        return to.error();
    }
    evidence.id = *id;
    evidence.from = *from;
    evidence.to = *to;
    evidence.entity = string_or_empty(value, "entity");
    evidence.text = string_or_empty(value, "text");
    evidence.mass = get_number(value, "mass").value_or(0);
    evidence.signal = string_or_empty(value, "signal");
    evidence.aspect = string_or_empty(value, "aspect");
    evidence.source = string_or_empty(value, "source");
    evidence.query = string_or_empty(value, "query");
    evidence.link = string_or_empty(value, "link");
    evidence.change_id = string_or_empty(value, "change_id");
    if (const json* numbers = find(value, "numbers"); numbers != nullptr && numbers->is_object()) {
        for (const auto& [name, number] : numbers->items()) {
            if (number.is_number()) {
                evidence.numbers[name] = number.get<double>();
            }
        }
    }
    if (const json* quotes = find(value, "quotes"); quotes != nullptr && quotes->is_array()) {
        for (const auto& quote : *quotes) {
            if (quote.is_string()) {
                evidence.quotes.push_back(quote.get<std::string>());
            }
        }
    }
    return evidence;
}

}  // namespace gumshoe
