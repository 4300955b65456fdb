// Tool definitions and the reading of calls: everything outside the enums and bounds is refused here, before anything is fetched.
#include "analysis/tools.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace gumshoe {

namespace {

constexpr int least_minutes = 5;
constexpr int most_minutes = 120;

std::vector<std::string> kinds_of(const std::vector<Source*>& sources) {
    std::set<std::string> kinds;
    for (const Source* source : sources) {
        for (QueryKind kind : source->on_demand()) kinds.emplace(to_string(kind));
    }
    return {kinds.begin(), kinds.end()};
}

std::optional<QueryKind> kind_of(std::string_view word) {
    for (QueryKind kind : {QueryKind::logs, QueryKind::metrics, QueryKind::spans, QueryKind::events, QueryKind::deployments,
                           QueryKind::commits, QueryKind::pull_requests, QueryKind::history, QueryKind::monitor, QueryKind::compare}) {
        if (to_string(kind) == word) return kind;
    }
    return std::nullopt;
}

}  // namespace

std::vector<llm::Tool> tools_for(const Subject& subject, const std::vector<Source*>& sources) {
    std::vector<llm::Tool> tools;
    const auto kinds = kinds_of(sources);
    if (!kinds.empty() && !subject.services.empty()) {
        const json parameters = {
            {"type", "object"},
            {"properties",
             {{"kind", {{"type", "string"}, {"enum", kinds}, {"description", "what to read"}}},
              {"service", {{"type", "string"}, {"enum", subject.services}, {"description", "whose"}}},
              {"minutes_before",
               {{"type", "integer"}, {"description", "how far before the onset the window begins, 5 to 120; it ends now"}}}}},
            {"required", {"kind", "service", "minutes_before"}},
            {"additionalProperties", false}};
        tools.push_back(
            {"get_evidence", "Read more telemetry or changes of one service. Returns new evidence items with ids.", dump_json(parameters)});
    }
    const json detail = {{"type", "object"},
                         {"properties", {{"id", {{"type", "string"}, {"description", "an evidence id such as E7"}}}}},
                         {"required", {"id"}},
                         {"additionalProperties", false}};
    tools.push_back({"get_evidence_detail", "All that is kept of one evidence item: numbers, times and raw lines.", dump_json(detail)});
    return tools;
}

result<ToolRequest> read_tool_call(const llm::ToolCall& call, const Subject& subject) {
    auto arguments = parse_json(call.arguments.empty() ? "{}" : call.arguments);
    if (!arguments || !arguments->is_object()) return Error{errc::invalid_argument, "arguments must be a JSON object"};
    ToolRequest request;
    if (call.name == "get_evidence_detail") {
        request.detail = true;
        request.evidence_id = string_or_empty(*arguments, "id");
        if (request.evidence_id.empty()) return Error{errc::invalid_argument, "id is missing"};
        return request;
    }
    if (call.name != "get_evidence") return Error{errc::invalid_argument, "there is no tool named " + truncate(call.name, 64)};
    const auto kind = kind_of(string_or_empty(*arguments, "kind"));
    if (!kind) return Error{errc::invalid_argument, "kind is not one of those offered"};
    request.kind = *kind;
    request.service = string_or_empty(*arguments, "service");
    if (std::find(subject.services.begin(), subject.services.end(), request.service) == subject.services.end()) {
        return Error{errc::invalid_argument, "service is not one of: " + join(subject.services, ", ")};
    }
    const auto minutes = get_int(*arguments, "minutes_before");
    if (!minutes || *minutes < least_minutes || *minutes > most_minutes) {
        return Error{errc::invalid_argument, "minutes_before must be from 5 to 120"};
    }
    request.window = {subject.onset - std::chrono::minutes(*minutes), subject.incident.to};
    return request;
}

std::string detail_text(const std::vector<Evidence>& items, const std::string& id) {
    for (const Evidence& item : items) {
        if (item.id != id) continue;
        std::string text = "[" + item.id + "] " + std::string(to_string(item.kind)) + " " + item.entity + ": " + item.text + "\nfrom " +
                           format_rfc3339(item.from) + " to " + format_rfc3339(item.to);
        for (const auto& [name, value] : item.numbers) text += "\n" + name + " = " + dump_json(value);
        for (const std::string& quote : item.quotes) text += "\n| " + quote;
        return truncate(text, limits::tool_result_bytes);
    }
    return "There is no item " + truncate(id, 16) + ".";
}

}  // namespace gumshoe
