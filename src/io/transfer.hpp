// One HTTP call on one libcurl easy handle: its options, its caps, what its end means. Private to the HTTP client.
#pragma once

#include <functional>
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

    /// `easy` is a CURL handle, fresh or reset.
    void prepare(void* easy);
    /// `code` is curl's.
    result<HttpResponse> finish(int code);
    /// Of a call that we ended: by cancelling, or because its stream was silent.
    Error aborted_error() const;
    Error silent_error() const;
    /// When the clocks of its stream run out, unless content comes before.
    Monotonic next_check() const;
    /// When to look whether they have: content makes the shorter of them count.
    Monotonic next_look(Monotonic now) const;
    /// Of on_bytes: it ended the call and belongs to the caller.
    std::exception_ptr exception() const { return exception_; }
    const HttpRequest& request() const { return request_; }

private:
    static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
    static int on_progress(void* self, std::int64_t total, std::int64_t now, std::int64_t, std::int64_t);
    static int on_request(void* self, char*, char*, int, int);
    bool take_header(std::string_view line);
    bool take_body(std::string_view bytes);
    bool hand_over(std::string_view piece);
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

    Monotonic started_{};
    std::optional<Monotonic> last_content_;
    std::exception_ptr exception_;
};

}  // namespace gumshoe
