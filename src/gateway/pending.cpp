// Work that its owner's end cancels.
#include "gateway/pending.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace gumshoe::gateway {

namespace asio = boost::asio;

struct Pending::State {
    explicit State(const asio::any_io_executor& executor) : ended_timer(executor, Monotonic::max()) {}

    asio::cancellation_signal signal;
    asio::steady_timer ended_timer;  // cancelled at the end
    bool ended = false;
    std::exception_ptr exception;
    Outcome outcome;
};

Pending::Pending(asio::any_io_executor executor, awaitable<Outcome> work) : state_(std::make_shared<State>(executor)) {
    auto end = [state = state_](std::exception_ptr exception, Outcome outcome) {
        state->ended = true;
        state->exception = std::move(exception);
        state->outcome = std::move(outcome);
        state->ended_timer.cancel();
    };
    asio::co_spawn(executor, std::move(work), asio::bind_cancellation_slot(state_->signal.slot(), std::move(end)));
}

Pending::~Pending() {
    if (state_->ended) return;
    // Posted: the owner's frame may be going down inside a handler of the very thing that is cancelled.
    asio::post(state_->ended_timer.get_executor(), [state = state_] {
        if (!state->ended) state->signal.emit(asio::cancellation_type::terminal);
    });
}

awaitable<bool> Pending::ended_by(Scheduler& scheduler, Deadline deadline) const {
    if (state_->ended) co_return true;
    co_return co_await scheduler.within(deadline, until_ended(state_));
}

awaitable<void> Pending::until_ended(std::shared_ptr<State> state) {
    while (!state->ended) {
        boost::system::error_code ignored;
        co_await state->ended_timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

Outcome Pending::take() {
    if (state_->exception) std::rethrow_exception(state_->exception);
    return std::move(state_->outcome);
}

}  // namespace gumshoe::gateway
