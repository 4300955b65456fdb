// sandbox: the simulated company alone, for trying a service against it and for end-to-end tests.
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/company.hpp"
#include "app/runtime.hpp"
#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/log.hpp"

namespace gumshoe {

namespace {

/// What a test or a person needs to send the company's webhooks by hand.
json webhooks_json(const Company& company, const std::string& url) {
    json all = json::object();
    for (const char* moment : {"trigger", "renotify", "recovery"}) {
        json list = json::array();
        for (const HttpRequest& request : company.webhooks(moment, url)) {
            json headers = json::object();
            for (const auto& [name, value] : request.headers) headers[name] = value;
            list.push_back({{"method", request.method}, {"url", request.url}, {"headers", headers}, {"body", request.body}});
        }
        all[moment] = std::move(list);
    }
    return all;
}

awaitable<void> stop(Runtime& runtime, Company& company) {
    co_await company.server().stop(Deadline::after(runtime.loop->clock(), seconds(1)));
}

}  // namespace

int run_sandbox(const SandboxArguments& arguments) {
    Runtime runtime = make_runtime();
    auto company = Company::open(*runtime.loop, arguments.scenario, arguments.listen);
    if (!company) {
        std::fprintf(stderr, "%s\n", company.error().message.c_str());
        return exit_failed;
    }
    CompanyService service;
    service.listen = arguments.service_listen;
    service.admin_listen = arguments.service_admin_listen;
    service.admin_token = "sandbox_" + random_hex(16);
    service.database = arguments.database;
    std::ofstream out(arguments.write_config);
    out << (*company)->configuration(service);
    out.flush();
    std::ofstream hooks(arguments.write_config + ".webhooks.json");
    hooks << dump_json(webhooks_json(**company, "http://" + arguments.service_listen), 1) << "\n";
    hooks.flush();
    if (!out || !hooks) {
        std::fprintf(stderr, "cannot write %s\n", arguments.write_config.c_str());
        return exit_failed;
    }
    std::printf("%s: http://127.0.0.1:%u  (%s)\nconfiguration: %s  webhooks: %s.webhooks.json\n", arguments.scenario.c_str(),
                (*company)->server().port(), (*company)->title().c_str(), arguments.write_config.c_str(), arguments.write_config.c_str());
    std::fflush(stdout);
    runtime.loop->on_stop_signal([&] { runtime.loop->spawn("stop", stop(runtime, **company)); });
    runtime.loop->run();
    return exit_ok;
}

}  // namespace gumshoe
