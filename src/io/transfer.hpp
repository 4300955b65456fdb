// One HTTP call on one libcurl easy handle: its options, its caps, what its end means. Private to the HTTP client.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "io/http_client.hpp"

namespace gumshoe {

/// "host" or "host:port" of a URL that the client takes: http or https, no user information, no control characters.
result<std::string> checked_host(std::string_view url);

class Transfer {
public:
    struct Stream {
        StreamClocks clocks;
        std::function<bool(std::string_view)> on_bytes;
    };

    Transfer(HttpRequest request, std::string host, milliseconds span, std::optional<Stream> stream);
    ~Transfer();
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    // On curl's thread. `easy` is a CURL handle, fresh or reset.
    void prepare(void* easy);
    result<HttpResponse> finish(void* easy, int code);
    Error aborted_error() const;
    /// True when it must end now: cancelled, or a clock of its stream ran out.
    bool must_stop(Monotonic now);
    /// When must_stop may turn true by time alone.
    Monotonic next_check(Monotonic now) const;

    // On the event loop.
    void cancel() { cancelled_ = true; }
    /// Hands the pieces that came to on_bytes. An exception of on_bytes ends the call and is rethrown to the caller.
    void deliver_pieces();
    std::exception_ptr exception() const { return exception_; }

    std::function<void()> on_piece;  // called on curl's thread when pieces wait for deliver_pieces

private:
    static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
    static int on_progress(void* self, std::int64_t total, std::int64_t now, std::int64_t, std::int64_t);
    static int on_request(void* self, char*, char*, int, int);
    bool take_header(std::string_view line);
    bool take_body(std::string_view bytes);
    bool over_wire_cap(std::int64_t wire);
    void choose_method();
    void set_headers();
    bool refuse(errc code, std::string message);
    bool was_sent() const;
    Error classify(int code) const;
    Error error(errc code, std::string_view message) const { return {code, host_ + ": " + std::string(message)}; }

    HttpRequest request_;
    std::string host_;
    milliseconds span_;
    std::optional<Stream> stream_;

    void* easy_ = nullptr;
    void* header_list_ = nullptr;
    char error_text_[256] = {};
    HttpResponse response_;
    std::size_t header_bytes_ = 0;
    bool body_began_ = false;
    std::optional<Error> refusal_;  // why we ended it ourselves

    std::atomic<bool> cancelled_ = false;
    Monotonic started_{};
    std::atomic<Monotonic::rep> last_content_ = 0;  // 0: none yet
    std::mutex mutex_;
    std::string pieces_;  // guarded by mutex_
    std::atomic<bool> pieces_wait_ = false;
    std::exception_ptr exception_;
};

}  // namespace gumshoe
