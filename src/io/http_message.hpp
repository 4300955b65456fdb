// HTTP requests and responses as plain values: what vendors' codecs build and read. No sockets here.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "base/task.hpp"

namespace gumshoe {

/// Header fields in the order of the wire; names compare without case.
class Headers {
public:
    Headers() = default;
    Headers(std::initializer_list<std::pair<std::string, std::string>> fields);

    void add(std::string name, std::string value);
    /// The first field of that name.
    std::optional<std::string_view> find(std::string_view name) const;
    std::vector<std::string_view> find_all(std::string_view name) const;

    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    std::size_t size() const { return fields_.size(); }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// A request that came in. The body's bytes are as sent (signatures are over them).
struct RawRequest {
    std::string method;
    std::string path;   // decoded no further than the wire: "/webhooks/datadog"
    std::string query;  // without '?'
    Headers headers;
    std::string body;
    std::string peer;  // address of the caller, after trusted proxies
};

/// Our answer to it. The server adds the framing (Content-Length, Connection, Date).
struct HttpReply {
    int status = 200;
    Headers headers;
    std::string body;
    /// Where set, the body is the pieces it yields up to the first empty one, each sent as it comes. Cancelled when the server stops.
    std::function<awaitable<std::string>()> stream = nullptr;
};

HttpReply json_reply(int status, std::string body);
HttpReply text_reply(int status, std::string body);
/// RFC 9457: application/problem+json with title, status, detail.
HttpReply problem(int status, std::string title, std::string detail);

/// A request to another host. Redirects are never followed.
struct HttpRequest {
    std::string method = "GET";
    std::string url;
    Headers headers;
    std::string body;
    bool repeatable = false;  // may be sent again although it is a POST, where the reused connection turned out to be dead
    std::chrono::milliseconds connect_timeout = limits::fetch_connect;
    std::size_t max_wire_bytes = limits::fetch_wire_bytes;
    std::size_t max_inflated_bytes = limits::fetch_inflated_bytes;
    /// Called once, as soon as the request is on its way, for what the caller can do while it waits; it must not throw. Not called when
    /// the request was refused before.
    std::function<void(const HttpRequest&)> under_way = {};
};

struct HttpTimings {
    std::chrono::milliseconds connect{0};     // DNS + TCP + TLS; zero on a reused connection
    std::chrono::milliseconds first_byte{0};  // from start
    std::chrono::milliseconds total{0};
    bool reused_connection = false;
};

struct HttpResponse {
    int status = 0;
    Headers headers;
    std::string body;  // inflated
    HttpTimings timings;
};

}  // namespace gumshoe
