// check: the configuration, then each vendor's cheapest authenticated read, side by side, as a table; and which models the service
// has put out, from its database.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/runtime.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "llm/alarm.hpp"
#include "llm/dialect.hpp"
#include "llm/memory.hpp"
#include "store/store.hpp"

namespace gumshoe {

namespace {

constexpr auto longest_probe = seconds(15);

struct ProbeRow {
    std::string what;
    bool ok = false;
    std::string words;
};

awaitable<void> record(awaitable<result<std::string>> probe, ProbeRow& row) {
    auto answer = co_await std::move(probe);
    row.ok = answer.has_value();
    row.words = answer ? *answer : answer.error().message;
}

task<std::string> probe_target(HttpClient& http, std::shared_ptr<const llm::Target> target, Deadline deadline) {
    std::optional<HttpRequest> request = target->dialect->probe(*target);
    if (!request) co_return "not asked: this vendor has no read that is free";
    auto response = co_await http.send(std::move(*request), deadline);
    if (!response) co_return response.error();
    if (response->status / 100 == 2) co_return "model " + target->model_on_wire();
    const auto verdict = target->dialect->read(*response);
    const auto* failure = std::get_if<Failure>(&verdict);
    co_return Error{errc::unavailable, "HTTP " + std::to_string(response->status) + (failure ? ": " + failure->reason : "")};
}

/// "llm target main  FAILED  not called since ...: why. What to do", for each target that a quarantine holds back.
void add_quarantined(const Config& config, std::vector<ProbeRow>& rows) {
    if (!std::filesystem::exists(config.store.sqlite)) return;  // no service has run yet
    const auto quarantines = read_quarantines(config.store.sqlite);
    if (!quarantines) {
        rows.push_back({"database", false, quarantines.error().message});
        return;
    }
    for (const auto& target : config.llm.targets) {
        for (const Quarantine& entry : *quarantines) {
            const FailureClass failure = failure_class(entry.failure).value_or(FailureClass::account_dead);
            if (llm::broken_scope(*target, failure) != entry.scope) continue;
            rows.push_back({"llm target " + target->name + " (quarantine)", false,
                            "not called since " + format_rfc3339(entry.since) + ": " + entry.reason + ". " + llm::advice(*target, failure) +
                                " Next look: " + format_rfc3339(entry.until) + ", or now with POST /api/v1/llm/release of " + entry.scope});
        }
    }
}

/// What to paste into the monitoring tool.
std::string webhook_address(const Config& config, const std::string& vendor) {
    const std::string path = "/webhooks/" + vendor;
    return config.server.public_url.empty() ? path + " (server.public_url would show the whole address)" : config.server.public_url + path;
}

awaitable<int> command(Runtime& runtime, const Config& config, std::vector<ProbeRow>& rows) {
    const Deadline deadline = Deadline::after(runtime.loop->clock(), longest_probe);
    // Rows first: their addresses must not move while probes write to them.
    rows.reserve(3 * config.vendors.size() + config.llm.targets.size());
    std::vector<awaitable<void>> probes;
    for (const ConnectedVendor& vendor : config.vendors) {
        if (vendor.roles.receiver) rows.push_back({vendor.name + " (webhook)", true, webhook_address(config, vendor.name)});
        if (vendor.roles.source) {
            ProbeRow& row = rows.emplace_back(ProbeRow{vendor.name + " (evidence)"});
            probes.push_back(record(vendor.roles.source->probe(deadline), row));
        }
        if (vendor.roles.channel) {
            ProbeRow& row = rows.emplace_back(ProbeRow{vendor.name + " (channel)"});
            probes.push_back(record(vendor.roles.channel->probe(deadline), row));
        }
    }
    for (const auto& target : config.llm.targets) {
        const auto keys = std::ranges::count(config.llm.targets, target->name, [](const auto& other) { return other->name; });
        ProbeRow& row = rows.emplace_back(
            ProbeRow{"llm target " + target->name + (keys > 1 ? ", key " + llm::key_fingerprint(*target) : std::string())});
        probes.push_back(record(probe_target(*runtime.http, target, deadline), row));
    }
    co_await runtime.loop->all(std::move(probes));
    add_quarantined(config, rows);
    const bool ok = std::all_of(rows.begin(), rows.end(), [](const ProbeRow& row) { return row.ok; });
    co_return ok ? exit_ok : exit_failed;
}

void print(const std::vector<ProbeRow>& rows, bool as_json) {
    if (as_json) {
        json list = json::array();
        for (const ProbeRow& row : rows) list.push_back({{"what", row.what}, {"ok", row.ok}, {"detail", row.words}});
        std::printf("%s\n", dump_json(list, 2).c_str());
        return;
    }
    std::size_t width = 0;
    for (const ProbeRow& row : rows) width = std::max(width, row.what.size());
    for (const ProbeRow& row : rows) {
        std::printf("%-*s  %-6s  %s\n", static_cast<int>(width), row.what.c_str(), row.ok ? "ok" : "FAILED",
                    strip_invisible(row.words).c_str());
    }
    if (rows.empty()) std::printf("The configuration is right; it names no vendor to ask.\n");
}

}  // namespace

int check(const CheckArguments& arguments) {
    log::set_level(log::Level::warn);
    Runtime runtime = make_runtime();
    auto config = load_or_explain(arguments.config, runtime);
    if (!config) return exit_configuration;
    std::vector<ProbeRow> rows;
    const int code = run_to_end(runtime, command(runtime, *config, rows));
    print(rows, arguments.json);
    return code;
}

}  // namespace gumshoe
