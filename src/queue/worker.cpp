// The worker: one claiming loop, one coroutine a job. A job ends in exactly one of finish, fail, park, give back, or nothing when its
// lease was lost.
#include "queue/worker.hpp"

#include <algorithm>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <list>
#include <random>

#include "base/log.hpp"

namespace gumshoe {

namespace {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

/// Something that happens, for one waiter; one that happened before the wait is kept.
class Event {
public:
    void notify() {
        happened_ = true;
        if (waiting_ != nullptr) waiting_->cancel();
    }
    void reset() { happened_ = false; }

    awaitable<void> wait() {
        if (happened_) co_return;
        auto executor = co_await asio::this_coro::executor;
        asio::steady_timer timer(executor, Monotonic::max());
        waiting_ = &timer;
        const Leave leave{waiting_};
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }

private:
    struct Leave {
        asio::steady_timer*& waiting;
        ~Leave() { waiting = nullptr; }
    };
    asio::steady_timer* waiting_ = nullptr;
    bool happened_ = false;
};

/// What ended a job's race between its handler, its lease and the worker's stop.
enum Winner : std::size_t { handler_ended, lease_ended, worker_stopped };  // in the order of the race

bool is_hopeless(errc code) {
    return code == errc::invalid_argument || code == errc::unsupported || code == errc::corrupt || code == errc::conflict;
}

bool failed_with(const result<void>& outcome, errc code) {
    return !outcome && outcome.error().code == code;
}

class QueueWorker final : public Worker {
public:
    QueueWorker(Queue& queue, Scheduler& scheduler, Clock& clock, WorkerOptions options, std::map<std::string, JobHandler> handlers)
        : queue_(queue), scheduler_(scheduler), clock_(clock), options_(std::move(options)), handlers_(std::move(handlers)) {
        for (const auto& [kind, handler] : handlers_) kinds_.push_back(kind);
    }

    awaitable<void> run() override {
        const Running running{*this, looping_};
        while (!stopping_) {
            look_again_.reset();
            if (jobs_ >= options_.concurrency) {
                co_await look_again_.wait();
                continue;
            }
            auto claimed = co_await queue_.claim(kinds_, options_.owner, options_.lease);
            if (claimed && *claimed) {
                start(std::move(**claimed));
                continue;
            }
            if (!claimed) log::error("claim_failed", {{"error", claimed.error().message}});
            co_await rest(claimed.has_value());
        }
    }

    void wake() override { look_again_.notify(); }

    awaitable<void> stop(Deadline deadline) override {
        stopping_ = true;
        wake();
        if (busy()) {
            auto race = clock_.sleep_until(deadline.at) || all_ended_.wait();
            co_await std::move(race);
        }
        for (Event* stop : stops_) stop->notify();
        while (busy()) {
            co_await all_ended_.wait();
        }
    }

    int running() const override { return jobs_; }

private:
    /// Counts one thing that stop() waits for.
    struct Running {
        Running(QueueWorker& of, int& its_count) : worker(of), count(its_count) { ++count; }
        Running(const Running&) = delete;
        ~Running() {
            --count;
            worker.look_again_.notify();
            if (!worker.busy()) worker.all_ended_.notify();
        }
        QueueWorker& worker;
        int& count;
    };

    bool busy() const { return jobs_ > 0 || looping_ > 0; }

    /// Until somebody calls wake(), a job falls due, or the poll is over.
    awaitable<void> rest(bool queue_works) {
        Monotonic until = clock_.monotonic() + options_.poll;
        if (queue_works) {
            auto due = co_await queue_.next_due();
            // One that is due already and was not claimed waits for another of its key: that one's end wakes us.
            if (due && *due && **due > clock_.now()) until = std::min(until, clock_.monotonic() + (**due - clock_.now()));
        }
        auto race = clock_.sleep_until(until) || look_again_.wait();
        co_await std::move(race);
    }

    void start(Job job) {
        std::string name = "job " + job.kind + " " + job.key;
        auto running = std::make_unique<Running>(*this, jobs_);
        scheduler_.spawn(std::move(name), work(std::move(job), std::move(running)));
    }

