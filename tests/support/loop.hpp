// Runs a coroutine to its end on an event loop, with a limit of real time.
//   CHECK(run(load()).value() == 3);                          on a loop of its own, system clock
//   FakeClock clock; auto loop = make_event_loop(clock);      declare the clock first: it outlives the loop
//   auto reply = run(*loop, client.send(request, deadline));
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>

#include "io/event_loop.hpp"
#include "tests/support/fake_clock.hpp"

namespace gumshoe::test {

/// Runs the loop until `done`; false when the limit of real time passed. A FakeClock moves by itself when the loop is idle.
inline bool run_until(EventLoop& loop, const std::function<bool()>& done, milliseconds limit = seconds(20)) {
    const auto give_up = std::chrono::steady_clock::now() + limit;
    auto* fake = dynamic_cast<FakeClock*>(&loop.clock());
    while (!done()) {
        if (std::chrono::steady_clock::now() >= give_up) return false;
        const bool moves = fake != nullptr && fake->auto_advance;
        if (!loop.run_one(moves ? fake->idle_before_advance : milliseconds(20)) && moves) fake->advance_to_next_sleeper();
    }
    return true;
}

/// Runs what is ready, moving no time.
inline void run_ready(EventLoop& loop) {
    while (loop.run_one(milliseconds(0))) {
    }
}

namespace detail {
template <class T>
struct Outcome {
    bool ended = false;
    std::exception_ptr exception;
    std::optional<T> value;
};
template <>
struct Outcome<void> {
    bool ended = false;
    std::exception_ptr exception;
};

template <class T>
awaitable<void> keep(awaitable<T> work, std::shared_ptr<Outcome<T>> outcome) {
    if constexpr (std::is_void_v<T>) {
        co_await std::move(work);
    } else {
        auto value = co_await std::move(work);
        outcome->value.emplace(std::move(value));
    }
}
}  // namespace detail

/// The coroutine's value; its exception is rethrown.
template <class T>
T run(EventLoop& loop, awaitable<T> work, milliseconds limit = seconds(20)) {
    auto outcome = std::make_shared<detail::Outcome<T>>();
    boost::asio::co_spawn(loop.executor(), detail::keep(std::move(work), outcome), [outcome](std::exception_ptr exception) {
        outcome->ended = true;
        outcome->exception = exception;
    });
    if (!run_until(loop, [&] { return outcome->ended; }, limit))
        throw std::runtime_error("the coroutine did not end within the limit of real time");
    if (outcome->exception) std::rethrow_exception(outcome->exception);
    if constexpr (!std::is_void_v<T>) return std::move(*outcome->value);
}

template <class T>
T run(awaitable<T> work) {
    auto loop = make_event_loop();
    return run(*loop, std::move(work));
}

}  // namespace gumshoe::test
