// The event loop: one io_context on the thread that calls run(), a small pool beside it, a registry of what was spawned.
#include "io/event_loop.hpp"

#include <unistd.h>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <csignal>
#include <list>
#include <optional>
#include <thread>

#include "base/log.hpp"

namespace gumshoe {
namespace {

namespace asio = boost::asio;

bool is_aborted(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const boost::system::system_error& error) {
        return error.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

std::string what(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "not a std::exception";
    }
}

class SystemClock final : public Clock {
public:
    Timestamp now() const override { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }
    Monotonic monotonic() const override { return std::chrono::steady_clock::now(); }
    awaitable<void> sleep_until(Monotonic when) override {
        auto executor = co_await asio::this_coro::executor;
        asio::steady_timer timer(executor, when);
        co_await timer.async_wait(asio::use_awaitable);
    }
};

/// Coroutines running side by side and the one that waits for all of them. Every child has its own signal: a
/// cancellation_slot holds one handler. The waiting coroutine is owned by this object through its handler, so it must hold
/// no reference back; whoever may still need the group (children, the canceller) does.
class Group : public std::enable_shared_from_this<Group> {
public:
    explicit Group(asio::io_context& io) : io_(io) {}

    /// `on_end` runs when the child ended, before the waiter can resume.
    void add(awaitable<void> work, std::function<void(Group&)> on_end = {}) {
        children_.push_back(std::make_unique<Child>());
        Child& child = *children_.back();
        ++running_;
        auto ended = [self = shared_from_this(), &child, on_end = std::move(on_end)](std::exception_ptr exception) {
            child.ended = true;
            if (exception && !(child.cancelled && is_aborted(exception)) && !self->exception_) self->exception_ = exception;
            if (on_end) on_end(*self);
            if (--self->running_ == 0) self->complete();
        };
        asio::co_spawn(io_, std::move(work), asio::bind_cancellation_slot(child.signal.slot(), std::move(ended)));
    }

    void cancel(std::size_t index) {
        Child& child = *children_[index];
        if (child.ended || child.cancelled) return;
        child.cancelled = true;
        child.signal.emit(asio::cancellation_type::terminal);
    }
    void cancel_rest() {
        for (std::size_t i = 0; i < children_.size(); ++i) cancel(i);
    }
    void cancel_all() {
        caller_cancelled_ = true;
        cancel_rest();
    }

    /// Resumes when all have ended. A cancelled caller cancels them first, and gets operation_aborted at the end.
    static awaitable<void> join(std::shared_ptr<Group> group) {
        auto start = [](auto handler, std::shared_ptr<Group> self) {
            // Erasing the handler's type puts a filter into its slot: ask the erased one for the slot.
            self->waiter_.emplace(std::move(handler));
            auto slot = asio::get_associated_cancellation_slot(*self->waiter_);
            if (slot.is_connected()) {
                slot.assign([weak = std::weak_ptr<Group>(self)](asio::cancellation_type) {
                    if (auto alive = weak.lock()) alive->cancel_all();
                });
            }
            if (self->running_ == 0) self->complete();
        };
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(start, asio::use_awaitable,
                                                                                               std::move(group));
    }

private:
    struct Child {
        asio::cancellation_signal signal;
        bool cancelled = false;
        bool ended = false;
    };

    void complete() {
        if (!waiter_) return;
        std::exception_ptr outcome = exception_;
        if (!outcome && caller_cancelled_) {
            outcome = std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
        }
        auto resume = [waiter = std::move(*waiter_), outcome]() mutable { std::move(waiter)(outcome); };
        waiter_.reset();
        asio::post(io_, std::move(resume));
    }

    asio::io_context& io_;
    std::vector<std::unique_ptr<Child>> children_;
    std::size_t running_ = 0;
    std::exception_ptr exception_;
    bool caller_cancelled_ = false;
    std::optional<asio::any_completion_handler<void(std::exception_ptr)>> waiter_;
};

class AsioLoop final : public EventLoop {
public:
    AsioLoop() : clock_(system_clock_) {}
    explicit AsioLoop(Clock& clock) : clock_(clock) {}
    ~AsioLoop() override {
        pool_.join();
        signal_io_.stop();
        if (signal_thread_.joinable()) signal_thread_.join();
    }

    asio::any_io_executor executor() override { return io_.get_executor(); }
    Clock& clock() override { return clock_; }

    awaitable<void> all(std::vector<awaitable<void>> work) override {
        auto group = std::make_shared<Group>(io_);
        for (auto& one : work) group->add(std::move(one));
        co_await Group::join(std::move(group));
    }

    awaitable<void> race(std::vector<awaitable<bool>> work) override {
        auto won = std::make_shared<bool>(false);
        auto group = std::make_shared<Group>(io_);
        auto ended = [won](Group& others) {
            if (*won) others.cancel_rest();
        };
        for (auto& one : work) group->add(run_for(std::move(one), won), ended);
        co_await Group::join(std::move(group));
    }

