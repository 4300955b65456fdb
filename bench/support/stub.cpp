// Sockets and epoll by hand: the least that a loopback answer can cost.
#include "bench/support/stub.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "base/json.hpp"
#include "base/text.hpp"

namespace gumshoe::bench {
namespace {

constexpr std::size_t content_events = 16;

json completion(std::string_view object) {
    return {{"id", "chatcmpl-stub"}, {"object", object}, {"created", 1'790'000'000}, {"model", "stub"}};
}

json usage() {
    return {{"prompt_tokens", 900}, {"completion_tokens", 120}, {"total_tokens", 1020}};
}

std::string whole_answer() {
    json body = completion("chat.completion");
    body["choices"] = {{{"index", 0}, {"message", {{"role", "assistant"}, {"content", stub_text()}}}, {"finish_reason", "stop"}}};
    body["usage"] = usage();
    const std::string text = dump_json(body);
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
}

std::string event(json delta, json finish_reason) {
    json body = completion("chat.completion.chunk");
    body["choices"] = {{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish_reason)}}};
    return "data: " + dump_json(body) + "\n\n";
}

std::string streamed_answer() {
    const std::string text = stub_text();
    std::string events = event({{"role", "assistant"}, {"content", ""}}, nullptr);
    const std::size_t piece = text.size() / content_events + 1;
    for (std::size_t at = 0; at < text.size(); at += piece) events += event({{"content", text.substr(at, piece)}}, nullptr);
    events += event(json::object(), "stop");
    json last = completion("chat.completion.chunk");
    last["choices"] = json::array();
    last["usage"] = usage();
    events += "data: " + dump_json(last) + "\n\ndata: [DONE]\n\n";
    std::array<char, 16> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), events.size(), 16).ptr;
    return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(size.data(), end) +
           "\r\n" + events + "\r\n0\r\n\r\n";
}

bool asks_for_stream(std::string_view body) {
    return body.find("\"stream\":true") != std::string_view::npos || body.find("\"stream\": true") != std::string_view::npos;
}

/// Takes one request off the front of what came. False when it is not whole yet.
bool take_request(std::string& input, bool& stream) {
    constexpr std::string_view blank = "\r\n\r\n";
    const auto end = input.find(blank);
    if (end == std::string::npos) return false;
    const std::string head = to_lower(input.substr(0, end));
    std::size_t length = 0;
    constexpr std::string_view field = "\r\ncontent-length:";
    if (const auto at = head.find(field); at != std::string::npos) {
        const auto value = trim(std::string_view(head).substr(at + field.size(), head.find("\r\n", at + 2) - at - field.size()));
        std::from_chars(value.data(), value.data() + value.size(), length);
    }
    const std::size_t whole = end + blank.size() + length;
    if (input.size() < whole) return false;
    stream = asks_for_stream(std::string_view(input).substr(end + blank.size(), length));
    input.erase(0, whole);
    return true;
}

int checked(int outcome, const char* what) {
    if (outcome < 0) throw std::system_error(errno, std::generic_category(), what);
    return outcome;
}

void watch(int epoll, int socket) {
    epoll_event wanted{.events = EPOLLIN, .data = {.fd = socket}};
    checked(epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &wanted), "epoll_ctl");
}

bool write_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

std::string stub_text() {
    json text = {{"summary", "checkout's connection pool is exhausted since the deploy of 14:02 halved its size"}};
    for (int i = 1; i <= 6; ++i) text["reasons"].push_back("evidence " + std::to_string(i) + " shows waiting threads and no slow query");
    return dump_json(text);
}

Stub::Stub(std::uint16_t port) {
    listener_ = checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    checked(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), "bind");
    checked(::listen(listener_, 1024), "listen");
    checked(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    port_ = ntohs(address.sin_port);
    epoll_ = checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    stop_ = checked(::eventfd(0, EFD_CLOEXEC), "eventfd");
    watch(epoll_, listener_);
    watch(epoll_, stop_);
    thread_ = std::thread([this] { serve(); });
}

Stub::~Stub() {
    ::eventfd_write(stop_, 1);
    thread_.join();
    ::close(stop_);
    ::close(epoll_);
    ::close(listener_);
}

void Stub::serve() {
    const std::string whole = whole_answer();
    const std::string streamed = streamed_answer();
    std::map<int, std::string> inputs;  // by connection
    std::array<epoll_event, 64> events{};
    std::array<char, 64 * 1024> buffer{};
    bool running = true;
    while (running) {
        const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const int socket = events[static_cast<std::size_t>(i)].data.fd;
            if (socket == stop_) {
                running = false;
            } else if (socket == listener_) {
                const int accepted = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
                if (accepted < 0) continue;
                const int on = 1;
                ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                inputs[accepted].clear();
                watch(epoll_, accepted);
            } else {
                const auto got = ::recv(socket, buffer.data(), buffer.size(), 0);
                bool open = got > 0;
                std::string& input = inputs[socket];
                if (open) input.append(buffer.data(), static_cast<std::size_t>(got));
                bool stream = false;
                while (open && take_request(input, stream)) open = write_all(socket, stream ? streamed : whole);
                if (open) continue;
                inputs.erase(socket);
                ::close(socket);
            }
        }
    }
    for (const auto& [socket, input] : inputs) ::close(socket);
}

}  // namespace gumshoe::bench
