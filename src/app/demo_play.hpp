// A scenario's play before an audience: sends what its monitoring tools send, and tells what the service makes of it.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "app/company.hpp"
#include "app/service.hpp"

namespace gumshoe {

/// One use. Everything that is handed in outlives it.
class Play {
public:
    /// `tell` gets a line at a time.
    Play(HttpClient& http, Clock& clock, Company& company, Service& service, std::function<void(const std::string&)> tell);

    /// The latest run of every investigation that began, in the order they began; all have ended, and what they have to say stands.
    /// Errors: a webhook was not taken; nothing began; timeout.
    task<std::vector<RunRow>> run();

private:
    struct Watched {
        std::string id;
        std::string title;
        RunRow run;
        bool has_card = false;
        bool ended = false;
        std::set<std::string> told;
    };

    task<void> wait_for(sandbox::PlayedMoment moment);
    task<void> send(sandbox::PlayedMoment moment);
    task<void> send_one(HttpRequest request);
    task<void> watch(std::string investigation);
    task<void> look();
    task<void> look_at(Watched& one);
    awaitable<void> tell_anchor(Watched& one);
    awaitable<void> tell_steps(Watched& one);
    awaitable<void> tell_attempts(Watched& one);
    task<void> settle();
    bool happened(const sandbox::PlayedMoment& moment, Monotonic since) const;
    void tell(const std::string& line) const;
    void tell(const Watched& one, const std::string& line) const;

    HttpClient& http_;
    Clock& clock_;
    Company& company_;
    Service& service_;
    std::function<void(const std::string&)> tell_;
    Monotonic began_;
    std::vector<Watched> watched_;
};

}  // namespace gumshoe
