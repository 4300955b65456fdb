// Replies onto the wire.
#include "io/reply_head.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include "base/text.hpp"
#include "io/http_syntax.hpp"

namespace gumshoe {
namespace {

std::string_view reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "";
    }
}

std::string http_date() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 64> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    return std::string(text.data(), size);
}

bool is_framing(std::string_view name) {
    constexpr std::array<std::string_view, 4> names{"Content-Length", "Transfer-Encoding", "Connection", "Date"};
    return std::ranges::any_of(names, [&](std::string_view one) { return iequals(one, name); });
}

}  // namespace

std::string reply_head(const HttpReply& reply, ReplyFraming framing) {
    std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " ";
    head.append(reason(reply.status)).append("\r\nDate: ").append(http_date());
    for (const auto& [name, value] : reply.headers) {
        if (is_framing(name) || !is_token(name) || !is_field_value(value)) continue;
        head.append("\r\n").append(name).append(": ").append(value);
    }
    if (framing.chunked) {
        head += "\r\nTransfer-Encoding: chunked";
    } else if (reply.status != 204 && reply.status != 304 && !reply.stream) {
        head += "\r\nContent-Length: " + std::to_string(reply.body.size());
    }
    if (framing.close) head += "\r\nConnection: close";
    head += "\r\n\r\n";
    return head;
}

bool has_body(const std::string& method, int status) {
    return method != "HEAD" && status != 204 && status != 304 && status >= 200;
}

}  // namespace gumshoe
