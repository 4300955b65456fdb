// A TLS server on loopback with a certificate made on the spot, which nobody vouches for.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace gumshoe::test {

class TlsListener {
public:
    /// `expired`: its certificate was good until yesterday.
    explicit TlsListener(bool expired);
    TlsListener(const TlsListener&) = delete;
    ~TlsListener();

    std::string url() const;
    int connections() const { return connections_; }
    /// Connections on which the caller went on to speak: it took the certificate.
    int believed() const { return believed_; }

private:
    struct Context;
    void serve();
    void answer(int connection);

    std::unique_ptr<Context> context_;
    int socket_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> stopping_ = false;
    std::atomic<int> connections_ = 0;
    std::atomic<int> believed_ = 0;
    std::thread thread_;
};

}  // namespace gumshoe::test
