// Calls with libcurl's easy and multi interfaces.
#include "bench/support/load.hpp"

#include <curl/curl.h>

#include <chrono>
#include <stdexcept>
#include <utility>

namespace gumshoe::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr long call_timeout_ms = 30'000;

double micros_since(Steady::time_point start) {
    return std::chrono::duration<double, std::micro>(Steady::now() - start).count();
}

std::size_t collect(char* bytes, std::size_t size, std::size_t count, void* into) {
    static_cast<std::string*>(into)->append(bytes, size * count);
    return size * count;
}

}  // namespace

struct LoadGenerator::Handle {
    Handle() : easy(curl_easy_init()) {
        if (easy == nullptr) throw std::runtime_error("no curl handle");
    }
    Handle(Handle&& other) noexcept : easy(std::exchange(other.easy, nullptr)), headers(std::exchange(other.headers, nullptr)) {}
    Handle& operator=(Handle&&) = delete;
    ~Handle() {
        curl_easy_cleanup(easy);
        curl_slist_free_all(headers);
    }

    void prepare(const Load& load) {
        curl_slist_free_all(std::exchange(headers, curl_slist_append(nullptr, "Expect:")));
        for (const std::string& line : load.headers) headers = curl_slist_append(headers, line.c_str());
        curl_easy_setopt(easy, CURLOPT_URL, load.url.c_str());
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "127.0.0.1");
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, call_timeout_ms);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(load.body.size()));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, load.body.data());
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &collect);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
        curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
    }
    void start() {
        answer.clear();
        started = Steady::now();
    }
    void finish(CURLcode code, const Load& load, Latency& latency) {
        latency.micros.push_back(micros_since(started));
        long status = 0;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        const bool whole = code == CURLE_OK && status == 200 && answer.find(load.expected) != std::string::npos;
        latency.failures += whole ? 0 : 1;
    }

    CURL* easy;
    curl_slist* headers = nullptr;
    std::string answer;
    Steady::time_point started;
};

LoadGenerator::LoadGenerator() {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi_ = curl_multi_init();
}

LoadGenerator::~LoadGenerator() {
    handles_.clear();
    curl_multi_cleanup(multi_);
    curl_global_cleanup();
}

Latency LoadGenerator::run(const Load& load) {
    while (handles_.size() < load.in_flight) handles_.emplace_back();
    for (std::size_t i = 0; i < load.in_flight; ++i) handles_[i].prepare(load);
    const auto start = Steady::now();
    Latency latency = load.in_flight == 1 ? run_one(load) : run_many(load);
    latency.seconds = micros_since(start) / 1e6;
    return latency;
}

Latency LoadGenerator::run_one(const Load& load) {
    Latency latency;
    Handle& handle = handles_.front();
    for (std::size_t i = 0; i < load.calls; ++i) {
        handle.start();
        handle.finish(curl_easy_perform(handle.easy), load, latency);
    }
    return latency;
}

Latency LoadGenerator::run_many(const Load& load) {
    Latency latency;
    std::size_t begun = 0;
    auto begin = [&](Handle& handle) {
        ++begun;
        handle.start();
        curl_multi_add_handle(multi_, handle.easy);
    };
    for (std::size_t i = 0; i < load.in_flight && begun < load.calls; ++i) begin(handles_[i]);
    while (latency.micros.size() < begun) {
        int running = 0;
        int left = 0;
        curl_multi_perform(multi_, &running);
        bool ended = false;
        while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            CURL* easy = message->easy_handle;
            const CURLcode code = message->data.result;
            Handle* handle = nullptr;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, &handle);
            curl_multi_remove_handle(multi_, easy);
            handle->finish(code, load, latency);
            if (begun < load.calls) begin(*handle);
            ended = true;
        }
        if (!ended) curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }
    return latency;
}

}  // namespace gumshoe::bench
