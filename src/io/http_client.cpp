// The HTTP client: a libcurl multi handle whose sockets and timer the event loop watches.
#include "io/http_client.hpp"

#include <curl/curl.h>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <map>
#include <unordered_map>

#include "io/event_loop.hpp"
#include "io/http_syntax.hpp"
#include "io/transfer.hpp"

namespace gumshoe {
namespace {

namespace asio = boost::asio;

constexpr long idle_connections = 256;
constexpr std::size_t idle_handles = 256;
constexpr std::size_t known_hosts = 256;

/// What could smuggle a second header or request into ours.
result<void> check(const HttpRequest& request, const std::string& host) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (request.method.empty() || request.method.find_first_not_of(letters) != std::string::npos) {
        return Error{errc::invalid_argument, host + ": the method is not a word of capital letters"};
    }
    for (const auto& [name, value] : request.headers) {
        if (is_token(name) && is_field_value(value)) continue;
        return Error{errc::invalid_argument, host + ": a header's name or value holds bytes that it must not"};
    }
    return {};
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
    CURL* easy = nullptr;  // while it is under way
};

/// One of curl's sockets, while curl wants to know when it is ready.
class Socket {
public:
    using Ready = std::function<void(int)>;  // CURL_CSELECT_IN or CURL_CSELECT_OUT
    Socket(const asio::any_io_executor& executor, curl_socket_t socket, Ready ready)
        : descriptor_(executor, socket), ready_(std::move(ready)) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { stop(); }

    /// Before curl closes it: its number may be another's soon after.
    void stop() {
        wanted_ = 0;
        if (descriptor_.is_open()) descriptor_.release();
    }

    /// `what`: CURL_POLL_IN, _OUT or _INOUT.
    static void watch(const std::shared_ptr<Socket>& self, int what) {
        self->wanted_ = what;
        if ((what & CURL_POLL_IN) != 0) wait(self, asio::posix::descriptor_base::wait_read, CURL_POLL_IN, CURL_CSELECT_IN);
        if ((what & CURL_POLL_OUT) != 0) wait(self, asio::posix::descriptor_base::wait_write, CURL_POLL_OUT, CURL_CSELECT_OUT);
    }

private:
    static void wait(const std::shared_ptr<Socket>& self, asio::posix::descriptor_base::wait_type type, int kind, int event) {
        if ((self->waiting_ & kind) != 0) return;
        self->waiting_ |= kind;
        self->descriptor_.async_wait(type, [weak = std::weak_ptr<Socket>(self), kind, event](boost::system::error_code) {
            const auto alive = weak.lock();
            if (!alive) return;
            alive->waiting_ &= ~kind;
            if ((alive->wanted_ & kind) == 0) return;
            alive->ready_(event);
            watch(alive, alive->wanted_);
        });
    }

