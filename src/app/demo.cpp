// demo: the simulated company and the service in one process, an incident from webhook to message, told as it happens.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/company.hpp"
#include "app/demo_play.hpp"
#include "app/runtime.hpp"
#include "app/service.hpp"
#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "sandbox/scenario.hpp"

namespace gumshoe {

namespace {

/// The findings as the arguments want them; exit_failed when there is one that did not come about.
int conclude(const std::vector<RunRow>& runs, const Company& company, const DemoArguments& arguments) {
    int code = exit_ok;
    for (const RunRow& run : runs) {
        auto finding = parse_json(run.finding);
        if (run.state != "done" || !finding) {
            std::fprintf(stderr, "the investigation is %s: %s\n", run.state.c_str(), run.error.c_str());
            code = exit_failed;
        } else if (arguments.json) {
            std::printf("%s\n", dump_json(*finding, 2).c_str());
        }
    }
    if (!arguments.json) {
        for (const std::string& message : company.screen()) std::printf("\n%s", message.c_str());
    }
    std::fflush(stdout);
    return code;
}

void invite(Company& company, const Service& service, const std::string& token) {
    const std::string admin = "http://127.0.0.1:" + std::to_string(service.admin_port());
    std::printf(
        "\nThe service stays up. Admin API: %s  token: %s\n"
        "  curl -s -H 'Authorization: Bearer %s' %s/api/v1/investigations\n"
        "Webhooks: http://127.0.0.1:%u/webhooks/...   Sandbox: http://127.0.0.1:%u/_sandbox/requests   Ctrl-C ends it.\n",
        admin.c_str(), token.c_str(), token.c_str(), admin.c_str(), service.port(), company.server().port());
    std::fflush(stdout);
}

awaitable<void> stop_all(Service& service, Company& company, Deadline deadline) {
    co_await service.stop(deadline);
    co_await company.server().stop(deadline);
}

awaitable<int> play(Runtime& runtime, Company& company, Service& service, const DemoArguments& arguments, std::string token) {
    Clock& clock = runtime.loop->clock();
    const auto tell = [&arguments](const std::string& line) {
        if (arguments.json) return;
        std::printf("%s\n", line.c_str());
        std::fflush(stdout);
    };
    result<std::vector<RunRow>> runs = Error{errc::unavailable, "the service did not start"};
    auto started = co_await service.start();
    if (started) {
        Play told(*runtime.http, clock, company, service, tell);
        runs = co_await told.run();
    } else {
        runs = started.error();
    }
    if (!runs) std::fprintf(stderr, "%s\n", runs.error().message.c_str());
    const int code = runs ? conclude(*runs, company, arguments) : exit_failed;
    if (code == exit_ok && !arguments.once && !arguments.json) {
        invite(company, service, token);
        co_return code;
    }
    co_await stop_all(service, company, Deadline::after(clock, seconds(2)));
    co_return code;
}

int list_all() {
    for (const sandbox::ScenarioTitle& scenario : sandbox::list_scenarios()) {
        std::printf("%-24s %s\n", scenario.name.c_str(), scenario.title.c_str());
    }
    return exit_ok;
}

}  // namespace

int demo(const DemoArguments& arguments) {
    if (arguments.list) return list_all();
    log::set_level(log::Level::error);
    const TemporaryDirectory directory;
    Runtime runtime = make_runtime();
    auto company = Company::open(*runtime.loop, arguments.scenario, "127.0.0.1:0");
    if (!company) {
        std::fprintf(stderr, "%s\n", company.error().message.c_str());
        return exit_failed;
    }
    CompanyService wanted;
    wanted.listen = arguments.listen;
    wanted.admin_listen = arguments.admin_listen;
    wanted.admin_token = "demo_" + random_hex(16);
    wanted.database = (directory.path() / "gumshoe.db").string();
    const std::string file = (directory.path() / "gumshoe.yaml").string();
    std::ofstream(file) << (*company)->configuration(wanted);
    auto config = load_config(file, process_environment(), runtime.services());
    if (!config) {
        std::fprintf(stderr, "%s\n", config.error().message.c_str());
        return exit_configuration;
    }
    ServiceOptions options;
    options.print = [&](const std::string& text) {
        if (!arguments.json) std::printf("%s\n", text.c_str());
    };
    auto service = make_service(*runtime.loop, *runtime.http, std::move(config->config), std::move(options));
    if (!service) {
        std::fprintf(stderr, "%s\n", service.error().message.c_str());
        return exit_failed;
    }
    runtime.loop->on_stop_signal([&] {
        const Deadline deadline = Deadline::after(runtime.loop->clock(), seconds(5));
        runtime.loop->spawn("stop", stop_all(**service, **company, deadline));
    });
    return run_to_end(runtime, play(runtime, **company, **service, arguments, wanted.admin_token));
}

}  // namespace gumshoe
