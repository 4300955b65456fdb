// An HttpClient that answers from a script: first the queued answers in order, then the handler. Records every request.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "io/http_client.hpp"

namespace gumshoe::test {

/// A piece of a streamed body and how long after the piece before it comes.
struct FakePiece {
    milliseconds after{0};
    std::string bytes;
};

struct FakeAnswer {
    result<HttpResponse> response;
    milliseconds after{0};          // before the status line; needs a clock
    std::vector<FakePiece> pieces;  // how stream() gets the body; empty: in one piece
};

inline HttpResponse http_response(int status, std::string body, Headers headers = {}) {
    HttpResponse response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = std::move(body);
    return response;
}

class FakeHttp final : public HttpClient {
public:
    using Handler = std::function<result<HttpResponse>(const HttpRequest&)>;

    FakeHttp() = default;
    explicit FakeHttp(Handler handler) : handler_(std::move(handler)) {}
    FakeHttp(Clock& clock, Handler handler) : clock_(&clock), handler_(std::move(handler)) {}

    void use_clock(Clock& clock) { clock_ = &clock; }
    void handle_with(Handler handler) { handler_ = std::move(handler); }
    /// As the handler, with delays and pieces.
    void answer_with(std::function<FakeAnswer(const HttpRequest&)> answers) { answers_ = std::move(answers); }
    void push(int status, std::string body, Headers headers = {}) {
        push(FakeAnswer{http_response(status, std::move(body), std::move(headers)), {}, {}});
    }
    void push(Error error) { push(FakeAnswer{std::move(error), {}, {}}); }
    void push(FakeAnswer answer) { script_.push_back(std::move(answer)); }
    /// Never answers: the call ends at its deadline (needs a clock).
    void push_hang() { push(FakeAnswer{Error{errc::timeout, "never sent"}, std::chrono::hours(24 * 365), {}}); }
    std::size_t unanswered() const { return script_.size(); }

    /// How long the handler's answer takes, by request; needs a clock.
    std::function<milliseconds(const HttpRequest&)> delay;
    std::vector<HttpRequest> requests;
    int in_flight = 0;
    int most_in_flight = 0;

    task<HttpResponse> send(HttpRequest request, Deadline deadline) override {
        const Flight flight(*this);
        FakeAnswer answer = next(std::move(request));
        bool in_time = co_await wait(answer.after, deadline);
        if (!in_time) co_return Error{errc::timeout, "fake: no answer before the deadline"};
        co_return std::move(answer.response);
    }

    task<HttpResponse> stream(HttpRequest request, Deadline deadline, StreamClocks clocks,
                              std::function<bool(std::string_view)> on_bytes) override {
        const Flight flight(*this);
        FakeAnswer answer = next(std::move(request));
        bool first = true;
        Deadline content = watch(clocks.first_content);
        bool in_time = co_await wait(answer.after, deadline.earlier(content));
        if (!in_time) co_return late(deadline, first);
        if (!answer.response) co_return std::move(answer.response);
        HttpResponse response = std::move(*answer.response);
        if (response.status / 100 != 2) co_return response;
        if (answer.pieces.empty()) answer.pieces.push_back(FakePiece{milliseconds(0), response.body});
        response.body.clear();
        for (FakePiece& piece : answer.pieces) {
            in_time = co_await wait(piece.after, deadline.earlier(content));
            if (!in_time) co_return late(deadline, first);
            response.body += piece.bytes;
            if (!on_bytes(piece.bytes)) continue;
            first = false;
            content = watch(clocks.stall);
        }
        co_return response;
    }

private:
    struct Flight {
        explicit Flight(FakeHttp& of) : http(of) { http.most_in_flight = std::max(http.most_in_flight, ++http.in_flight); }
        ~Flight() { --http.in_flight; }
        FakeHttp& http;
    };

    FakeAnswer next(HttpRequest request) {
        if (const auto under_way = std::exchange(request.under_way, {})) under_way(request);
        requests.push_back(std::move(request));
        if (!script_.empty()) {
            FakeAnswer answer = std::move(script_.front());
            script_.pop_front();
            return answer;
        }
        if (answers_) return answers_(requests.back());
        if (handler_) return FakeAnswer{handler_(requests.back()), delay ? delay(requests.back()) : milliseconds(0), {}};
        return FakeAnswer{Error{errc::network, "fake: nothing scripted for " + requests.back().method + " " + requests.back().url}, {}, {}};
    }

    /// False when the deadline comes first.
    awaitable<bool> wait(milliseconds span, Deadline deadline) {
        if (clock_ == nullptr || span.count() == 0) co_return true;
        const Monotonic until = clock_->monotonic() + span;
        co_await clock_->sleep_until(std::min(until, deadline.at));
        co_return until <= deadline.at;
    }
    Deadline watch(milliseconds span) const { return clock_ == nullptr ? Deadline{Monotonic::max()} : Deadline::after(*clock_, span); }
    Error late(Deadline deadline, bool first) const {
        if (deadline.passed(*clock_)) return Error{errc::timeout, "fake: no end before the deadline"};
        return Error{errc::timeout, first ? "fake: no first content in time" : "fake: stall: no content in time"};
    }

    Clock* clock_ = nullptr;
    Handler handler_;
    std::function<FakeAnswer(const HttpRequest&)> answers_;
    std::deque<FakeAnswer> script_;
};

}  // namespace gumshoe::test
