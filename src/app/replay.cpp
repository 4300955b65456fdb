// replay: asks a running service for a new run, waits for it and shows what differs from the one before.
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/runtime.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "investigation/diff.hpp"

namespace gumshoe {

namespace {

constexpr auto longest_replay = std::chrono::minutes(10);

/// The admin API as this command sees it: JSON in, JSON out, problems as errors.
class AdminClient {
public:
    AdminClient(Runtime& runtime, std::string url, std::string token) : runtime_(runtime), url_(std::move(url)), token_(std::move(token)) {}

    task<json> call(std::string method, std::string path, std::string body) {
        HttpRequest request;
        request.method = std::move(method);
        request.url = url_ + path;
        request.headers.add("Authorization", "Bearer " + token_);
        request.headers.add("Content-Type", "application/json");
        if (request.method == "POST") request.headers.add("Idempotency-Key", new_uuid());
        request.body = std::move(body);
        auto response = co_await runtime_.http->send(std::move(request), Deadline::after(runtime_.loop->clock(), limits::fetch_total));
        if (!response) co_return in_context(url_, response.error());
        auto value = parse_json(response->body);
        if (response->status / 100 != 2) {
            co_return Error{errc::unavailable, "HTTP " + std::to_string(response->status) + ": " +
                                                   (value ? string_or_empty(*value, "detail") : "not an answer of Gumshoe")};
        }
        co_return value;
    }

private:
    Runtime& runtime_;
    std::string url_;
    std::string token_;
};

/// The run with this id, once it ended.
task<json> ended_run(Runtime& runtime, AdminClient& client, std::string base, std::string run) {
    const Deadline deadline = Deadline::after(runtime.loop->clock(), longest_replay);
    while (!deadline.passed(runtime.loop->clock())) {
        auto runs = co_await client.call("GET", base + "/runs", "");
        if (!runs) co_return runs.error();
        for (const json& entry : runs->value("runs", json::array())) {
            const std::string state = string_or_empty(entry, "state");
            if (string_or_empty(entry, "id") != run || state == "queued" || state == "running") continue;
            json ended = entry;
            co_return result<json>(boost::system::in_place_value, std::move(ended));
        }
        co_await runtime.loop->clock().sleep_until(runtime.loop->clock().monotonic() + milliseconds(250));
    }
    co_return Error{errc::timeout, "the replay " + run + " has not ended in 10 minutes"};
}

task<json> replay_and_compare(Runtime& runtime, AdminClient& client, const ReplayArguments& arguments) {
    const std::string base = "/api/v1/investigations/" + url_encode(arguments.id);
    json wanted = {{"mode", arguments.mode}, {"post", arguments.post}};
    if (!arguments.chain.empty()) wanted["chain"] = arguments.chain;
    auto queued = co_await client.call("POST", base + "/replay", dump_json(wanted));
    if (!queued) co_return queued.error();
    const std::string run = string_or_empty(*queued, "id");
    const std::string parent = string_or_empty(*queued, "parent");
    std::fprintf(stderr, "replaying %s as %s (%s)\n", parent.c_str(), run.c_str(), arguments.mode.c_str());
    auto ended = co_await ended_run(runtime, client, base, run);
    if (!ended) co_return ended.error();
    if (string_or_empty(*ended, "state") != "done") {
        co_return Error{errc::unavailable, "the replay is " + string_or_empty(*ended, "state") + ": " + string_or_empty(*ended, "error")};
    }
    co_return co_await client.call("GET", base + "/diff?from=" + url_encode(parent) + "&to=" + url_encode(run), "");
}

awaitable<int> command(Runtime& runtime, AdminClient& client, const ReplayArguments& arguments) {
    auto difference = co_await replay_and_compare(runtime, client, arguments);
    if (!difference) {
        std::fprintf(stderr, "%s\n", difference.error().message.c_str());
        co_return exit_failed;
    }
    std::printf("%s\n", (arguments.json ? dump_json(*difference, 2) : diff_text(*difference)).c_str());
    co_return exit_ok;
}

}  // namespace

int replay(const ReplayArguments& arguments) {
    log::set_level(log::Level::warn);
    const char* token = std::getenv("GUMSHOE_ADMIN_TOKEN");  // NOLINT(concurrency-mt-unsafe): nobody sets variables
    if (token == nullptr || *token == '\0') {
        std::fprintf(stderr, "set GUMSHOE_ADMIN_TOKEN to a token with the scopes read and replay\n");
        return exit_configuration;
    }
    Runtime runtime = make_runtime();
    AdminClient client(runtime, arguments.url, token);
    return run_to_end(runtime, command(runtime, client, arguments));
}

}  // namespace gumshoe
