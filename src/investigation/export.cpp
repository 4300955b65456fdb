// Everything of a case file comes from the journal: what the run read is what is exported, byte for byte.
#include "investigation/export.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "evidence/case_file.hpp"
#include "investigation/subject.hpp"

namespace gumshoe {

namespace {

/// The records that a gathering step journaled, and its coverage.
result<void> take_gathered(CaseFile& file, const json& output) {
    if (const json* records = find(output, "records"); records && records->is_array()) {
        for (const json& record : *records) {
            auto added = add_json_line(file.records, record);
            if (!added) return added.error();
        }
    }
    if (const json* coverage = find(output, "coverage"); coverage && coverage->is_object()) {
        auto read = coverage_from_json(*coverage);
        if (!read) return read.error();
        file.coverage.push_back(*read);
    }
    return {};
}

/// One finished step's part in the file, besides its own line.
result<void> take_step(CaseFile& file, const StepRow& step) {
    auto output = parse_json(step.output);
    if (!output) return output.error();
    if (step.name == "subject") {
        auto subject = subject_from_json(*output);
        if (!subject) return subject.error();
        file.subject = std::move(*subject);
    } else if (step.name.starts_with("gather/") || step.name.starts_with("tool/")) {
        return take_gathered(file, *output);
    }
    return {};
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
    CaseFile file;
    file.id = run.investigation;
    bool begun = false;
    for (const StepRow& step : *steps) {
        if (!step.finished_at) continue;
        auto taken = take_step(file, step);
        if (!taken) co_return in_context("step " + step.name, taken.error());
        begun = begun || step.name == "subject";
        json line = step_json(step);
        line["type"] = "step";
        file.steps.push_back(std::move(line));
    }
    if (!begun) co_return Error{errc::not_found, "the run " + run.id + " has not gathered anything yet"};
    for (const LlmAttempt& attempt : *tries) {
        json line = to_json_value(attempt);
        line["type"] = "llm";
        file.llm.push_back(std::move(line));
    }
    if (auto finding = parse_json(run.finding); finding && finding->is_object()) {
        (*finding)["type"] = "finding";
        file.findings.push_back(std::move(*finding));
    }
    co_return case_lines(file);
}

}  // namespace gumshoe