    awaitable<void> work(Job job, [[maybe_unused]] std::unique_ptr<Running> running) {
        Event stop;
        const auto place = stops_.insert(stops_.end(), &stop);
        const Leave leave{stops_, place};
        if (stopping_) stop.notify();
        auto outcome = std::make_shared<result<void>>(Error{errc::cancelled, "stopped"});
        auto race = handle(job, outcome) || hold(job.fence) || stop.wait();
        std::size_t winner{};
        try {
            auto ended = co_await std::move(race);
            winner = ended.index();
        } catch (const boost::system::system_error&) {
            winner = worker_stopped;  // cancelled before it began
        }
        auto own = co_await asio::this_coro::cancellation_state;
        const bool stopped = stopping_ || own.cancelled() != asio::cancellation_type::none;
        // What follows is the job's end and must be written even when this coroutine was cancelled.
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        if (winner == lease_ended || failed_with(*outcome, errc::lease_lost)) {
            log::warn("lease_lost", {{"job", job.kind + " " + job.key}});
            co_return;
        }
        if (stopped && failed_with(*outcome, errc::cancelled)) {
            co_await close(job, queue_.give_back(job.fence), "given back");
            co_return;
        }
        co_await settle(job, *outcome);
    }

    /// Never throws: a handler's exception is a bug of one job, not the end of the others.
    awaitable<void> handle(Job job, std::shared_ptr<result<void>> outcome) {
        const auto handler = handlers_.find(job.kind);
        try {
            *outcome = co_await handler->second(std::move(job));
        } catch (const boost::system::system_error& error) {
            const bool cancelled = error.code() == asio::error::operation_aborted;
            *outcome = Error{cancelled ? errc::cancelled : errc::internal, error.what()};
        } catch (const std::exception& error) {
            *outcome = Error{errc::internal, error.what()};
        }
    }

    /// Extends the lease as long as the handler works; returns when it is lost.
    awaitable<void> hold(Fence fence) {
        for (;;) {
            co_await clock_.sleep_until(clock_.monotonic() + options_.heartbeat);
            auto extended = co_await queue_.extend(fence, options_.lease);
            if (extended) continue;
            if (extended.error().code == errc::lease_lost) co_return;
            log::warn("heartbeat_failed", {{"error", extended.error().message}});
        }
    }

    awaitable<void> settle(Job job, result<void> outcome) {
        if (outcome) {
            co_await close(job, queue_.finish(job.fence), "finished");
            co_return;
        }
        const Error& error = outcome.error();
        const bool last = job.fence.attempt >= options_.attempts;
        if (is_hopeless(error.code) || last) {
            log::error("job_parked", {{"job", job.kind + " " + job.key}, {"error", error.message}});
            co_await close(job, queue_.park(job.fence, error.message), "parked");
            co_return;
        }
        const milliseconds delay = retry_delay(job.fence.attempt);
        log::warn("job_failed", {{"job", job.kind + " " + job.key}, {"error", error.message}, {"retry_in", format_duration(delay)}});
        co_await close(job, queue_.fail(job.fence, error.message, clock_.now() + delay), "sent back");
    }

    awaitable<void> close(const Job& job, task<void> write, std::string_view what) {
        auto written = co_await std::move(write);
        if (written) co_return;
        // Its lease expires and the next claim takes it up.
        log::error("job_not_closed", {{"job", job.kind + " " + job.key}, {"as", std::string(what)}, {"error", written.error().message}});
    }

    /// Doubles with each attempt up to the bound; the upper half of it is chance, so that many that failed together spread.
    milliseconds retry_delay(int attempt) {
        milliseconds delay = options_.first_retry;
        for (int i = 1; i < attempt && delay < options_.last_retry; ++i) delay *= 2;
        delay = std::min(delay, options_.last_retry);
        std::uniform_int_distribution<std::int64_t> part(delay.count() / 2, delay.count());
        return milliseconds(part(chance_));
    }

    using Stops = std::list<Event*>;
    struct Leave {
        Stops& stops;
        Stops::iterator place;
        ~Leave() { stops.erase(place); }
    };

    Queue& queue_;
    Scheduler& scheduler_;
    Clock& clock_;
    WorkerOptions options_;
    std::map<std::string, JobHandler> handlers_;
    std::vector<std::string> kinds_;
    std::minstd_rand chance_{std::random_device{}()};
    bool stopping_ = false;
    int looping_ = 0;
    int jobs_ = 0;
    Event look_again_;
    Event all_ended_;
    Stops stops_;
};

}  // namespace

std::unique_ptr<Worker> make_worker(Queue& queue, Scheduler& scheduler, Clock& clock, WorkerOptions options,
                                    std::map<std::string, JobHandler> handlers) {
    return std::make_unique<QueueWorker>(queue, scheduler, clock, std::move(options), std::move(handlers));
}

}  // namespace gumshoe
