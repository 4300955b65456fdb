#include "app/rehearsal.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <map>
#include <memory>
#include <optional>
#include <variant>

#include "app/no_journal.hpp"
#include "io/event_loop.hpp"
#include "io/http_client.hpp"
#include "llm/classify.hpp"
#include "llm/dialect.hpp"
#include "llm/memory.hpp"
#include "llm/router.hpp"

namespace gumshoe {

namespace {

namespace asio = boost::asio;

/// Time that passes when everybody sleeps, and then all at once.
class JumpingClock final : public Clock {
public:
    Timestamp now() const override { return start_ + std::chrono::duration_cast<milliseconds>(now_ - origin); }
    Monotonic monotonic() const override { return now_; }

    awaitable<void> sleep_until(Monotonic when) override {
        if (when <= now_) co_return;
        auto executor = co_await asio::this_coro::executor;
        asio::steady_timer timer(executor, Monotonic::max());
        const Place place{*this, sleepers_.emplace(when, &timer)};
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        if (now_ < when) throw boost::system::system_error(asio::error::operation_aborted);
    }

    /// To whoever wakes first; false when nobody sleeps.
    bool jump() {
        if (sleepers_.empty()) return false;
        now_ = std::max(now_, sleepers_.begin()->first);
        for (const auto& [when, timer] : sleepers_) {
            if (when <= now_) timer->cancel();
        }
        return true;
    }

private:
    using Sleepers = std::multimap<Monotonic, asio::steady_timer*>;
    struct Place {
        JumpingClock& clock;
        Sleepers::iterator at;
        ~Place() { clock.sleepers_.erase(at); }
    };

    static constexpr Monotonic origin{std::chrono::hours(1)};  // what never happened stands at zero
    Timestamp start_ = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    Monotonic now_ = origin;
    Sleepers sleepers_;
};

/// Speaks for a vendor: a status is what the router's own table makes of it, a 200 is an answer.
class RehearsedDialect final : public llm::Dialect {
public:
    RehearsedDialect(std::string provider, bool broken) : provider_(std::move(provider)), broken_(broken) {}

    std::string_view provider() const override { return provider_; }
    std::string_view default_api_url() const override { return {}; }
    HttpRequest build(const llm::Request&, const llm::Target&, bool) const override {
        HttpRequest request;
        request.method = "POST";
        request.url = broken_ ? broken_url : "well";
        return request;
    }
    std::variant<llm::Reply, Failure> read(const HttpResponse& response) const override {
        if (response.status != 200) return llm::classify_response(provider_, response);
        return ready();
    }
    std::unique_ptr<llm::StreamReader> stream_reader() const override { return std::make_unique<Reader>(); }
    std::optional<HttpRequest> probe(const llm::Target&) const override { return std::nullopt; }

    static constexpr std::string_view broken_url = "broken";

private:
    static llm::Reply ready() {
        llm::Reply reply;
        reply.text = "ready";
        return reply;
    }
    class Reader final : public llm::StreamReader {
    public:
        bool feed(std::string_view) override {
            fed_ = true;
            return true;
        }
        std::variant<llm::Reply, Failure> finish() override {
            if (fed_) return ready();
            return Failure{.failure = FailureClass::truncated_stream};
        }

    private:
        bool fed_ = false;
    };

    std::string provider_;
    bool broken_;
};

class RehearsedVendors final : public HttpClient {
public:
    RehearsedVendors(Clock& clock, const RehearsedFault& fault) : clock_(clock), fault_(fault) {}

    Monotonic last_call{};

    task<HttpResponse> send(HttpRequest request, Deadline deadline) override {
        last_call = clock_.monotonic();
        if (request.under_way) request.under_way(request);
        HttpResponse response;
        response.status = 200;
        response.body = "ready";
        if (request.url != RehearsedDialect::broken_url) co_return response;
        if (fault_.status == 0) {
            co_await clock_.sleep_until(deadline.at);
            co_return Error{errc::timeout, "no first content in time"};
        }
        response.status = fault_.status;
        co_return response;
    }

