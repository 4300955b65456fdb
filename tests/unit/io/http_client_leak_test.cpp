// What calls that were given up leave behind: nothing.
#include <catch2/catch.hpp>
#include <deque>
#include <filesystem>

#include "http_client_fixture.hpp"

namespace gumshoe {
namespace {

/// Takes connections and says nothing. One thread for all; the oldest is let go when there are many.
class MuteServer {
public:
    MuteServer() {
        std::tie(listener_, port_) = test::listen_on_loopback();
        acceptor_ = std::thread([this] { accept(); });
    }
    ~MuteServer() {
        ::shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        ::close(listener_);
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }
    int connections() const { return connections_; }

    static constexpr std::size_t most = 200;

private:
    void accept() {
        std::deque<RawSocket> open;
        for (int fd = ::accept(listener_, nullptr, nullptr); fd >= 0; fd = ::accept(listener_, nullptr, nullptr)) {
            ++connections_;
            open.emplace_back(fd);
            if (open.size() > most) open.pop_front();
        }
    }

    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> connections_ = 0;
    std::thread acceptor_;
};

std::ptrdiff_t entries(const char* folder) {
    return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}

awaitable<void> give_up(HttpClientFixture& f, std::string url, int& cancelled) {
    HttpRequest request;
    request.url = std::move(url);
    const Deadline deadline = f.in(seconds(60));
    auto reply = co_await f.client->send(std::move(request), deadline);
    if (!reply && reply.error().code == errc::cancelled) ++cancelled;
}

/// A hundred calls at once, given up by who made them.
int crowd(HttpClientFixture& f, const std::string& url) {
    int cancelled = 0;
    std::vector<awaitable<void>> work;
    for (int i = 0; i < 100; ++i) work.push_back(give_up(f, url, cancelled));
    run(*f.loop, f.loop->within(f.in(milliseconds(20)), f.loop->all(std::move(work))));
    return cancelled;
}

}  // namespace

TEST_CASE("T-46: ten thousand calls that are given up leave no descriptor and no thread behind") {
    MuteServer server;
    HttpClientFixture f;
    for (int i = 0; i < 4; ++i) crowd(f, server.url());  // the server holds as many as it ever will
    const auto descriptors = entries("/proc/self/fd");
    const auto threads = entries("/proc/self/task");
    int cancelled = 0;
    for (int i = 0; i < 100; ++i) cancelled += crowd(f, server.url());
    CHECK(cancelled == 10'000);
    CHECK(server.connections() >= 5'000);  // most were under way
    CHECK(entries("/proc/self/fd") <= descriptors + 2);
    CHECK(entries("/proc/self/task") == threads);
}

}  // namespace gumshoe
