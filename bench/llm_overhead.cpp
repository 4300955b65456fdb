// What a call through the router costs beside the same call with libcurl alone, against a server on this machine that answers at once.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/no_journal.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "bench/support/load.hpp"
#include "bench/support/stub.hpp"
#include "bench/support/subject.hpp"
#include "integrations/openai/openai.hpp"
#include "io/event_loop.hpp"
#include "llm/exchange.hpp"
#include "llm/router.hpp"
#include "store/store.hpp"

namespace {

using namespace gumshoe;
using namespace gumshoe::bench;
using Steady = std::chrono::steady_clock;

struct Options {
    std::size_t calls = 4000;
    std::size_t rounds = 8;
    std::vector<std::size_t> in_flight{1, 16, 256};
    std::string folder = std::filesystem::temp_directory_path();  // of the database
    std::vector<std::size_t> kinds{0, 1, 2, 3};
    bool json = false;
};

/// From the barest to the whole; each is compared with the first.
constexpr const char* kinds[] = {"bare libcurl", "our HTTP client", "router, no journal", "router, SQLite journal"};

/// What each kind of call needs.
class Bench {
public:
    Bench(EventLoop& loop, Options options, AttemptStore& durable)
        : loop_(loop), options_(std::move(options)), http_(make_http_client(loop)), durable_(durable) {
        chain_ = llm::in_order({target_});
    }

    awaitable<void> measure() {
        for (const bool stream : {false, true}) {
            for (const std::size_t in_flight : options_.in_flight) {
                co_await measure(stream, in_flight);
            }
        }
    }

    json as_json() const {
        json rows = json::array();
        for (const Row& row : rows_) {
            rows.push_back({{"streaming", row.stream},
                            {"in_flight", row.in_flight},
                            {"kind", row.kind},
                            {"calls", row.latency.micros.size()},
                            {"failures", row.latency.failures},
                            {"per_second", row.latency.per_second()},
                            {"p50_us", row.latency.quantile(0.5)},
                            {"p99_us", row.latency.quantile(0.99)},
                            {"added_p50_us", row.added(0.5)},
                            {"added_p99_us", row.added(0.99)},
                            {"ratio_p50", row.ratio(0.5)},
                            {"ratio_p99", row.ratio(0.99)}});
        }
        return {{"benchmark", "llm_overhead"}, {"folder", options_.folder}, {"rows", std::move(rows)}};
    }

    void print() const {
        std::printf("%-10s %9s  %-24s %9s %10s %10s %10s %10s %7s %7s\n", "answers", "in flight", "through", "calls/s", "p50 us", "p99 us",
                    "+p50 us", "+p99 us", "x p50", "x p99");
        for (const Row& row : rows_) {
            std::printf("%-10s %9zu  %-24s %9.0f %10.1f %10.1f %10.1f %10.1f %7.2f %7.2f%s\n", row.stream ? "streaming" : "buffered",
                        row.in_flight, row.kind.c_str(), row.latency.per_second(), row.latency.quantile(0.5), row.latency.quantile(0.99),
                        row.added(0.5), row.added(0.99), row.ratio(0.5), row.ratio(0.99),
                        row.latency.failures == 0 ? "" : (" FAILED: " + std::to_string(row.latency.failures)).c_str());
        }
    }

    bool all_answered() const {
        return std::ranges::all_of(rows_, [](const Row& row) { return row.latency.failures == 0; });
    }

private:
    struct Row {
        bool stream;
        std::size_t in_flight;
        std::string kind;
        Latency latency;
        std::map<double, double> bare;  // quantiles of the baseline of the same run
        double added(double share) const { return latency.quantile(share) - bare.at(share); }
        double ratio(double share) const { return latency.quantile(share) / bare.at(share); }
    };
    struct Round {
        std::size_t calls;
        std::size_t begun = 0;
        bool stream;
        Latency latency = {};
    };

    /// Rounds take turns, so that what else the machine does meets all kinds alike. The first round of each is to warm up.
    awaitable<void> measure(bool stream, std::size_t in_flight) {
        std::vector<Latency> all(std::size(kinds));
        const std::size_t calls = std::max(options_.calls / options_.rounds, 4 * in_flight);
        for (std::size_t round = 0; round <= options_.rounds; ++round) {
            for (const std::size_t kind : options_.kinds) {
                Latency latency = co_await run(kind, stream, in_flight, calls);
                if (round > 0) all[kind].add(std::move(latency));
            }
        }
        std::map<double, double> bare;
        for (const double share : {0.5, 0.99}) bare[share] = all[options_.kinds.front()].quantile(share);
        for (const std::size_t kind : options_.kinds) {
            rows_.push_back({.stream = stream, .in_flight = in_flight, .kind = kinds[kind], .latency = std::move(all[kind]), .bare = bare});
        }
    }

    awaitable<Latency> run(std::size_t kind, bool stream, std::size_t in_flight, std::size_t calls) {
        if (kind == 0) co_return bare(stream, in_flight, calls);
        auto round = std::make_shared<Round>(Round{.calls = calls, .stream = stream});
        llm::Router& router = router_for(kind, stream);
        std::vector<awaitable<void>> callers;
        for (std::size_t i = 0; i < in_flight; ++i) {
            callers.push_back(kind == 1 ? call_http(round) : call_router(router, round));
        }
        const auto start = Steady::now();
        co_await loop_.all(std::move(callers));
        round->latency.seconds = std::chrono::duration<double>(Steady::now() - start).count();
        co_return std::move(round->latency);
    }