    task<HttpResponse> stream(HttpRequest request, Deadline deadline, StreamClocks clocks,
                              std::function<bool(std::string_view)> on_bytes) override {
        const Deadline content = Deadline::after(clock_, clocks.first_content).earlier(deadline);
        auto response = co_await send(std::move(request), content);
        if (response && response->status == 200) on_bytes(response->body);
        co_return response;
    }

private:
    Clock& clock_;
    const RehearsedFault& fault_;
};

using Outcome = std::variant<llm::Answer, llm::NoAnswer>;

awaitable<void> ask(llm::Router& router, llm::Chain chain, Deadline deadline, std::optional<Outcome>& outcome) {
    llm::Request request;
    llm::Message question;
    question.text = "Are you ready?";
    request.messages.push_back(question);
    request.purpose = "rehearsal";
    llm::RouteContext context;
    llm::Router::Check check;
    outcome = co_await router.complete(std::move(request), std::move(chain), std::move(context), deadline, std::move(check));
}

bool shared(const llm::Target& one, const llm::Target& other, RehearsedFault::Reach reach) {
    switch (reach) {
        case RehearsedFault::Reach::target:
            return one.name == other.name;
        case RehearsedFault::Reach::key:
            return llm::key_scope(one) == llm::key_scope(other);
        case RehearsedFault::Reach::account:
            return llm::account_scope(one) == llm::account_scope(other);
        case RehearsedFault::Reach::endpoint:
            return one.provider == other.provider && one.api_url == other.api_url;
    }
    return false;
}

}  // namespace

std::span<const RehearsedFault> rehearsed_faults() {
    using enum RehearsedFault::Reach;
    static constexpr std::array<RehearsedFault, 5> faults{{{"account closed", 402, account},
                                                           {"key refused", 401, key},
                                                           {"rate limit", 429, target},
                                                           {"overloaded", 529, endpoint},
                                                           {"silent", 0, endpoint}}};
    return faults;
}

std::set<const llm::Target*> hit_by(const llm::Chain& chain, const std::string& target, RehearsedFault::Reach reach) {
    std::set<const llm::Target*> hit;
    const auto at = std::ranges::find(chain, target, [](const llm::Link& link) { return link.target->name; });
    if (at == chain.end()) return hit;
    for (const llm::Link& link : chain) {
        if (shared(*at->target, *link.target, reach)) hit.insert(link.target.get());
    }
    return hit;
}

Rehearsal rehearse(const llm::Chain& chain, const std::set<const llm::Target*>& broken, const RehearsedFault& fault,
                   milliseconds deadline) {
    std::vector<std::unique_ptr<RehearsedDialect>> dialects;
    llm::Chain played = chain;
    for (llm::Link& link : played) {
        dialects.push_back(std::make_unique<RehearsedDialect>(link.target->provider, broken.contains(link.target.get())));
        auto target = std::make_shared<llm::Target>(*link.target);
        target->dialect = dialects.back().get();
        link.target = std::move(target);
    }
    JumpingClock clock;
    const auto loop = make_event_loop(clock);
    RehearsedVendors vendors(clock, fault);
    NoJournal journal;
    llm::RouterOptions options;
    options.seed = 1;  // the same route each time
    const auto router = llm::make_router(vendors, journal, *loop, clock, options, {});
    std::optional<Outcome> outcome;
    const Monotonic start = clock.monotonic();
    loop->spawn("rehearsal", ask(*router, std::move(played), Deadline::after(clock, deadline), outcome));
    while (!outcome) {
        const bool idle = !loop->run_one(milliseconds(0));
        if (idle && !clock.jump()) loop->run_one(milliseconds(10));
    }
    Rehearsal told;
    const auto read = [&](const auto& end) {
        told.calls = static_cast<int>(end.hops.size());
        told.note = end.note;
    };
    std::visit(read, *outcome);
    const auto* answer = std::get_if<llm::Answer>(&*outcome);
    if (answer) told.answered_by = answer->target;
    told.waited = std::chrono::duration_cast<milliseconds>((answer ? vendors.last_call : clock.monotonic()) - start);
    return told;
}

}  // namespace gumshoe
