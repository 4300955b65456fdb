// Queries and coverage as JSON.
#include "evidence/source.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace gumshoe {

std::string_view to_string(QueryKind kind) {
    switch (kind) {
        case QueryKind::monitor:
            return "monitor";
        case QueryKind::logs:
            return "logs";
        case QueryKind::metrics:
            return "metrics";
        case QueryKind::spans:
            return "spans";
        case QueryKind::events:
            return "events";
        case QueryKind::deployments:
            return "deployments";
        case QueryKind::commits:
            return "commits";
        case QueryKind::pull_requests:
            return "pull_requests";
        case QueryKind::compare:
            return "compare";
        case QueryKind::history:
            return "history";
        case QueryKind::code:
            return "code";
    }
    return "events";
}

std::string_view to_string(CoverageStatus status) {
    switch (status) {
        case CoverageStatus::ok:
            return "ok";
        case CoverageStatus::empty:
            return "empty";
        case CoverageStatus::error:
            return "error";
        case CoverageStatus::timeout:
            return "timeout";
        case CoverageStatus::skipped:
            return "skipped";
    }
    return "error";
}

json to_json_value(const Query& query) {
    return {{"source", query.source},
            {"id", query.id},
            {"kind", to_string(query.kind)},
            {"entity", query.entity},
            {"from", format_rfc3339(query.window.from)},
            {"to", format_rfc3339(query.window.to)},
            {"arguments", query.arguments}};
}

json to_json_value(const Coverage& coverage) {
    return {{"source", coverage.source},
            {"query", coverage.query},
            {"status", to_string(coverage.status)},
            {"reason", coverage.reason},
            {"millis", coverage.duration.count()}};
}

result<Coverage> coverage_from_json(const json& value) {
    constexpr std::array statuses{CoverageStatus::ok, CoverageStatus::empty, CoverageStatus::error, CoverageStatus::timeout,
                                  CoverageStatus::skipped};
    const auto status = get_string(value, "status");
    if (!status) {
        return Error{errc::parse, "coverage: `status` is missing or of another type"};
    }
    for (const auto candidate : statuses) {
        if (to_string(candidate) == *status) {
            return Coverage{string_or_empty(value, "source"), string_or_empty(value, "query"), candidate, string_or_empty(value, "reason"),
                            milliseconds(get_int(value, "millis").value_or(0))};
        }
    }
    return Error{errc::parse, "coverage: unknown status"};
}

}  // namespace gumshoe
