// demo: the simulated company and the service in one process, one incident from webhook to message, told as it happens.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "app/commands.hpp"
#include "app/company.hpp"
#include "app/runtime.hpp"
#include "app/service.hpp"
#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "delivery/outbox.hpp"
#include "investigation/journal.hpp"
#include "llm/attempt_store.hpp"
#include "sandbox/scenario.hpp"

namespace gumshoe {

namespace {

constexpr auto longest_demo = std::chrono::minutes(3);
constexpr auto look_again = milliseconds(50);

/// One incident as the terminal shows it.
class Play {
public:
    Play(Runtime& runtime, Company& company, Service& service, const DemoArguments& arguments, std::string token)
        : runtime_(runtime),
          clock_(runtime.loop->clock()),
          company_(company),
          service_(service),
          arguments_(arguments),
          token_(std::move(token)) {}

    awaitable<int> run();

private:
    void tell(const std::string& line) const;
    awaitable<bool> send_webhooks();
    task<RunRow> watch();
    awaitable<void> tell_anchor(std::string investigation);
    awaitable<void> tell_steps(std::string run);
    awaitable<void> tell_attempts(std::string run);
    int conclude(const RunRow& run) const;
    void invite() const;

    Runtime& runtime_;
    Clock& clock_;
    Company& company_;
    Service& service_;
    const DemoArguments& arguments_;
    std::string token_;
    std::string investigation_;
    Monotonic began_{};
    std::set<std::string> told_;
};

void Play::tell(const std::string& line) const {
    if (arguments_.json) return;
    const auto passed = std::chrono::duration_cast<milliseconds>(clock_.monotonic() - began_).count();
    std::printf("%7.3f s  %s\n", static_cast<double>(passed) / 1000, strip_invisible(line).c_str());
    std::fflush(stdout);
}

awaitable<bool> Play::send_webhooks() {
    const std::string url = "http://127.0.0.1:" + std::to_string(service_.port());
    for (HttpRequest& request : company_.webhooks("trigger", url)) {
        const std::string path = request.url.substr(url.size());
        auto response = co_await runtime_.http->send(std::move(request), Deadline::after(clock_, seconds(15)));
        if (!response) {
            std::fprintf(stderr, "the webhook was not taken: %s\n", response.error().message.c_str());
            co_return false;
        }
        tell("POST " + path + " answered " + std::to_string(response->status) + " " + response->body);
        if (response->status != 202) co_return false;
        auto answer = parse_json(response->body);
        const json* started = answer ? find(*answer, "investigations") : nullptr;
        if (started && started->is_array() && !started->empty()) investigation_ = started->front().get<std::string>();
    }
    co_return !investigation_.empty();
}

awaitable<void> Play::tell_anchor(std::string investigation) {
    auto message = co_await service_.store().outbox->find(std::move(investigation), "anchor");
    if (!message || !*message || (*message)->state != MessageState::anchored) co_return;
    if (told_.insert("anchor").second) tell("the facts card stands in " + (*message)->channel);
}

awaitable<void> Play::tell_steps(std::string run) {
    auto steps = co_await service_.store().journal->steps(std::move(run), false);
    if (!steps) co_return;
    for (const StepRow& step : *steps) {
        if (!step.finished_at || !told_.insert(step.name).second) continue;
        const auto took = (*step.finished_at - step.started_at).count();
        auto output = parse_json(step.output);
        const std::string status = output ? string_or_empty(*output, "coverage.status") : "";
        tell(step.name + (status.empty() ? "" : ": " + status) + " (" + std::to_string(took) + " ms)");
    }
}

awaitable<void> Play::tell_attempts(std::string run) {
    auto attempts = co_await service_.store().attempts->attempts(std::move(run));
    if (!attempts) co_return;
    for (const LlmAttempt& attempt : *attempts) {
        if (attempt.outcome.empty() || !told_.insert(attempt.id).second) continue;
        tell("model " + attempt.target + " (" + attempt.model + "): " + attempt.outcome +
             (attempt.reason.empty() ? "" : ", " + attempt.reason));
    }
}

task<RunRow> Play::watch() {
    const Deadline deadline = Deadline::after(clock_, longest_demo);
    InvestigationStore& store = *service_.store().investigations;
    while (!deadline.passed(clock_)) {
        co_await clock_.sleep_until(clock_.monotonic() + look_again);
        auto runs = co_await store.runs(investigation_);
        if (!runs) co_return runs.error();
        if (runs->empty()) continue;
        const RunRow run = runs->back();
        co_await tell_anchor(run.investigation);
        co_await tell_steps(run.id);
        co_await tell_attempts(run.id);
        if (run.state != "queued" && run.state != "running") co_return run;
    }
    co_return Error{errc::timeout, "the investigation has not ended in 3 minutes"};
}

int Play::conclude(const RunRow& run) const {
    auto finding = parse_json(run.finding);
    if (run.state != "done" || !finding) {
        std::fprintf(stderr, "the investigation is %s: %s\n", run.state.c_str(), run.error.c_str());
        return exit_failed;
    }
    if (arguments_.json) {
        std::printf("%s\n", dump_json(*finding, 2).c_str());
        return exit_ok;
    }
    for (const std::string& message : company_.screen()) std::printf("\n%s", message.c_str());
    std::fflush(stdout);
    return exit_ok;
}

void Play::invite() const {
    const std::string admin = "http://127.0.0.1:" + std::to_string(service_.admin_port());
    std::printf(
        "\nThe service stays up. Admin API: %s  token: %s\n"
        "  curl -s -H 'Authorization: Bearer %s' %s/api/v1/investigations\n"
        "Webhooks: http://127.0.0.1:%u/webhooks/...   Sandbox: http://127.0.0.1:%u/_sandbox/requests   Ctrl-C ends it.\n",
        admin.c_str(), token_.c_str(), token_.c_str(), admin.c_str(), service_.port(), company_.server().port());
    std::fflush(stdout);
}

awaitable<int> Play::run() {
    began_ = clock_.monotonic();
    auto started = co_await service_.start();
    int code = exit_failed;
    if (!started) {
        std::fprintf(stderr, "%s\n", started.error().message.c_str());
    } else {
        tell("ready; scenario: " + company_.title());
        began_ = clock_.monotonic();
        const bool sent = co_await send_webhooks();
        result<RunRow> run = Error{errc::unavailable, "the service refused the webhook"};
        if (sent) {
            run = co_await watch();
        }
        if (run) {
            auto delivered = co_await service_.delivered(run->investigation, Deadline::after(clock_, seconds(20)));
            if (!delivered) std::fprintf(stderr, "%s\n", delivered.error().message.c_str());
            tell("the finding stands");
            code = conclude(*run);
        } else {
            std::fprintf(stderr, "%s\n", run.error().message.c_str());
        }
    }
    if (code == exit_ok && !arguments_.once && !arguments_.json) {
        invite();
        co_return code;
    }
    const Deadline deadline = Deadline::after(clock_, seconds(2));
    co_await service_.stop(deadline);
    co_await company_.server().stop(deadline);
    co_return code;
}

awaitable<void> stop_all(Runtime& runtime, Service& service, Company& company) {
    const Deadline deadline = Deadline::after(runtime.loop->clock(), seconds(5));
    co_await service.stop(deadline);
    co_await company.server().stop(deadline);
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
    runtime.loop->on_stop_signal([&] { runtime.loop->spawn("stop", stop_all(runtime, **service, **company)); });
    Play play(runtime, **company, **service, arguments, wanted.admin_token);
    return run_to_end(runtime, play.run());
}

}  // namespace gumshoe
