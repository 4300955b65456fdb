// NerdGraph with its manners: a few calls at a time, second chances within the deadline, errors in words.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "integrations/newrelic/requests.hpp"
#include "integrations/newrelic/responses.hpp"
#include "io/http_client.hpp"

namespace gumshoe::newrelic {

/// New Relic counts requests under way, not requests a minute: 25 a user, and it recommends five for queries that work.
inline constexpr std::size_t calls_at_a_time = 5;

class Client {
public:
    Client(HttpClient* http, Clock* clock);
    ~Client();

    struct Reply {
        Answer answer;
        std::string raw;
    };
    /// `what` is what is asked for, in words. A busy or failing New Relic is asked once more.
    task<Reply> ask(HttpRequest request, std::string what, Deadline deadline);

private:
    struct Gate;
    task<Reply> ask_once(HttpRequest request, std::string what, Deadline deadline);

    HttpClient* http_;
    Clock* clock_;
    std::shared_ptr<Gate> gate_;
};

}  // namespace gumshoe::newrelic
