// The gate and the second chances.
#include "integrations/newrelic/client.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <deque>

namespace gumshoe::newrelic {

namespace {
constexpr auto busy_pause = seconds(1);
constexpr auto answer_time = seconds(2);  // what must be left after a pause for it to be worth it
}  // namespace

/// Lets calls_at_a_time through, the others in the order of their coming. All on the event loop: no locks.
struct Client::Gate {
    struct Waiter {
        boost::asio::steady_timer timer;
        bool admitted = false;
    };

    /// Holds a place while it lives.
    struct Place {
        explicit Place(std::shared_ptr<Gate> of) : gate(std::move(of)) {}
        Place(Place&&) = default;
        Place& operator=(Place&&) = delete;
        ~Place() {
            if (gate) gate->leave();
        }
        std::shared_ptr<Gate> gate;
    };

    void leave() {
        if (waiting.empty()) {
            ++free;
            return;
        }
        waiting.front()->admitted = true;
        waiting.front()->timer.cancel();
        waiting.pop_front();
    }

    static awaitable<Place> enter(std::shared_ptr<Gate> gate) {
        if (gate->free > 0) {
            --gate->free;
            co_return Place(std::move(gate));
        }
        auto executor = co_await boost::asio::this_coro::executor;
        Waiter waiter{boost::asio::steady_timer(executor, Monotonic::max())};
        gate->waiting.push_back(&waiter);
        const Leaving leaving{*gate, waiter};
        boost::system::error_code error;
        co_await waiter.timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
        if (!waiter.admitted) throw boost::system::system_error(boost::asio::error::operation_aborted);
        co_return Place(std::move(gate));
    }

    struct Leaving {
        Gate& gate;
        Waiter& waiter;
        ~Leaving() { std::erase(gate.waiting, &waiter); }
    };

    std::size_t free = calls_at_a_time;
    std::deque<Waiter*> waiting;
};

Client::Client(HttpClient* http, Clock* clock) : http_(http), clock_(clock), gate_(std::make_shared<Gate>()) {}
Client::~Client() = default;

task<Client::Reply> Client::ask_once(HttpRequest request, std::string what, Deadline deadline) {
    auto gate = gate_;
    const Gate::Place place = co_await Gate::enter(std::move(gate));
    if (deadline.passed(*clock_)) co_return Error{errc::timeout, "New Relic: no time was left to ask for " + what};
    result<HttpResponse> response = co_await http_->send(std::move(request), deadline);
    if (!response) co_return in_context("New Relic, asked for " + what, response.error());
    auto answer = read_answer(*response, what);
    if (!answer) co_return answer.error();
    co_return Reply{std::move(*answer), std::move(response->body)};
}

task<Client::Reply> Client::ask(HttpRequest request, std::string what, Deadline deadline) {
    auto reply = co_await ask_once(request, what, deadline);
    const bool again = !reply && (reply.error().code == errc::unavailable || reply.error().code == errc::rate_limited);
    if (!again || busy_pause + answer_time > deadline.remaining(*clock_)) co_return reply;
    const Monotonic until = clock_->monotonic() + busy_pause;
    co_await clock_->sleep_until(until);
    co_return co_await ask_once(std::move(request), std::move(what), deadline);
}

}  // namespace gumshoe::newrelic
