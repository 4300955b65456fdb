// A provider that answers every POST at once with the same completion: what is measured against it is everybody else's time.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace gumshoe::bench {

/// Chat Completions on 127.0.0.1, one thread; a body that asks for a stream gets server-sent events.
class Stub {
public:
    /// Port 0 takes a free one. Throws std::system_error when it cannot listen.
    explicit Stub(std::uint16_t port = 0);
    Stub(const Stub&) = delete;
    Stub& operator=(const Stub&) = delete;
    ~Stub();

    std::uint16_t port() const { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }

private:
    void serve();

    int listener_ = -1;
    int epoll_ = -1;
    int stop_ = -1;  // an eventfd
    std::uint16_t port_ = 0;
    std::thread thread_;
};

/// The answers' text; it is JSON.
std::string stub_text();

}  // namespace gumshoe::bench
