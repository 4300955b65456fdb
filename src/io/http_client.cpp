// The HTTP client: one thread around a libcurl multi handle; callers hand transfers over a queue and resume on the event loop.
#include "io/http_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <mutex>
#include <thread>

#include "io/event_loop.hpp"
#include "io/http_syntax.hpp"
#include "io/transfer.hpp"

namespace gumshoe {
namespace {

namespace asio = boost::asio;

constexpr long idle_connections = 64;
constexpr std::size_t idle_handles = 32;

/// What could smuggle a second header or request into ours.
result<std::string> check(const HttpRequest& request) {
    auto host = checked_host(request.url);
    if (!host) return host;
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (request.method.empty() || request.method.find_first_not_of(letters) != std::string::npos) {
        return Error{errc::invalid_argument, *host + ": the method is not a word of capital letters"};
    }
    for (const auto& [name, value] : request.headers) {
        if (is_token(name) && is_field_value(value)) continue;
        return Error{errc::invalid_argument, *host + ": a header's name or value holds bytes that it must not"};
    }
    return host;
}

/// A transfer and the coroutine that waits for it. Owns the waiting coroutine through `resume`, which owns no reference to this.
struct Call {
    Call(asio::any_io_executor its_executor, HttpRequest request, std::string host, milliseconds span,
         std::optional<Transfer::Stream> stream)
        : executor(its_executor), guard(its_executor), transfer(std::move(request), std::move(host), span, std::move(stream)) {}

    using Resume = asio::any_completion_handler<void(std::exception_ptr, result<HttpResponse>)>;

    asio::any_io_executor executor;
    asio::executor_work_guard<asio::any_io_executor> guard;
    Transfer transfer;
    std::optional<Resume> resume;
    std::atomic<bool> finished = false;  // curl is done with it; the client may be gone
};

void end(std::shared_ptr<Call> call, result<HttpResponse> outcome) {
    call->finished = true;
    asio::any_io_executor executor = call->executor;
    auto resume = [call = std::move(call), outcome = std::move(outcome)]() mutable {
        call->transfer.deliver_pieces();
        Call::Resume waiter = std::move(*call->resume);
        call->resume.reset();
        std::exception_ptr exception = call->transfer.exception();
        call.reset();
        std::move(waiter)(exception, std::move(outcome));
    };
    asio::post(executor, std::move(resume));
}

class CurlClient final : public HttpClient {
public:
    explicit CurlClient(EventLoop& loop) : loop_(loop) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        multi_ = curl_multi_init();
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, idle_connections);
        thread_ = std::thread([this] { work(); });
    }

    ~CurlClient() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        curl_multi_wakeup(multi_);
        thread_.join();
        for (CURL* easy : idle_) curl_easy_cleanup(easy);
        curl_multi_cleanup(multi_);
        curl_global_cleanup();
    }

    task<HttpResponse> send(HttpRequest request, Deadline deadline) override {
        co_return co_await perform(std::move(request), deadline, std::nullopt);
    }

    task<HttpResponse> stream(HttpRequest request, Deadline deadline, StreamClocks clocks,
                              std::function<bool(std::string_view)> on_bytes) override {
        std::optional<Transfer::Stream> watched;
        watched.emplace(Transfer::Stream{clocks, std::move(on_bytes)});
        co_return co_await perform(std::move(request), deadline, std::move(watched));
    }

