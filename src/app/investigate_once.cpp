// investigate: one run from a webhook's body or a case file, on a database of its own, shown in the terminal.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/case_source.hpp"
#include "app/commands.hpp"
#include "app/runtime.hpp"
#include "app/service.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "delivery/terminal_channel.hpp"
#include "finding/render.hpp"

namespace gumshoe {

namespace {

constexpr auto longest_run = std::chrono::minutes(15);

result<Alert> alert_of_webhook(const InvestigateArguments& arguments, const Config& config, Timestamp now) {
    const Receiver* receiver = nullptr;
    for (const ConnectedVendor& vendor : config.vendors) {
        if (vendor.name == arguments.source) receiver = vendor.roles.receiver.get();
    }
    if (!receiver) return Error{errc::not_found, "the configuration has no source " + arguments.source + " with a webhook"};
    std::ifstream in(arguments.alert, std::ios::binary);
    std::ostringstream body;
    body << in.rdbuf();
    RawRequest request;
    request.method = "POST";
    request.path = "/webhooks/" + arguments.source;
    request.headers.add("Content-Type", "application/json");
    request.body = body.str();
    auto parsed = receiver->parse(request, now);
    if (!parsed) return in_context(arguments.alert, parsed.error());
    if (parsed->alerts.empty()) return Error{errc::unsupported, arguments.alert + " holds no alert: " + parsed->filtered};
    return parsed->alerts.front();
}

/// What is said at the end, and the exit code.
int report(const InvestigateArguments& arguments, const RunRow& run, const Alert& alert) {
    auto value = parse_json(run.finding);
    if (run.state != "done" || !value) {
        std::fprintf(stderr, "the investigation is %s: %s\n", run.state.c_str(), run.error.c_str());
        return exit_failed;
    }
    auto finding = finding_from_json(*value);
    if (!finding) {
        std::fprintf(stderr, "%s\n", finding.error().message.c_str());
        return exit_failed;
    }
    if (arguments.json) {
        std::printf("%s\n", dump_json(*value, 2).c_str());
    } else {
        Situation situation;
        situation.alert = alert;
        situation.investigation = run.investigation;
        situation.state = run.state;
        std::printf("%s\n", render_terminal(render_finding(situation, *finding), isatty(STDOUT_FILENO) == 1).c_str());
    }
    return finding->status == FindingStatus::inconclusive ? exit_inconclusive : exit_ok;
}

awaitable<int> command(Runtime& runtime, Service& service, Alert alert, const InvestigateArguments& arguments) {
    auto& clock = runtime.loop->clock();
    auto started = co_await service.start();
    if (!started) {
        std::fprintf(stderr, "%s\n", started.error().message.c_str());
        co_return exit_failed;
    }
    auto run = co_await service.investigate(alert, Deadline::after(clock, longest_run));
    int code = exit_failed;
    if (run) {
        code = report(arguments, *run, alert);
    } else {
        std::fprintf(stderr, "%s\n", run.error().message.c_str());
    }
    co_await service.stop(Deadline::after(clock, seconds(1)));
    co_return code;
}

}  // namespace

int investigate_once(const InvestigateArguments& arguments) {
    log::set_level(log::Level::warn);
    Runtime runtime = make_runtime();
    ServiceOptions options;
    options.listen = false;
    options.models = !arguments.no_llm;
    options.channel = make_terminal_channel([](const std::string&) {}, false, 100);  // the finding is printed once, at the end
    Config config;
    Alert alert;
    // A case file brings its evidence along; only models need a configuration.
    if (arguments.case_file.empty() || !arguments.no_llm) {
        auto loaded = load_or_explain(arguments.config, runtime);
        if (!loaded) return exit_configuration;
        config = std::move(*loaded);
    }
    if (!arguments.case_file.empty()) {
        auto file = read_case(arguments.case_file);
        if (!file) {
            std::fprintf(stderr, "%s\n", file.error().message.c_str());
            return exit_failed;
        }
        alert = file->subject.alert;
        options.subject = file->subject;
        options.vendor_sources = false;
        options.sources.push_back(make_case_source(std::move(*file)));
    } else {
        auto read = alert_of_webhook(arguments, config, runtime.loop->clock().now());
        if (!read) {
            std::fprintf(stderr, "%s\n", read.error().message.c_str());
            return exit_failed;
        }
        alert = std::move(*read);
    }
    const TemporaryDirectory directory;
    config.store.sqlite = arguments.save.empty() ? (directory.path() / "gumshoe.db").string() : arguments.save;
    auto service = make_service(*runtime.loop, *runtime.http, std::move(config), std::move(options));
    if (!service) {
        std::fprintf(stderr, "%s\n", service.error().message.c_str());
        return exit_failed;
    }
    return run_to_end(runtime, command(runtime, **service, std::move(alert), arguments));
}

}  // namespace gumshoe