    HttpRequest on_the_wire(bool stream) const { return llm::wire_request(question(), *target_, stream, {}, loop_.clock().now()); }

    /// One serves all rounds, as in a service.
    llm::Router& router_for(std::size_t kind, bool stream) {
        std::unique_ptr<llm::Router>& router = routers_[{kind, stream}];
        if (router) return *router;
        llm::RouterOptions options;
        options.stream = stream;
        if (kind == 3) options.per_day_usd = 1e6;  // never reached, but what was spent today is read
        AttemptStore& journal = kind == 2 ? static_cast<AttemptStore&>(none_) : durable_;
        router = llm::make_router(*http_, journal, loop_, loop_.clock(), options, nullptr);
        return *router;
    }

    Latency bare(bool stream, std::size_t in_flight, std::size_t calls) {
        const HttpRequest request = on_the_wire(stream);
        Load load{.url = request.url,
                  .headers = {},
                  .body = request.body,
                  .expected = stream ? "[DONE]" : "finish_reason",
                  .calls = calls,
                  .in_flight = in_flight};
        for (const auto& [name, value] : request.headers) load.headers.push_back(name + ": " + value);
        return generator_.run(load);
    }

    awaitable<void> call_http(std::shared_ptr<Round> round) {
        while (round->begun < round->calls) {
            ++round->begun;
            const llm::Request asked = question();
            const auto start = Steady::now();
            HttpRequest request = llm::wire_request(asked, *target_, round->stream, {}, loop_.clock().now());
            const Deadline deadline = Deadline::after(loop_.clock(), seconds(30));
            result<HttpResponse> response = Error{errc::internal, ""};
            if (round->stream) {
                std::function<bool(std::string_view)> on_bytes = [](std::string_view) { return true; };
                const StreamClocks clocks;
                response = co_await http_->stream(std::move(request), deadline, clocks, std::move(on_bytes));
            } else {
                response = co_await http_->send(std::move(request), deadline);
            }
            note(*round, start, response && response->status == 200);
        }
    }

    awaitable<void> call_router(llm::Router& router, std::shared_ptr<Round> round) {
        while (round->begun < round->calls) {
            ++round->begun;
            llm::Request request = question();
            llm::RouteContext context;
            context.run = "run_bench";
            context.step = "llm/turn-1";
            const auto start = Steady::now();
            const Deadline deadline = Deadline::after(loop_.clock(), seconds(30));
            auto outcome = co_await router.complete(std::move(request), chain_, std::move(context), deadline, nullptr);
            note(*round, start, std::holds_alternative<llm::Answer>(outcome));
        }
    }

    static void note(Round& round, Steady::time_point start, bool whole) {
        round.latency.micros.push_back(std::chrono::duration<double, std::micro>(Steady::now() - start).count());
        round.latency.failures += whole ? 0 : 1;
    }

    EventLoop& loop_;
    Options options_;
    Stub stub_;
    LoadGenerator generator_;
    std::unique_ptr<HttpClient> http_;
    std::unique_ptr<llm::Dialect> dialect_ = openai_vendor().dialect();
    std::shared_ptr<const llm::Target> target_ = target_at(stub_.url(), *dialect_);
    llm::Chain chain_;
    NoJournal none_;
    AttemptStore& durable_;
    std::map<std::pair<std::size_t, bool>, std::unique_ptr<llm::Router>> routers_;
    std::vector<Row> rows_;
};

int measure_all(const Options& options, const std::string& database) {
    auto loop = make_event_loop();
    auto store = open_sqlite_store(database, *loop);
    if (!store) {
        std::fprintf(stderr, "%s\n", store.error().message.c_str());
        return 1;
    }
    Bench bench(*loop, options, *store->attempts);
    loop->spawn("bench", bench.measure());
    loop->run();
    if (options.json) {
        std::printf("%s\n", dump_json(bench.as_json()).c_str());
    } else {
        bench.print();
    }
    return bench.all_answered() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("What a call through the router costs beside libcurl alone");
    app.add_option("--calls", options.calls, "Calls a figure")->check(CLI::Range(100, 1'000'000));
    app.add_option("--rounds", options.rounds, "In how many turns")->check(CLI::Range(1, 100));
    app.add_option("--in-flight", options.in_flight, "Calls at a time")->delimiter(',')->check(CLI::Range(1, 1000));
    app.add_option("--kinds", options.kinds, "Of call, 0 to 3, from bare libcurl to the router with its journal; compared with the first")
        ->delimiter(',')
        ->check(CLI::Range(0, 3));
    app.add_option("--folder", options.folder, "Where the SQLite journal is written: its disk is part of the figures");
    app.add_flag("--json", options.json);
    CLI11_PARSE(app, argc, argv);
    log::set_level(log::Level::error);
    std::string folder = options.folder + "/gumshoe-bench-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) {
        std::fprintf(stderr, "cannot write to %s\n", options.folder.c_str());
        return 1;
    }
    const int code = measure_all(options, folder + "/bench.db");
    std::filesystem::remove_all(folder);
    return code;
}
