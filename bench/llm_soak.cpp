// Many calls through one router: memory and allocations a call stay where they are.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <new>
#include <nlohmann/json.hpp>

#include "app/no_journal.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "bench/support/stub.hpp"
#include "bench/support/subject.hpp"
#include "integrations/openai/openai.hpp"
#include "io/event_loop.hpp"
#include "io/http_client.hpp"
#include "llm/router.hpp"

namespace {

std::atomic<std::uint64_t> allocated = 0;
std::atomic<std::uint64_t> freed = 0;

}  // namespace

void* operator new(std::size_t size) {
    allocated.fetch_add(1, std::memory_order_relaxed);
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    if (memory == nullptr) return;
    freed.fetch_add(1, std::memory_order_relaxed);
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    operator delete(memory);
}

namespace {

using namespace gumshoe;
using namespace gumshoe::bench;

/// Answers out of memory, as the stub would.
class AtOnce final : public HttpClient {
public:
    task<HttpResponse> send(HttpRequest request, Deadline) override {
        if (request.under_way) request.under_way(request);
        co_return answer_;
    }
    task<HttpResponse> stream(HttpRequest request, Deadline, StreamClocks, std::function<bool(std::string_view)> on_bytes) override {
        if (request.under_way) request.under_way(request);
        on_bytes(answer_.body);
        co_return answer_;
    }
    void take(HttpResponse answer) { answer_ = std::move(answer); }

private:
    HttpResponse answer_;
};

struct Options {
    std::size_t calls = 1'000'000;
    bool loopback = false;
    bool stream = false;
    bool json = false;
};

struct Mark {
    std::size_t calls;
    double rss_mb;
    double allocations_per_call;  // since the mark before
    std::int64_t live;            // allocations not freed
    double micros_per_call;       // since the mark before
};

double rss_mb() {
    std::ifstream file("/proc/self/statm");
    double pages = 0;
    double resident = 0;
    file >> pages >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

class Soak {
public:
    Soak(EventLoop& loop, Options options) : loop_(loop), options_(options), curl_(make_http_client(loop)) {
        llm::RouterOptions how;
        how.stream = options_.stream;
        HttpClient& http = options_.loopback ? *curl_ : at_once_;
        router_ = llm::make_router(http, journal_, loop_, loop_.clock(), how, nullptr);
    }

    awaitable<void> run() {
        co_await take_answer();
        const std::vector<std::size_t> stops{options_.calls / 100, options_.calls / 10, options_.calls / 2, options_.calls};
        marks_.reserve(stops.size());
        std::size_t done = 0;
        for (const std::size_t stop : stops) {
            const auto start = std::chrono::steady_clock::now();
            const std::uint64_t before = allocated;
            const auto span = static_cast<double>(stop - done);
            for (; done < stop; ++done) {
                co_await call();
            }
            const double micros = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
            marks_.push_back({.calls = stop,
                              .rss_mb = rss_mb(),
                              .allocations_per_call = static_cast<double>(allocated - before) / span,
                              .live = static_cast<std::int64_t>(allocated - freed),
                              .micros_per_call = micros / span});
        }
    }

    const std::vector<Mark>& marks() const { return marks_; }
    std::size_t failures() const { return failures_; }

private:
    /// The answer that is given from memory is one that came over the wire.
    awaitable<void> take_answer() {
        HttpRequest request = target_->dialect->build(question(), *target_, options_.stream);
        const Deadline deadline = Deadline::after(loop_.clock(), seconds(5));
        auto answer = co_await curl_->send(std::move(request), deadline);
        if (!answer) throw std::runtime_error(answer.error().message);
        at_once_.take(std::move(*answer));
    }

    awaitable<void> call() {
        llm::RouteContext context;
        context.run = "run_soak";
        context.step = "llm/turn-1";
        const Deadline deadline = Deadline::after(loop_.clock(), seconds(30));
        auto outcome = co_await router_->complete(question(), chain_, std::move(context), deadline, nullptr);
        failures_ += std::holds_alternative<llm::Answer>(outcome) ? 0 : 1;
    }

    EventLoop& loop_;
    Options options_;
    Stub stub_;
    std::unique_ptr<HttpClient> curl_;
    AtOnce at_once_;
    std::unique_ptr<llm::Dialect> dialect_ = openai_vendor().dialect();
    std::shared_ptr<const llm::Target> target_ = target_at(stub_.url(), *dialect_);
    llm::Chain chain_ = llm::in_order({target_});
    NoJournal journal_;
    std::unique_ptr<llm::Router> router_;
    std::vector<Mark> marks_;
    std::size_t failures_ = 0;
};

void print(const std::vector<Mark>& marks) {
    std::printf("%12s %10s %18s %16s %10s\n", "calls", "RSS MB", "allocations/call", "live allocations", "us/call");
    for (const Mark& mark : marks) {
        std::printf("%12zu %10.1f %18.2f %16lld %10.1f\n", mark.calls, mark.rss_mb, mark.allocations_per_call,
                    static_cast<long long>(mark.live), mark.micros_per_call);
    }
}

json as_json(const std::vector<Mark>& marks) {
    json rows = json::array();
    for (const Mark& mark : marks) {
        rows.push_back({{"calls", mark.calls},
                        {"rss_mb", mark.rss_mb},
                        {"allocations_per_call", mark.allocations_per_call},
                        {"live_allocations", mark.live},
                        {"us_per_call", mark.micros_per_call}});
    }
    return {{"benchmark", "llm_soak"}, {"marks", std::move(rows)}};
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("Memory and allocations of the router over many calls, at 1, 10, 50 and 100 percent of them");
    app.add_option("--calls", options.calls)->check(CLI::Range(1000, 100'000'000));
    app.add_flag("--loopback", options.loopback, "Over sockets instead of out of memory");
    app.add_flag("--stream", options.stream, "Streamed answers");
    app.add_flag("--json", options.json);
    CLI11_PARSE(app, argc, argv);
    log::set_level(log::Level::error);
    auto loop = make_event_loop();
    Soak soak(*loop, options);
    loop->spawn("soak", soak.run());
    loop->run();
    if (options.json) {
        std::printf("%s\n", dump_json(as_json(soak.marks())).c_str());
    } else {
        print(soak.marks());
    }
    return soak.failures() == 0 && soak.marks().size() == 4 ? 0 : 1;
}
