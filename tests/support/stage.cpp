#include "tests/support/stage.hpp"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "tests/support/loop.hpp"

namespace gumshoe::test {

namespace {

std::string free_address() {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(fd, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    close(fd);
    return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

/// Ended as an operator would end it: a sanitizer speaks of leaks only then.
void end(Process* process) {
    if (process == nullptr || !process->running()) return;
    process->signal(SIGTERM);
    process->wait(std::chrono::seconds(10));
}

void check_sanitizers(const std::string& log) {
    for (const char* report : {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer", "runtime error:"}) {
        const auto at = log.find(report);
        if (at != std::string::npos) FAIL_CHECK(log.substr(at, 8000));
    }
}

}  // namespace

Stage::Stage(const std::string& scenario, const json& patch, const std::function<void(json&)>& adjust)
    : loop_(make_event_loop()), http_(make_http_client(*loop_)) {
    json played = patch;
    played["extends"] = scenario;
    write_file(scratch_ / "scenario.json", played.dump());
    const std::string company = free_address();
    sandbox_url_ = "http://" + company;
    const std::string config = scratch_ / "gumshoe.yaml";
    company_ =
        std::make_unique<Process>(std::vector<std::string>{GUMSHOE_BINARY, "sandbox", "--scenario", scratch_ / "scenario.json", "--listen",
                                                           company, "--write-config", config, "--service-listen", free_address(),
                                                           "--service-admin-listen", free_address(), "--database", database().string()},
                                  scratch_ / "sandbox.log");
    // The line is printed once the configuration is written and the sandbox listens.
    if (!eventually([&] { return read_file(scratch_ / "sandbox.log").find("configuration: ") != std::string::npos; })) {
        throw std::runtime_error("the sandbox did not start: " + read_file(scratch_ / "sandbox.log"));
    }
    config_ = json::parse(read_file(config));
    if (adjust) {
        adjust(config_);
        write_file(config, config_.dump(2));
    }
}

Stage::~Stage() {
    end(service_.get());
    end(company_.get());
    check_sanitizers(service_log());
    check_sanitizers(read_file(scratch_ / "sandbox.log"));
}

void Stage::start_service() {
    const std::string log = scratch_ / "service.log";
    const std::size_t before = read_file(log).size();
    service_ = std::make_unique<Process>(std::vector<std::string>{GUMSHOE_BINARY, "serve", "--config", scratch_ / "gumshoe.yaml"}, log);
    const bool ready = eventually([&] {
        if (!service_->running()) throw std::runtime_error("the service ended: " + service_log());
        return read_file(log).find("\"ready\"", before) != std::string::npos;
    });
    if (!ready) throw std::runtime_error("the service is not ready: " + service_log());
}

void Stage::kill_service() {
    service_->signal(SIGKILL);
    service_->wait();
}

int Stage::stop_service() {
    service_->signal(SIGTERM);
    return service_->wait().value_or(-1);
}

HttpResponse Stage::call(HttpRequest request) {
    auto response = run(*loop_, http_->send(std::move(request), Deadline::after(loop_->clock(), seconds(30))), seconds(40));
    if (!response) throw std::runtime_error(response.error().message);
    return *response;
}

json Stage::webhook(const std::string& moment) const {
    return json::parse(read_file(scratch_ / "gumshoe.yaml.webhooks.json")).at(moment).at(0);
}

std::vector<json> Stage::webhooks(const std::string& moment) {
    std::vector<json> all = json::parse(sandbox("GET", "/_sandbox/webhooks/" + moment).body).get<std::vector<json>>();
    const std::string service = "http://" + config_["server"]["listen"].get<std::string>();
    for (json& webhook : all) webhook["url"] = service + webhook.at("path").get<std::string>();
    return all;
}

std::vector<std::string> Stage::send_webhooks(const std::string& moment) {
    std::vector<std::string> named;
    for (const json& webhook : webhooks(moment)) {
        const HttpResponse answer = send(webhook);
        if (answer.status / 100 != 2) throw std::runtime_error(std::to_string(answer.status) + " " + answer.body);
        for (auto& id : json::parse(answer.body).at("investigations").get<std::vector<std::string>>()) {
            if (std::find(named.begin(), named.end(), id) == named.end()) named.push_back(id);
        }
    }
    return named;
}

HttpResponse Stage::send(const json& webhook) {
    HttpRequest request;
    request.method = webhook.at("method").get<std::string>();
    request.url = webhook.at("url").get<std::string>();
    for (const auto& [name, value] : webhook.at("headers").items()) request.headers.add(name, value.get<std::string>());
    request.body = webhook.at("body").get<std::string>();
    return call(std::move(request));
}

HttpResponse Stage::admin(const std::string& method, const std::string& path, const std::string& body, const std::string& key) {
    HttpRequest request;
    request.method = method;
    request.url = "http://" + config_["admin"]["listen"].get<std::string>() + path;
    request.headers.add("Authorization", "Bearer " + config_["admin"]["tokens"][0]["token"].get<std::string>());
    if (!key.empty()) request.headers.add("Idempotency-Key", key);
    request.body = body;
    return call(std::move(request));
}

json Stage::admin_json(const std::string& path) {
    const HttpResponse response = admin("GET", path);
    if (response.status != 200) throw std::runtime_error(path + " answered " + std::to_string(response.status) + " " + response.body);
    return json::parse(response.body);
}

json Stage::finished(const std::string& investigation, std::chrono::milliseconds limit) {
    json shown;
    const bool ended = eventually(
        [&] {
            shown = admin_json("/api/v1/investigations/" + investigation);
            const auto state = shown.at("state").get<std::string>();
            return state != "queued" && state != "running";
        },
        limit);
    if (!ended) throw std::runtime_error("the investigation did not end: " + shown.dump());
    return shown;
}

std::vector<json> Stage::runs(const std::string& investigation) {
    return admin_json("/api/v1/investigations/" + investigation + "/runs").at("runs").get<std::vector<json>>();
}

HttpResponse Stage::sandbox(const std::string& method, const std::string& path, const std::string& body) {
    HttpRequest request;
    request.method = method;
    request.url = sandbox_url_ + path;
    request.headers.add("Content-Type", "application/json");
    request.body = body;
    return call(std::move(request));
}

void Stage::set_faults(const json& faults) {
    const HttpResponse response = sandbox("PUT", "/_sandbox/faults", faults.dump());
    if (response.status / 100 != 2) throw std::runtime_error(response.body);
}

std::vector<json> Stage::requests(const std::string& vendor, const std::string& path_prefix) {
    const json logged = json::parse(sandbox("GET", "/_sandbox/requests").body);
    std::vector<json> found;
    for (const json& entry : logged.is_array() ? logged : logged.at("requests")) {
        if (entry.at("vendor") == vendor && entry.at("path").get<std::string>().starts_with(path_prefix)) found.push_back(entry);
    }
    return found;
}

std::vector<json> Stage::messages() {
    const json state = json::parse(sandbox("GET", "/_sandbox/state/slack").body);
    std::vector<json> found;
    for (const json& channel : state.at("channels")) {
        for (const json& message : channel.at("messages")) {
            if (message.value("bot_id", std::string()) != "B0GUMSHOE") continue;
            found.push_back(message);
            found.back()["channel"] = channel.at("id");
        }
    }
    return found;
}

std::string Stage::words(const json& message) {
    return message.value("text", std::string()) + "\n" +
           message.value("blocks", json::array()).dump(-1, ' ', false, json::error_handler_t::replace);
}

bool Stage::message_says(const std::string& wanted, std::chrono::milliseconds limit) {
    return eventually(
        [&] {
            for (const json& message : messages()) {
                if (words(message).find(wanted) != std::string::npos) return true;
            }
            return false;
        },
        limit);
}

std::string investigation_of(const HttpResponse& answer) {
    const json body = json::parse(answer.body);
    return body.at("investigations").at(0).get<std::string>();
}

}  // namespace gumshoe::test
