// A call along a chain beside the coroutine that waits for it: whoever waits can say in between that it is still alive.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <variant>

#include "base/scheduler.hpp"
#include "llm/router.hpp"

namespace gumshoe::gateway {

using Outcome = std::variant<llm::Answer, llm::NoAnswer>;

class Pending {
public:
    /// Starts at once.
    Pending(boost::asio::any_io_executor executor, awaitable<Outcome> work);
    /// Cancels what has not ended.
    ~Pending();
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;

    /// False when the deadline came first.
    awaitable<bool> ended_by(Scheduler& scheduler, Deadline deadline) const;
    /// Once, after the end; rethrows what left the work.
    Outcome take();

private:
    struct State;
    static awaitable<void> until_ended(std::shared_ptr<State> state);

    std::shared_ptr<State> state_;
};

}  // namespace gumshoe::gateway