    awaitable<bool> within(Deadline deadline, awaitable<void> work) override {
        auto timed_out = std::make_shared<bool>(false);
        auto group = std::make_shared<Group>(io_);
        auto work_ended = [](Group& both) { both.cancel(1); };
        auto time_ended = [](Group& both) { both.cancel(0); };
        group->add(std::move(work), work_ended);
        group->add(watch(deadline.at, timed_out), time_ended);
        co_await Group::join(std::move(group));
        co_return !*timed_out;
    }

    void spawn(std::string name, awaitable<void> work) override {
        spawned_.emplace_back(std::move(name));
        const auto place = std::prev(spawned_.end());
        auto ended = [this, place](std::exception_ptr exception) { end_spawned(place, exception); };
        asio::co_spawn(io_, std::move(work), asio::bind_cancellation_slot(place->signal.slot(), std::move(ended)));
    }

    std::size_t spawned() const override { return spawned_.size(); }

    awaitable<void> run_on_pool(std::function<void()> work) override {
        // Not cancellable: `work` may hold references into the caller's frame, so the caller waits for its end.
        auto start = [this](auto handler, std::function<void()> function) {
            auto guard = asio::make_work_guard(io_);
            auto job = [this, handler = std::move(handler), function = std::move(function), guard = std::move(guard)]() mutable {
                std::exception_ptr exception;
                try {
                    function();
                } catch (...) {
                    exception = std::current_exception();
                }
                // Moved: the loop alone ends the exception, never this thread while the loop reads it.
                asio::post(io_, [handler = std::move(handler), exception = std::move(exception)]() mutable {
                    std::move(handler)(std::move(exception));
                });
            };
            asio::post(pool_, std::move(job));
        };
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(start, asio::use_awaitable, std::move(work));
    }

    void run() override { io_.run(); }

    bool run_one(milliseconds at_most) override {
        if (io_.stopped()) io_.restart();
        if (at_most.count() <= 0) return io_.poll_one() > 0;
        const auto until = std::chrono::steady_clock::now() + at_most;
        const bool ran = io_.run_one_until(until) > 0;
        // Without work run_one_until returns at once; whoever drives us must not spin.
        if (!ran) std::this_thread::sleep_until(until);
        return ran;
    }

    void on_stop_signal(std::function<void()> on_stop) override {
        // A thread of its own: the second signal must work when the loop is stuck, and waiting must not keep the loop alive.
        signals_.emplace(signal_io_, SIGINT, SIGTERM);
        signals_->async_wait([this, on_stop = std::move(on_stop)](boost::system::error_code error, int) {
            if (error) return;
            signals_->async_wait([](boost::system::error_code again, int number) {
                if (!again) _exit(128 + number);
            });
            asio::post(io_, on_stop);
        });
        signal_thread_ = std::thread([this] { signal_io_.run(); });
    }

    awaitable<void> cancel_spawned(Deadline deadline) override {
        std::vector<Spawned*> running;
        for (Spawned& one : spawned_) running.push_back(&one);
        std::size_t survivors = 0;
        for (Spawned* one : running) {
            one->cancelled = true;
            one->signal.emit(asio::cancellation_type::terminal);
            auto own = co_await asio::this_coro::cancellation_state;
            if (own.cancelled() == asio::cancellation_type::none) continue;
            // The caller runs inside this one: it goes on.
            one->cancelled = false;
            survivors = 1;
            co_await asio::this_coro::reset_cancellation_state();
        }
        co_await within(deadline, until_at_most(survivors));
    }

private:
    struct Spawned {
        explicit Spawned(std::string its_name) : name(std::move(its_name)) {}
        std::string name;
        asio::cancellation_signal signal;
        bool cancelled = false;
    };
    using Registry = std::list<Spawned>;

    static awaitable<void> run_for(awaitable<bool> work, std::shared_ptr<bool> won) {
        const bool yes = co_await std::move(work);
        *won = *won || yes;
    }

    awaitable<void> watch(Monotonic until, std::shared_ptr<bool> timed_out) {
        co_await clock_.sleep_until(until);
        *timed_out = true;
    }

    awaitable<void> until_at_most(std::size_t count) {
        while (spawned_.size() > count) {
            boost::system::error_code ignored;
            co_await one_ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
    }

    void end_spawned(Registry::iterator place, const std::exception_ptr& exception) {
        if (!exception || (place->cancelled && is_aborted(exception))) {
            log::debug("task_ended", {{"task", place->name}});
        } else {
            log::error("task_failed", {{"task", place->name}, {"error", what(exception)}});
        }
        spawned_.erase(place);
        one_ended_.cancel();
    }

    SystemClock system_clock_;
    Clock& clock_;
    Registry spawned_;  // outlives the frames that io_ destroys
    asio::io_context signal_io_{1};
    std::optional<asio::signal_set> signals_;
    asio::io_context io_{1};
    asio::steady_timer one_ended_{io_, Monotonic::max()};
    asio::thread_pool pool_{2};
    std::thread signal_thread_;
};

}  // namespace

std::unique_ptr<EventLoop> make_event_loop() {
    return std::make_unique<AsioLoop>();
}
std::unique_ptr<EventLoop> make_event_loop(Clock& clock) {
    return std::make_unique<AsioLoop>(clock);
}

}  // namespace gumshoe
