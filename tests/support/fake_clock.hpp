// A clock that the test moves. Sleepers resume when time passes them; by default support/loop.hpp moves it to the next sleeper
// whenever the loop has nothing else to do, so hours pass in milliseconds.
#pragma once

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <map>

#include "base/clock.hpp"

namespace gumshoe::test {

class FakeClock final : public Clock {
public:
    explicit FakeClock(Timestamp start = from_seconds_since_epoch(1785578400)) : now_(start) {}  // 2026-08-01T10:00:00Z

    Timestamp now() const override { return now_; }
    Monotonic monotonic() const override { return monotonic_; }

    awaitable<void> sleep_until(Monotonic when) override {
        auto executor = co_await boost::asio::this_coro::executor;
        boost::asio::steady_timer timer(executor, when > monotonic_ ? Monotonic::max() : Monotonic::min());
        bool woken = when <= monotonic_;
        const auto place = sleepers_.emplace(when, Sleeper{&timer, &woken});
        const Leave leave{sleepers_, place};
        boost::system::error_code error;
        co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
        if (!woken) throw boost::system::system_error(boost::asio::error::operation_aborted);
    }

    /// Moves both clocks; sleepers that are due resume when the loop runs.
    void advance(milliseconds span) {
        now_ += span;
        monotonic_ += span;
        for (auto& [when, sleeper] : sleepers_) {
            if (when > monotonic_) break;
            *sleeper.woken = true;
            sleeper.timer->cancel();
        }
    }
    /// The wall clock alone jumps (NTP, an operator).
    void jump_wall(milliseconds span) { now_ += span; }
    /// To the next sleeper; false when nobody sleeps or the next one is due already.
    bool advance_to_next_sleeper() {
        if (sleepers_.empty() || sleepers_.begin()->first <= monotonic_) return false;
        advance(std::chrono::ceil<milliseconds>(sleepers_.begin()->first - monotonic_));
        return true;
    }
    std::size_t sleepers() const { return sleepers_.size(); }

    /// Off: only advance() moves time. On: run() moves it when nothing happened for `idle_before_advance` of real time
    /// (raise that where another thread, a database or a socket is at work).
    bool auto_advance = true;
    milliseconds idle_before_advance{5};

private:
    struct Sleeper {
        boost::asio::steady_timer* timer;
        bool* woken;
    };
    using Sleepers = std::multimap<Monotonic, Sleeper>;
    struct Leave {
        Sleepers& sleepers;
        Sleepers::iterator place;
        ~Leave() { sleepers.erase(place); }
    };

    static Timestamp from_seconds_since_epoch(std::int64_t s) { return Timestamp(std::chrono::seconds(s)); }

    Timestamp now_;
    Monotonic monotonic_{std::chrono::hours(1000)};
    Sleepers sleepers_;
};

}  // namespace gumshoe::test
