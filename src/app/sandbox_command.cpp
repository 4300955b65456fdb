// sandbox: the simulated company alone, for trying a service against it and for end-to-end tests; and what its tools send, by hand.
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/company.hpp"
#include "app/runtime.hpp"
#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace gumshoe {

namespace {

/// What a test or a person needs to send the company's webhooks by hand.
json webhooks_json(const Company& company, const std::string& url) {
    json all = json::object();
    for (const std::string_view moment : sandbox::moments) {
        json list = json::array();
        for (const HttpRequest& request : company.webhooks(std::string(moment), url)) {
            json headers = json::object();
            for (const auto& [name, value] : request.headers) headers[name] = value;
            list.push_back({{"method", request.method}, {"url", request.url}, {"headers", headers}, {"body", request.body}});
        }
        all[std::string(moment)] = std::move(list);
    }
    return all;
}

awaitable<void> stop(Runtime& runtime, Company& company) {
    co_await company.server().stop(Deadline::after(runtime.loop->clock(), seconds(1)));
}

task<HttpResponse> fetch(HttpClient& http, HttpRequest request, Deadline deadline) {
    const std::string url = request.url;
    auto response = co_await http.send(std::move(request), deadline);
    if (!response) co_return in_context(url, response.error());
    if (response->status / 100 != 2)
        co_return Error{errc::unavailable, url + " answered " + std::to_string(response->status) + " " + response->body};
    co_return response;
}

/// One webhook as the sandbox told it, to the service.
task<void> pass_on(Runtime& runtime, json webhook, std::string service) {
    HttpRequest request;
    request.method = string_or_empty(webhook, "method");
    request.url = "http://" + service + string_or_empty(webhook, "path");
    for (const auto& [name, value] : webhook.at("headers").items()) request.headers.add(name, value.get<std::string>());
    request.body = string_or_empty(webhook, "body");
    const std::string url = request.url;
    auto answer = co_await fetch(*runtime.http, std::move(request), Deadline::after(runtime.loop->clock(), seconds(15)));
    if (!answer) co_return answer.error();
    std::printf("POST %s answered %d %s\n", url.c_str(), answer->status, answer->body.c_str());
    co_return result<void>();
}

/// Asks the sandbox that runs what its tools would send now, and sends it.
awaitable<int> send_moment(Runtime& runtime, const SandboxArguments& arguments) {
    HttpRequest request;
    request.method = "GET";
    request.url = "http://" + arguments.listen + "/_sandbox/webhooks/" + url_encode(arguments.send);
    auto answer = co_await fetch(*runtime.http, std::move(request), Deadline::after(runtime.loop->clock(), seconds(15)));
    auto list = answer ? parse_json(answer->body) : result<json>(answer.error());
    std::size_t sent = 0;
    while (list && sent < list->size()) {
        json webhook = list->at(sent++);
        const auto passed = co_await pass_on(runtime, std::move(webhook), arguments.service_listen);
        if (!passed) list = passed.error();
    }
    if (list && sent > 0) co_return exit_ok;
    std::fprintf(stderr, "%s\n", list ? "nobody sends a webhook at this moment of the scenario" : list.error().message.c_str());
    co_return exit_failed;
}

}  // namespace

int run_sandbox(const SandboxArguments& arguments) {
    Runtime runtime = make_runtime();
    if (!arguments.send.empty()) return run_to_end(runtime, send_moment(runtime, arguments));
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
