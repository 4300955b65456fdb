// Everything of a case file comes from the journal: what the run read is what is exported, byte for byte.
#include "investigation/export.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "investigation/subject.hpp"

namespace gumshoe {

namespace {

json window_json(Window window) {
    return json::array({format_rfc3339(window.from), format_rfc3339(window.to)});
}

json case_line(const RunRow& run, const Subject& subject) {
    const Alert& alert = subject.alert;
    json links = json::array();
    for (const Link& link : alert.links) links.push_back({{"title", link.title}, {"url", link.url}});
    return {{"type", "case"},
            {"version", 1},
            {"id", run.investigation},
            {"onset", format_rfc3339(subject.onset)},
            {"now", format_rfc3339(subject.incident.to)},
            {"incident", window_json(subject.incident)},
            {"baseline", json::array({window_json(subject.baseline)})},
            {"alert",
             {{"source", alert.source},
              {"title", alert.title},
              {"body", alert.body},
              {"service", alert.service},
              {"environment", alert.environment},
              {"severity", to_string(alert.severity)},
              {"status", to_string(alert.status)},
              {"started_at", format_rfc3339(alert.started_at)},
              {"labels", alert.labels},
              {"links", links},
              {"metric", alert.metric}}}};
}

void add_line(std::string& text, const json& line) {
    text += dump_json(line) + "\n";
}

/// The records that a gathering step journaled, and its coverage.
void add_gathered(std::string& text, const json& output) {
    if (const json* records = find(output, "records"); records && records->is_array()) {
        for (const json& record : *records) add_line(text, record);
    }
    if (const json* coverage = find(output, "coverage"); coverage && coverage->is_object()) {
        json line = *coverage;
        line["type"] = "coverage";
        add_line(text, line);
    }
}

}  // namespace

json step_json(const StepRow& step) {
    auto input = parse_json(step.input);
    auto output = parse_json(step.output);
    json value = {{"name", step.name},
                  {"started_at", format_rfc3339(step.started_at)},
                  {"state", step.finished_at ? "done" : "intended"},
                  {"input", input ? *input : json()},
                  {"output", output ? *output : json()}};
    value["finished_at"] = step.finished_at ? json(format_rfc3339(*step.finished_at)) : json();
    return value;
}

json to_json_value(const LlmAttempt& attempt) {
    json value = {{"id", attempt.id},
                  {"step", attempt.step},
                  {"number", attempt.number},
                  {"target", attempt.target},
                  {"provider", attempt.provider},
                  {"model", attempt.model},
                  {"purpose", attempt.purpose},
                  {"key_fingerprint", attempt.key_fingerprint},
                  {"request_sha256", attempt.request_sha256},
                  {"started_at", format_rfc3339(attempt.started_at)},
                  {"outcome", attempt.outcome},
                  {"reason", attempt.reason},
                  {"http_status", attempt.http_status},
                  {"vendor_code", attempt.vendor_code},
                  {"request_id", attempt.request_id},
                  {"input_tokens", attempt.usage.input_tokens},
                  {"cached_tokens", attempt.usage.cached_tokens},
                  {"output_tokens", attempt.usage.output_tokens},
                  {"reasoning_tokens", attempt.usage.reasoning_tokens},
                  {"cost_usd", attempt.cost_usd}};
    value["finished_at"] = attempt.finished_at ? json(format_rfc3339(*attempt.finished_at)) : json();
    return value;
}

task<std::string> export_case(RunRow run, Journal& journal, AttemptStore& attempts) {
    auto steps = co_await journal.steps(run.id, false);
    if (!steps) co_return steps.error();
    auto tries = co_await attempts.attempts(run.id);
    if (!tries) co_return tries.error();
    std::string head;
    std::string gathered;
    std::string journaled;
    for (const StepRow& step : *steps) {
        if (!step.finished_at) continue;
        auto output = parse_json(step.output);
        if (!output) co_return in_context("step " + step.name, output.error());
        if (step.name == "subject") {
            auto subject = subject_from_json(*output);
            if (!subject) co_return subject.error();
            add_line(head, case_line(run, *subject));
        } else if (step.name.starts_with("gather/") || step.name.starts_with("tool/")) {
            add_gathered(gathered, *output);
        }
        json line = step_json(step);
        line["type"] = "step";
        add_line(journaled, line);
    }
    if (head.empty()) co_return Error{errc::not_found, "the run " + run.id + " has not gathered anything yet"};
    for (const LlmAttempt& attempt : *tries) {
        json line = to_json_value(attempt);
        line["type"] = "llm";
        add_line(journaled, line);
    }
    if (auto finding = parse_json(run.finding); finding && finding->is_object()) {
        (*finding)["type"] = "finding";
        add_line(journaled, *finding);
    }
    co_return head + gathered + journaled;
}

}  // namespace gumshoe