    asio::posix::stream_descriptor descriptor_;
    Ready ready_;
    int wanted_ = 0;
    int waiting_ = 0;  // kinds that a wait is under way for
};

class CurlClient final : public HttpClient {
public:
    explicit CurlClient(EventLoop& loop) : loop_(loop), timer_(loop.executor()) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        multi_ = curl_multi_init();
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, idle_connections);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlClient::on_socket);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlClient::on_timer);
        curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    }

    ~CurlClient() override {
        while (!open_.empty()) {
            const auto call = open_.begin()->second;
            result<HttpResponse> outcome = call->transfer.aborted_error();
            close(call, std::move(outcome));
        }
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
        auto host = host_of(request.url);
        if (!host) co_return host.error();
        auto checked = check(request, *host);
        if (!checked) co_return checked.error();
        const milliseconds span = deadline.remaining(loop_.clock());
        if (span.count() == 0) co_return Error{errc::network, *host + ": no time left to call"};
        auto call = std::make_shared<Call>(loop_.executor(), std::move(request), std::move(*host), span, std::move(stream));
        co_return co_await submit(std::move(call));
    }

    /// Most calls go to the few addresses of the configuration.
    result<std::string> host_of(const std::string& url) {
        if (const auto known = hosts_.find(url); known != hosts_.end()) return known->second;
        auto host = checked_host(url);
        if (!host) return host;
        if (hosts_.size() >= known_hosts) hosts_.clear();
        hosts_.emplace(url, *host);
        return host;
    }

    task<HttpResponse> submit(std::shared_ptr<Call> call) {
        auto start = [this](auto handler, std::shared_ptr<Call> its) {
            its->resume.emplace(std::move(handler));
            auto slot = asio::get_associated_cancellation_slot(*its->resume);
            if (slot.is_connected()) {
                slot.assign(
                    [weak = std::weak_ptr<Call>(its), client = weak_from_here()](asio::cancellation_type) { cancel(client, weak); });
            }
            open(std::move(its));
        };
        using Token = const asio::use_awaitable_t<>;
        co_return co_await asio::async_initiate<Token, void(std::exception_ptr, result<HttpResponse>)>(start, asio::use_awaitable,
                                                                                                       std::move(call));
    }

    void open(std::shared_ptr<Call> call) {
        call->easy = take_handle();
        call->transfer.prepare(call->easy);
        const Monotonic next_look = call->transfer.next_look(std::chrono::steady_clock::now());
        const HttpRequest& request = call->transfer.request();
        open_.emplace(call->easy, call);
        curl_multi_add_handle(multi_, call->easy);
        act(CURL_SOCKET_TIMEOUT, 0);  // begins at once
        wake_at(next_look);
        if (request.under_way) request.under_way(request);
    }

    void act(curl_socket_t socket, int events) {
        if (socket == CURL_SOCKET_TIMEOUT) curl_due_ = Monotonic::max();  // curl says when next, if ever
        int running = 0;
        curl_multi_socket_action(multi_, socket, events, &running);
        int left = 0;
        while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            const auto call = open_.at(message->easy_handle);
            close(call, call->transfer.finish(message->data.result));
        }
        wake_at(curl_due_);
    }

    void close(std::shared_ptr<Call> call, result<HttpResponse> outcome) {
        CURL* easy = call->easy;
        open_.erase(easy);
        curl_multi_remove_handle(multi_, easy);
        give_back(easy);
        end(std::move(call), std::move(outcome));
    }

    /// Never within curl: what is resumed may call again.
    void end(std::shared_ptr<Call> call, result<HttpResponse> outcome) {
        call->easy = nullptr;
        asio::any_io_executor executor = call->executor;
        auto resume = [client = weak_from_here(), call = std::move(call), outcome = std::move(outcome)]() mutable {
            Call::Resume waiter = std::move(*call->resume);
            std::exception_ptr exception = call->transfer.exception();
            call.reset();
            std::move(waiter)(exception, std::move(outcome));
            if (const auto here = client.lock()) (*here)->rest();
        };
        asio::post(executor, std::move(resume));
    }

    static void cancel(const std::weak_ptr<CurlClient*>& client, const std::weak_ptr<Call>& weak) {
        const auto here = client.lock();
        const auto call = weak.lock();
        if (!here || !call || call->easy == nullptr) return;
        result<HttpResponse> outcome = call->transfer.aborted_error();
        (*here)->close(call, std::move(outcome));
    }

    /// One timer for all, which most calls end before: what it is set for is moved forward only, and looked at again when it is up.
    void wake_at(Monotonic due) {
        if (due >= waking_) return;
        waking_ = due;
        timer_.expires_at(due);
        timer_.async_wait([alive = weak_from_here()](boost::system::error_code error) {
            const auto here = alive.lock();
            if (here && !error) (*here)->wake();
        });
    }

    void wake() {
        waking_ = Monotonic::max();
        const Monotonic now = std::chrono::steady_clock::now();
        if (curl_due_ <= now) act(CURL_SOCKET_TIMEOUT, 0);
        std::vector<std::shared_ptr<Call>> silent;
        Monotonic next = curl_due_;
        for (const auto& [easy, call] : open_) {
            if (call->transfer.next_check() <= now) {
                silent.push_back(call);
            } else {
                next = std::min(next, call->transfer.next_look(now));
            }
        }
        for (const auto& call : silent) {
            result<HttpResponse> outcome = call->transfer.silent_error();
            close(call, std::move(outcome));
        }
        wake_at(next);
    }

    /// A timer that is set would keep the loop running.
    void rest() {
        if (!open_.empty() || waking_ == Monotonic::max()) return;
        waking_ = Monotonic::max();
        timer_.cancel();
    }

    static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
        auto& client = *static_cast<CurlClient*>(self);
        if (what == CURL_POLL_REMOVE) {
            const auto watched = client.sockets_.extract(socket);
            if (watched) watched.mapped()->stop();
            return 0;
        }
        auto& watched = client.sockets_[socket];
        if (!watched) {
            auto ready = [&client, socket](int event) { client.act(socket, event); };
            watched = std::make_shared<Socket>(client.loop_.executor(), socket, std::move(ready));
        }
        Socket::watch(watched, what);
        return 0;
    }

    static int on_timer(CURLM*, long ms, void* self) {
        auto& client = *static_cast<CurlClient*>(self);
        client.curl_due_ = ms < 0 ? Monotonic::max() : std::chrono::steady_clock::now() + milliseconds(ms);
        return 0;
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

    /// For handlers that may outlive the client.
    std::weak_ptr<CurlClient*> weak_from_here() const { return here_; }

    EventLoop& loop_;
    CURLM* multi_ = nullptr;
    asio::steady_timer timer_;
    Monotonic waking_ = Monotonic::max();    // what the timer is set for
    Monotonic curl_due_ = Monotonic::max();  // when curl wants to be called
    std::map<curl_socket_t, std::shared_ptr<Socket>> sockets_;
    std::map<CURL*, std::shared_ptr<Call>> open_;
    std::vector<CURL*> idle_;
    std::unordered_map<std::string, std::string> hosts_;  // by address
    std::shared_ptr<CurlClient*> here_ = std::make_shared<CurlClient*>(this);
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(EventLoop& loop) {
    return std::make_unique<CurlClient>(loop);
}

}  // namespace gumshoe
