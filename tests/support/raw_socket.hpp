// A blocking TCP client and a scripted TCP server, for bytes that no HTTP library would send.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace gumshoe::test {

class RawSocket {
public:
    explicit RawSocket(int fd) : fd_(fd) {}
    RawSocket(RawSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    RawSocket(const RawSocket&) = delete;
    RawSocket& operator=(const RawSocket&) = delete;
    ~RawSocket() { close(); }

    static RawSocket connect(std::uint16_t port) {
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("connect failed");
        return RawSocket(fd);
    }

    /// False when the other side is gone.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    /// What came within the time; "" at the end of the stream, an error or the time's end.
    std::string receive(int millis = 5000) {
        pollfd waiter{fd_, POLLIN, 0};
        if (::poll(&waiter, 1, millis) <= 0) return {};
        char buffer[65536];
        const ssize_t count = ::recv(fd_, buffer, sizeof buffer, 0);
        closed_ = count <= 0;
        return count > 0 ? std::string(buffer, static_cast<std::size_t>(count)) : std::string();
    }
    std::string receive_until(std::string_view mark, int millis = 5000) {
        std::string all;
        while (all.find(mark) == std::string::npos) {
            const std::string more = receive(millis);
            if (more.empty()) break;
            all += more;
        }
        return all;
    }
    std::string receive_all(int millis = 5000) { return receive_until("\x01never\x01", millis); }
    /// The other side ended the connection (after the last receive).
    bool closed() const { return closed_; }

    void shutdown_send() { ::shutdown(fd_, SHUT_WR); }
    void reset() {
        const linger now{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close();
    }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    int fd() const { return fd_; }

private:
    int fd_;
    bool closed_ = false;
};

/// A socket that listens on loopback, and its port, which was free.
inline std::pair<int, std::uint16_t> listen_on_loopback() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(listener, 512) != 0) {
        throw std::runtime_error("listen failed");
    }
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    return {listener, ntohs(address.sin_port)};
}

/// Listens on loopback; `serve` runs for each connection on a thread of its own.
class RawServer {
public:
    explicit RawServer(std::function<void(RawSocket&)> serve) : serve_(std::move(serve)) {
        std::tie(listener_, port_) = listen_on_loopback();
        acceptor_ = std::thread([this] { accept(); });
    }
    ~RawServer() {
        stopping_ = true;
        ::shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        ::close(listener_);
        {
            const std::lock_guard lock(mutex_);
            for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
        }
        for (std::thread& thread : threads_) thread.join();
    }

    std::string url(std::string_view path = "/") const { return "http://127.0.0.1:" + std::to_string(port_) + std::string(path); }
    std::uint16_t port() const { return port_; }
    int connections() const { return connections_; }
    bool stopping() const { return stopping_; }

private:
    void accept() {
        while (!stopping_) {
            const int fd = ::accept(listener_, nullptr, nullptr);
            if (fd < 0) return;
            ++connections_;
            const int one = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            const std::lock_guard lock(mutex_);
            open_.push_back(fd);
            threads_.emplace_back([this, fd] {
                RawSocket socket(fd);
                serve_(socket);
                const std::lock_guard here(mutex_);
                std::erase(open_, fd);
                socket.close();
            });
        }
    }

    std::function<void(RawSocket&)> serve_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> stopping_ = false;
    std::atomic<int> connections_ = 0;
    std::mutex mutex_;
    std::vector<int> open_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

}  // namespace gumshoe::test
