// list, show, export: what a database holds, with or without a running service.
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "admin/admin_store.hpp"
#include "alert/intake_store.hpp"
#include "app/commands.hpp"
#include "app/runtime.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "delivery/outbox.hpp"
#include "finding/render.hpp"
#include "investigation/export.hpp"
#include "queue/queue.hpp"
#include "store/database.hpp"
#include "store/store.hpp"

namespace gumshoe {

namespace {

using Inspection = awaitable<int> (*)(Store&, const InspectArguments&);

int fail(const Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    return exit_failed;
}

int inspect(const InspectArguments& arguments, Inspection inspection) {
    log::set_level(log::Level::warn);
    // A copy is read: the service that owns the file goes on undisturbed.
    const TemporaryDirectory directory;
    const std::string copy = (directory.path() / "copy.db").string();
    auto copied = snapshot_sqlite_store(arguments.database, copy);
    if (!copied) return fail(in_context("--database", copied.error()));
    Runtime runtime = make_runtime();
    auto store = open_sqlite_store(copy, *runtime.loop);
    if (!store) return fail(store.error());
    return run_to_end(runtime, inspection(*store, arguments));
}

int write(const InspectArguments& arguments, const std::string& text) {
    if (arguments.output.empty()) {
        std::fwrite(text.data(), 1, text.size(), stdout);
        return exit_ok;
    }
    std::ofstream out(arguments.output, std::ios::binary);
    out << text;
    out.flush();
    if (!out) return fail({errc::storage, "cannot write " + arguments.output});
    return exit_ok;
}

task<RunRow> run_of(Store& store, const InspectArguments& arguments) {
    auto row = co_await store.investigations->investigation(arguments.id);
    if (!row) co_return row.error();
    auto runs = co_await store.investigations->runs(arguments.id);
    if (!runs) co_return runs.error();
    const std::string wanted = arguments.run.empty() ? row->posted_run : arguments.run;
    for (const RunRow& run : *runs) {
        if (run.id == wanted) co_return run;
    }
    if (!arguments.run.empty() || runs->empty()) co_return Error{errc::not_found, "no such run: " + wanted};
    co_return runs->back();
}

awaitable<int> list(Store& store, const InspectArguments& arguments) {
    json all = json::array();
    Page page;
    page.limit = 500;
    ListFilter filter;
    filter.state = arguments.state;
    auto listed = co_await store.admin->investigations(filter, page);
    if (!listed) co_return fail(listed.error());
    for (const std::string& item : listed->items) {
        auto value = parse_json(item);
        if (!value) co_return fail(value.error());
        all.push_back(std::move(*value));
    }
    if (arguments.json) co_return write(arguments, dump_json(all, 2) + "\n");
    for (const json& item : all) {
        std::printf("%s  %-9s  %-20s  %s\n", string_or_empty(item, "id").c_str(), string_or_empty(item, "state").c_str(),
                    string_or_empty(item, "created_at").c_str(), string_or_empty(item, "title").c_str());
    }
    co_return exit_ok;
}

awaitable<int> show(Store& store, const InspectArguments& arguments) {
    if (arguments.json) {
        auto text = co_await store.admin->investigation(arguments.id);
        if (!text) co_return fail(text.error());
        auto value = parse_json(*text);
        co_return write(arguments, (value ? dump_json(*value, 2) : *text) + "\n");
    }
    auto run = co_await run_of(store, arguments);
    if (!run) co_return fail(run.error());
    auto row = co_await store.investigations->investigation(arguments.id);
    if (!row) co_return fail(row.error());
    auto value = parse_json(run->finding);
    if (!value) co_return fail({errc::conflict, run->id + " is " + run->state + " and has no finding. " + run->error});
    auto finding = finding_from_json(*value);
    if (!finding) co_return fail(finding.error());
    Situation situation;
    situation.alert = row->alert;
    situation.investigation = row->id;
    situation.fired = row->fired;
    auto members = co_await store.investigations->members(arguments.id);
    if (!members) co_return fail(members.error());
    situation.members = std::move(*members);
    situation.resolved_at = row->resolved_at;
    situation.state = row->state;
    co_return write(arguments, render_markdown(situation, *finding));
}

awaitable<int> export_case_file(Store& store, const InspectArguments& arguments) {
    auto run = co_await run_of(store, arguments);
    if (!run) co_return fail(run.error());
    auto text = co_await export_case(*run, *store.journal, *store.attempts);
    if (!text) co_return fail(text.error());
    co_return write(arguments, *text);
}

}  // namespace

int list_investigations(const InspectArguments& arguments) {
    return inspect(arguments, list);
}
int show_investigation(const InspectArguments& arguments) {
    return inspect(arguments, show);
}
int export_investigation(const InspectArguments& arguments) {
    return inspect(arguments, export_case_file);
}

}  // namespace gumshoe
