// Endpoints about investigations: what was recorded, replay, cancel.
#include <nlohmann/json.hpp>

#include "admin/api.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "finding/finding.hpp"
#include "investigation/diff.hpp"
#include "investigation/export.hpp"

namespace gumshoe {

namespace {

json run_json(const RunRow& run, bool with_finding) {
    json value = {{"id", run.id},
                  {"investigation", run.investigation},
                  {"parent", run.parent},
                  {"mode", to_string(run.mode)},
                  {"post", to_string(run.post)},
                  {"chain", run.chain},
                  {"state", run.state},
                  {"created_at", format_rfc3339(run.created_at)},
                  {"error", run.error}};
    value["started_at"] = run.started_at ? json(format_rfc3339(*run.started_at)) : json();
    value["finished_at"] = run.finished_at ? json(format_rfc3339(*run.finished_at)) : json();
    if (with_finding) {
        auto finding = parse_json(run.finding);
        value["finding"] = finding ? *finding : json();
    }
    return value;
}

std::optional<ReplayMode> replay_mode(const std::string& word) {
    for (ReplayMode mode : {ReplayMode::frozen, ReplayMode::exact, ReplayMode::live}) {
        if (to_string(mode) == word) return mode;
    }
    return std::nullopt;
}

std::optional<PostMode> post_mode(const std::string& word) {
    for (PostMode mode : {PostMode::none, PostMode::thread, PostMode::update}) {
        if (to_string(mode) == word) return mode;
    }
    return std::nullopt;
}

/// The body's fields; unknown ones are told, a typo must not replay with defaults.
result<ReplayRequest> read_replay(const AdminCall& call, const std::map<std::string, llm::Chain>& chains) {
    ReplayRequest wanted;
    wanted.investigation = call.path.at("id");
    wanted.actor = call.actor;
    const auto key = call.request.headers.find("Idempotency-Key");
    if (!key || key->empty() || key->size() > 200) {
        return Error{errc::invalid_argument,
                     "the header Idempotency-Key is required (any text of up to 200 characters, new for a new replay)"};
    }
    wanted.idempotency_key = *key;
    auto body = parse_json(call.request.body.empty() ? "{}" : call.request.body);
    if (!body) return body.error();
    if (!body->is_object()) return Error{errc::invalid_argument, "the body must be a JSON object"};
    for (const auto& [name, value] : body->items()) {
        if (!value.is_string()) return Error{errc::invalid_argument, name + " must be a string"};
        const std::string text = value.get<std::string>();
        if (name == "mode") {
            const auto mode = replay_mode(text);
            if (!mode) return Error{errc::invalid_argument, "mode must be frozen, exact or live"};
            wanted.mode = *mode;
        } else if (name == "post") {
            const auto post = post_mode(text);
            if (!post) return Error{errc::invalid_argument, "post must be none, thread or update"};
            wanted.post = *post;
        } else if (name == "chain") {
            if (!chains.contains(text)) return Error{errc::invalid_argument, "there is no chain named " + truncate(text, 64)};
            wanted.chain = text;
        } else if (name == "parent") {
            wanted.parent = text;
        } else {
            return Error{errc::invalid_argument, "unknown field " + truncate(name, 64) + "; known: mode, post, chain, parent"};
        }
    }
    return wanted;
}

}  // namespace

awaitable<HttpReply> AdminApi::investigations(AdminCall call) {
    const auto page = page_of(call);
    if (!page) co_return problem(400, "Bad Request", "limit must be a number from 1 to 500");
    ListFilter filter;
    filter.state = call.query["state"];
    filter.service = call.query["service"];
    if (const std::string since = call.query["since"]; !since.empty()) {
        const auto at = parse_rfc3339(since);
        if (!at) co_return problem(400, "Bad Request", "since must be a time such as 2026-08-01T10:00:00Z");
        filter.since = *at;
    }
    auto listed = co_await services_.store.investigations(filter, *page);
    if (!listed) co_return problem_of(listed.error());
    co_return json_reply(200,
                         "{\"items\":[" + join(listed->items, ",") + "],\"next_cursor\":" + dump_json(json(listed->next_cursor)) + "}");
}

awaitable<HttpReply> AdminApi::investigation(AdminCall call) {
    auto found = co_await services_.store.investigation(call.path["id"]);
    if (!found) co_return problem_of(found.error());
    co_return json_reply(200, *found);
}

/// The run a call is about: ?run=..., else the one shown, else the latest.
task<RunRow> AdminApi::run_of(AdminCall call) {
    auto runs = co_await services_.investigations.runs(call.path["id"]);
    if (!runs) co_return runs.error();
    auto row = co_await services_.investigations.investigation(call.path["id"]);
    if (!row) co_return row.error();
    const std::string wanted = call.query["run"].empty() ? row->posted_run : call.query["run"];
    for (const RunRow& run : *runs) {
        if (run.id == wanted) co_return run;
    }
    if (!call.query["run"].empty() || runs->empty()) co_return Error{errc::not_found, "no such run of this investigation"};
    co_return runs->back();
}

awaitable<HttpReply> AdminApi::evidence(AdminCall call) {
    auto run = co_await run_of(std::move(call));
    if (!run) co_return problem_of(run.error());
    auto finding = parse_json(run->finding);
    if (!finding) co_return problem(409, "Conflict", "The run has no finding yet; its steps hold what was gathered so far.");
    const json body = {
        {"run", run->id}, {"evidence", finding->value("evidence", json::array())}, {"coverage", finding->value("coverage", json::array())}};
    co_return json_reply(200, dump_json(body));
}

awaitable<HttpReply> AdminApi::attempts(AdminCall call) {
    auto run = co_await run_of(std::move(call));
    if (!run) co_return problem_of(run.error());
    auto rows = co_await services_.attempts.attempts(run->id);
    if (!rows) co_return problem_of(rows.error());
    json items = json::array();
    for (const LlmAttempt& row : *rows) items.push_back(to_json_value(row));
    const json body = {{"run", run->id}, {"attempts", items}};
    co_return json_reply(200, dump_json(body));
}

awaitable<HttpReply> AdminApi::runs(AdminCall call) {
    auto runs = co_await services_.investigations.runs(call.path["id"]);
    if (!runs) co_return problem_of(runs.error());
    if (runs->empty()) co_return problem(404, "Not Found", "No such investigation.");
    json items = json::array();
    for (const RunRow& run : *runs) items.push_back(run_json(run, true));
    const json body = {{"runs", items}};
    co_return json_reply(200, dump_json(body));
}

awaitable<HttpReply> AdminApi::steps(AdminCall call) {
    auto run = co_await run_of(std::move(call));
    if (!run) co_return problem_of(run.error());
    auto rows = co_await services_.journal.steps(run->id, false);
    if (!rows) co_return problem_of(rows.error());
    json items = json::array();
    for (const StepRow& row : *rows) items.push_back(step_json(row));
    const json body = {{"run", run->id}, {"steps", items}};
    co_return json_reply(200, dump_json(body));
}

awaitable<HttpReply> AdminApi::case_file(AdminCall call) {
    auto run = co_await run_of(std::move(call));
    if (!run) co_return problem_of(run.error());
    auto text = co_await export_case(*run, services_.journal, services_.attempts);
    if (!text) co_return problem_of(text.error());
    HttpReply reply;
    reply.headers.add("Content-Type", "application/jsonl; charset=utf-8");
    reply.headers.add("Content-Disposition", "attachment; filename=\"" + run->investigation + ".case.jsonl\"");
    reply.body = std::move(*text);
    co_return reply;
}

awaitable<HttpReply> AdminApi::diff(AdminCall call) {
    std::vector<Finding> findings;
    for (const char* side : {"from", "to"}) {
        AdminCall one = call;
        one.query["run"] = call.query[side];
        if (one.query["run"].empty()) co_return problem(400, "Bad Request", "from and to must name two runs of this investigation");
        auto run = co_await run_of(std::move(one));
        if (!run) co_return problem_of(run.error());
        auto value = parse_json(run->finding);
        if (!value) co_return problem(409, "Conflict", run->id + " has no finding");
        auto finding = finding_from_json(*value);
        if (!finding) co_return problem_of(finding.error());
        findings.push_back(std::move(*finding));
    }
    const json difference = diff_findings(findings[0], findings[1]);
    co_return json_reply(200, dump_json(difference));
}

awaitable<HttpReply> AdminApi::replay(AdminCall call) {
    auto wanted = read_replay(call, services_.chains);
    if (!wanted) co_return problem_of(wanted.error());
    auto run = co_await services_.investigations.replay(*wanted, services_.clock.now());
    if (!run) co_return problem_of(run.error());
    services_.on_work();
    HttpReply reply = json_reply(202, dump_json(run_json(*run, false)));
    reply.headers.add("Location", "/api/v1/investigations/" + run->investigation + "/runs");
    co_return reply;
}

awaitable<HttpReply> AdminApi::cancel(AdminCall call) {
    auto done = co_await services_.investigations.cancel(call.path["id"], call.actor, services_.clock.now());
    if (!done) co_return problem_of(done.error());
    co_return json_reply(200, R"({"state":"cancelled"})");
}

}  // namespace gumshoe
