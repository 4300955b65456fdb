// serve: the life of the service from start to the second signal.
#include <unistd.h>

#include <cstdio>
#include <string>

#include "app/commands.hpp"
#include "app/runtime.hpp"
#include "app/service.hpp"
#include "base/log.hpp"

namespace gumshoe {

namespace {

constexpr auto drain = seconds(10);

awaitable<void> stop_service(Runtime& runtime, Service& service) {
    log::info("stopping", {});
    co_await service.stop(Deadline::after(runtime.loop->clock(), drain));
}

awaitable<int> start_service(Runtime& runtime, Service& service) {
    const auto began = runtime.loop->clock().monotonic();
    auto started = co_await service.start();
    if (!started) {
        log::error("cannot start", {{"error", started.error().message}});
        co_await service.stop(Deadline::after(runtime.loop->clock(), seconds(1)));
        co_return exit_failed;
    }
    const auto took = std::chrono::duration_cast<milliseconds>(runtime.loop->clock().monotonic() - began);
    log::info("ready", {{"port", std::to_string(service.port())},
                        {"admin_port", std::to_string(service.admin_port())},
                        {"gateway_port", std::to_string(service.gateway_port())},
                        {"millis", std::to_string(took.count())}});
    co_return exit_ok;
}

}  // namespace

int serve(const ServeArguments& arguments) {
    Runtime runtime = make_runtime();
    auto config = load_or_explain(arguments.config, runtime);
    if (!config) return exit_configuration;
    ServiceOptions options;
    options.colour = isatty(STDOUT_FILENO) == 1;
    options.print = [](const std::string& text) { std::fputs((text + "\n").c_str(), stdout); };
    auto service = make_service(*runtime.loop, *runtime.http, std::move(*config), std::move(options));
    if (!service) {
        log::error("cannot start", {{"error", service.error().message}});
        return exit_failed;
    }
    runtime.loop->on_stop_signal([&] { runtime.loop->spawn("stop", stop_service(runtime, **service)); });
    const int code = run_to_end(runtime, start_service(runtime, **service));
    log::info("stopped", {});
    return code;
}

}  // namespace gumshoe
