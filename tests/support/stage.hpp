// The real binary twice, as a person would run it: the simulated company, and a service configured for it. Over real sockets.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "io/event_loop.hpp"
#include "io/http_client.hpp"
#include "tests/support/process.hpp"

namespace gumshoe::test {

using json = nlohmann::json;

class Stage {
public:
    /// `patch` is laid over the scenario. `adjust` may change the service's configuration before it is written.
    explicit Stage(const std::string& scenario = "bad-deploy", const json& patch = json::object(),
                   const std::function<void(json&)>& adjust = {});
    ~Stage();

    void start_service();  // and waits until it is ready
    void kill_service();   // kill -9
    int stop_service();    // SIGTERM; its exit code
    bool service_running() { return service_ && service_->running(); }

    // What the monitoring tool sends.
    json webhook(const std::string& moment = "trigger") const;  // {method, url, headers, body}; the first one
    /// Of all its tools, as they would send them now.
    std::vector<json> webhooks(const std::string& moment = "trigger");
    HttpResponse send(const json& request);
    HttpResponse send_webhook(const std::string& moment = "trigger") { return send(webhook(moment)); }

    // The admin API.
    HttpResponse admin(const std::string& method, const std::string& path, const std::string& body = "",
                       const std::string& idempotency_key = "");
    json admin_json(const std::string& path);
    /// Waits until the run under way ended; its investigation as the API shows it.
    json finished(const std::string& investigation, std::chrono::milliseconds limit = std::chrono::seconds(60));
    std::vector<json> runs(const std::string& investigation);

    /// Sends them one after the other; the investigations that the answers name, each once.
    std::vector<std::string> send_webhooks(const std::string& moment = "trigger");

    // The simulated company.
    HttpResponse sandbox(const std::string& method, const std::string& path, const std::string& body = "");
    void set_faults(const json& faults);
    std::vector<json> requests(const std::string& vendor, const std::string& path_prefix = "");
    /// Our messages in its chat, as they stand now, oldest first.
    std::vector<json> messages();
    /// Text and blocks of a message as one string.
    static std::string words(const json& message);
    /// Waits until one of our messages has these words.
    bool message_says(const std::string& words, std::chrono::milliseconds limit = std::chrono::seconds(60));

    const json& config() const { return config_; }
    std::filesystem::path database() const { return scratch_ / "gumshoe.db"; }
    std::string service_log() const { return read_file(scratch_ / "service.log"); }
    const Scratch& scratch() const { return scratch_; }
    EventLoop& loop() { return *loop_; }

private:
    HttpResponse call(HttpRequest request);

    Scratch scratch_;
    std::unique_ptr<EventLoop> loop_;
    std::unique_ptr<HttpClient> http_;
    json config_;
    std::string sandbox_url_;
    std::unique_ptr<Process> company_;
    std::unique_ptr<Process> service_;
};

/// The investigation that a webhook's answer names.
std::string investigation_of(const HttpResponse& answer);

}  // namespace gumshoe::test