private:
    task<HttpResponse> perform(HttpRequest request, Deadline deadline, std::optional<Transfer::Stream> stream) {
        auto host = check(request);
        if (!host) co_return host.error();
        const milliseconds span = deadline.remaining(loop_.clock());
        if (span.count() == 0) co_return Error{errc::network, *host + ": no time left to call"};
        auto call = std::make_shared<Call>(loop_.executor(), std::move(request), std::move(*host), span, std::move(stream));
        co_return co_await submit(std::move(call));
    }

    task<HttpResponse> submit(std::shared_ptr<Call> call) {
        auto start = [this](auto handler, std::shared_ptr<Call> its) {
            its->resume.emplace(std::move(handler));
            watch_pieces(its);
            auto slot = asio::get_associated_cancellation_slot(*its->resume);
            if (slot.is_connected()) {
                slot.assign([this, weak = std::weak_ptr<Call>(its)](asio::cancellation_type) { cancel(weak); });
            }
            {
                const std::lock_guard lock(mutex_);
                arrived_.push_back(std::move(its));
            }
            curl_multi_wakeup(multi_);
        };
        using Token = const asio::use_awaitable_t<>;
        co_return co_await asio::async_initiate<Token, void(std::exception_ptr, result<HttpResponse>)>(start, asio::use_awaitable,
                                                                                                       std::move(call));
    }

    void watch_pieces(const std::shared_ptr<Call>& call) {
        call->transfer.on_piece = [this, weak = std::weak_ptr<Call>(call)] {
            auto alive = weak.lock();
            asio::post(alive->executor, [this, alive] {
                if (!alive->resume) return;  // the end came first and delivered them
                alive->transfer.deliver_pieces();
                if (alive->transfer.exception() && !alive->finished) curl_multi_wakeup(multi_);
            });
        };
    }

    void cancel(const std::weak_ptr<Call>& weak) {
        auto call = weak.lock();
        if (!call || call->finished) return;
        call->transfer.cancel();
        curl_multi_wakeup(multi_);
    }

    // --- curl's thread ---

    void work() {
        while (true) {
            if (!take_arrived()) break;
            int running = 0;
            curl_multi_perform(multi_, &running);
            finish_ended();
            const int wait = stop_overdue();
            curl_multi_poll(multi_, nullptr, 0, wait, nullptr);
        }
        for (auto& [easy, call] : open_) {
            curl_multi_remove_handle(multi_, easy);
            curl_easy_cleanup(easy);
            result<HttpResponse> outcome = call->transfer.aborted_error();
            end(std::move(call), std::move(outcome));
        }
        open_.clear();
    }

    bool take_arrived() {
        std::vector<std::shared_ptr<Call>> arrived;
        bool stopping = false;
        {
            const std::lock_guard lock(mutex_);
            arrived.swap(arrived_);
            stopping = stopping_;
        }
        for (auto& call : arrived) {
            CURL* easy = take_handle();
            call->transfer.prepare(easy);
            curl_multi_add_handle(multi_, easy);
            open_.emplace(easy, std::move(call));
        }
        return !stopping;
    }

    void finish_ended() {
        int left = 0;
        while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
            if (message->msg == CURLMSG_DONE) close(open_.find(message->easy_handle), message->data.result);
        }
    }

    /// Ends what was cancelled or ran out of a clock of its stream; yields how many milliseconds until the next may.
    int stop_overdue() {
        const Monotonic now = std::chrono::steady_clock::now();
        Monotonic next = now + seconds(60);
        for (auto at = open_.begin(); at != open_.end();) {
            const auto here = at++;
            Transfer& transfer = here->second->transfer;
            if (transfer.must_stop(now)) {
                close(here, CURLE_ABORTED_BY_CALLBACK);
            } else {
                next = std::min(next, transfer.next_check(now));
            }
        }
        return static_cast<int>(std::chrono::ceil<milliseconds>(std::max(next - now, Monotonic::duration(0))).count());
    }

    using Open = std::map<CURL*, std::shared_ptr<Call>>;

    void close(Open::iterator place, CURLcode code) {
        auto [easy, call] = *place;
        open_.erase(place);
        result<HttpResponse> outcome = call->transfer.finish(easy, code);
        curl_multi_remove_handle(multi_, easy);
        give_back(easy);
        end(std::move(call), std::move(outcome));
    }

    CURL* take_handle() {
        if (idle_.empty()) return curl_easy_init();
        CURL* easy = idle_.back();
        idle_.pop_back();
        return easy;
    }

    void give_back(CURL* easy) {
        if (idle_.size() >= idle_handles) return curl_easy_cleanup(easy);
        curl_easy_reset(easy);
        idle_.push_back(easy);
    }

    EventLoop& loop_;
    CURLM* multi_ = nullptr;
    std::mutex mutex_;
    std::vector<std::shared_ptr<Call>> arrived_;  // guarded by mutex_
    bool stopping_ = false;                       // guarded by mutex_
    Open open_;                                   // curl's thread
    std::vector<CURL*> idle_;                     // curl's thread
    std::thread thread_;
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(EventLoop& loop) {
    return std::make_unique<CurlClient>(loop);
}

}  // namespace gumshoe
