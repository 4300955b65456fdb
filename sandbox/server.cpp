// The simulated company's server: routing, the log, the control endpoints, and misbehaving where a fault says so.
#include "sandbox/server.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/text.hpp"
#include "io/connection_listener.hpp"
#include "io/event_loop.hpp"
#include "io/request_reader.hpp"
#include "sandbox/faults.hpp"
#include "sandbox/faulty_delivery.hpp"
#include "sandbox/play.hpp"
#include "sandbox/wall.hpp"

namespace gumshoe::sandbox {
namespace {

constexpr std::size_t kept_requests = 10'000;
constexpr std::size_t request_body_bytes = 32 * 1024 * 1024;

/// Owned by the listener through its `serve`, so it outlives every connection.
class Company {
public:
    Company(EventLoop& loop, SandboxOptions options, FaultPlan faults)
        : loop_(loop), options_(std::move(options)), own_faults_(std::move(faults)) {
        reset();
    }

    void listens_on(const ConnectionListener& listener) { listener_ = &listener; }
    awaitable<void> serve(std::shared_ptr<HttpConnection> connection);

    std::string port() const { return std::to_string(listener_->port()); }
    std::string url(std::string_view vendor) const { return "http://127.0.0.1:" + port() + "/" + std::string(vendor); }
    Simulation* simulation(std::string_view vendor) {
        const auto found = simulations_.find(vendor);
        return found == simulations_.end() ? nullptr : found->second.get();
    }
    World world(std::string_view vendor) const {
        return {.scenario = options_.scenario, .zero = options_.zero, .now = loop_.clock().now(), .base_url = url(vendor)};
    }
    std::vector<HttpRequest> webhooks(std::string_view moment);
    const std::deque<LoggedRequest>& log() const { return log_; }
    void set_faults(FaultPlan faults) { faults_ = std::move(faults); }
    void reset();

private:
    /// What goes onto the wire: a reply, and how.
    struct Outcome {
        HttpReply reply;
        std::optional<Fault> fault;
    };

    awaitable<bool> serve_one(HttpConnection& connection);
    awaitable<bool> deliver(HttpConnection& connection, std::string method, Outcome outcome, bool close);
    awaitable<std::string> whole_body(HttpReply reply);
    Outcome answer(RawRequest request);
    HttpReply ask(Simulation& vendor, const std::string& name, const RawRequest& request);
    HttpReply control(const RawRequest& request);
    HttpReply control_faults(const RawRequest& request);
    HttpReply control_webhooks(std::string_view moment);
    json requests_as_json() const;
    void note(LoggedRequest request);

    EventLoop& loop_;
    SandboxOptions options_;
    FaultPlan own_faults_;
    FaultPlan faults_;
    std::map<std::string, std::unique_ptr<Simulation>, std::less<>> simulations_;
    std::deque<LoggedRequest> log_;
    const ConnectionListener* listener_ = nullptr;
};

void Company::reset() {
    simulations_.clear();
    for (const MakeSimulation& make : options_.simulations) {
        auto made = make();
        std::string name(made->name());
        simulations_[std::move(name)] = std::move(made);
    }
    log_.clear();
    faults_ = own_faults_;
}

void Company::note(LoggedRequest request) {
    if (log_.size() == kept_requests) log_.pop_front();
    log_.push_back(std::move(request));
}

// --- answers ---------------------------------------------------------------------------------------------------------------------

Company::Outcome Company::answer(RawRequest request) {
    if (request.path.starts_with("/_sandbox/")) return {control(request), std::nullopt};
    const std::size_t end = std::min(request.path.find('/', 1), request.path.size());
    const std::string name = request.path.substr(1, end - 1);
    Simulation* vendor = simulation(name);
    LoggedRequest noted{.at = loop_.clock().now(), .method = request.method, .path = request.path, .query = request.query};
    if (vendor == nullptr) {
        noted.status = 404;
        note(std::move(noted));
        return {problem(404, "No such vendor", "The path begins with the name of a simulated vendor."), std::nullopt};
    }
    request.path = end == request.path.size() ? "/" : request.path.substr(end);
    Outcome outcome{.reply = {}, .fault = faults_.next(name, request.method, request.path)};
    const auto ordered = outcome.fault ? std::optional(outcome.fault->kind) : std::nullopt;
    const bool unseen =
        ordered == FaultKind::hang || ordered == FaultKind::status || (ordered == FaultKind::reset && !outcome.fault->bytes);
    if (!unseen) outcome.reply = ask(*vendor, name, request);
    if (!outcome.fault) outcome.fault = spoil(vendor->model(request), request, "http://localhost:" + port() + "/elsewhere", outcome.reply);
    if (ordered == FaultKind::status) {
        outcome.reply.status = outcome.fault->status;
        outcome.reply.headers = outcome.fault->headers;
        outcome.reply.body = outcome.fault->body.value_or("");
    }
    const auto kind = outcome.fault ? std::optional(outcome.fault->kind) : std::nullopt;
    const bool silent = kind == FaultKind::hang || kind == FaultKind::lost_response || (kind == FaultKind::reset && !outcome.fault->bytes);
    noted.vendor = name;
    noted.path = request.path;
    noted.status = silent ? 0 : outcome.reply.status;
    if (kind) noted.fault = to_string(*kind);
    note(std::move(noted));
    return outcome;
}

HttpReply Company::ask(Simulation& vendor, const std::string& name, const RawRequest& request) {
    try {
        return vendor.handle(request, world(name));
    } catch (const std::exception& exception) {
        log::error("simulation_failed", {{"vendor", name}, {"path", request.path}, {"error", exception.what()}});
        return problem(500, "The simulation failed", exception.what());
    }
}

HttpReply Company::control(const RawRequest& request) {
    constexpr std::string_view state = "/_sandbox/state/";
    constexpr std::string_view webhooks = "/_sandbox/webhooks/";
    const bool get = request.method == "GET";
    if (request.path == "/_sandbox/faults") return control_faults(request);
    if (get && request.path == "/_sandbox/requests") return json_reply(200, dump_json(requests_as_json()));
    if (get && request.path.starts_with(state)) {
        const Simulation* vendor = simulation(std::string_view(request.path).substr(state.size()));
        if (vendor != nullptr) return json_reply(200, dump_json(vendor->state()));
    }
    if (get && request.path.starts_with(webhooks)) return control_webhooks(std::string_view(request.path).substr(webhooks.size()));
    if (request.method == "POST" && request.path == "/_sandbox/reset") {
        reset();
        return HttpReply{.status = 204};
    }
    return problem(404, "No such endpoint", "");
}

HttpReply Company::control_faults(const RawRequest& request) {
    if (request.method == "GET") return json_reply(200, dump_json(faults_.to_json()));
    if (request.method == "DELETE") {
        faults_ = FaultPlan{};
        return HttpReply{.status = 204};
    }
    if (request.method != "PUT") return problem(405, "Method not allowed", "GET, PUT or DELETE");
    const auto list = parse_json(request.body);
    if (!list) return problem(400, "Not JSON", list.error().message);
    auto plan = FaultPlan::parse(*list);
    if (!plan) return problem(400, "Not a list of faults", plan.error().message);
    faults_ = std::move(*plan);
    return HttpReply{.status = 204};
}

std::vector<HttpRequest> Company::webhooks(std::string_view moment) {
    std::vector<HttpRequest> all;
    for (const auto& [name, vendor] : simulations_) {
        for (HttpRequest& request : vendor->webhooks(world(name), moment)) {
            request.url = "/webhooks/" + name;
            all.push_back(std::move(request));
        }
    }
    return all;
}

HttpReply Company::control_webhooks(std::string_view moment) {
    if (std::ranges::find(moments, moment) == moments.end()) {
        return problem(404, "No such moment", "There are " + join({moments.begin(), moments.end()}, ", ") + ".");
    }
    json list = json::array();
    for (const HttpRequest& request : webhooks(moment)) {
        json headers = json::object();
        for (const auto& [name, value] : request.headers) headers[name] = value;
        list.push_back({{"method", request.method}, {"path", request.url}, {"headers", std::move(headers)}, {"body", request.body}});
    }
    return json_reply(200, dump_json(list));
}

json Company::requests_as_json() const {
    json list = json::array();
    json calls = json::object();
    for (const LoggedRequest& one : log_) {
        list.push_back({{"at", format_rfc3339(one.at)},
                        {"vendor", one.vendor},
                        {"method", one.method},
                        {"path", one.path},
                        {"query", one.query},
                        {"status", one.status},
                        {"fault", one.fault}});
        json& count = calls[one.vendor][one.method + " " + one.path];
        count = count.is_null() ? 1 : count.get<int>() + 1;
    }
    return {{"requests", std::move(list)}, {"calls", std::move(calls)}};
}

// --- the wire --------------------------------------------------------------------------------------------------------------------

awaitable<void> Company::serve(std::shared_ptr<HttpConnection> connection) {
    bool more = true;
    while (more && !listener_->stopping()) {
        more = co_await serve_one(*connection);
    }
}

awaitable<bool> Company::serve_one(HttpConnection& connection) {
    using State = RequestReader::State;
    RequestReader reader(RequestLimits{.body_bytes = request_body_bytes});
    connection.idle = true;
    while (reader.state() == State::header || reader.state() == State::body) {
        std::string_view bytes = co_await connection.bytes();
        if (bytes.empty()) co_return false;
        connection.idle = false;
        connection.consume(reader.feed(bytes));
    }
    if (reader.state() == State::refused) {
        Outcome refused{.reply = problem(reader.refusal_status(), "The request is refused", reader.refusal()), .fault = std::nullopt};
        co_return co_await deliver(connection, "", std::move(refused), true);
    }
    RawRequest request = reader.take();
    request.peer = connection.peer.to_string();
    std::string method = request.method;
    Outcome outcome = answer(std::move(request));
    if (outcome.fault && outcome.reply.stream) {
        outcome.reply.body = co_await whole_body(outcome.reply);
        outcome.reply.stream = nullptr;
    }
    const bool close = !reader.keep_alive() || reader.http_1_0();
    co_return co_await deliver(connection, std::move(method), std::move(outcome), close);
}

awaitable<std::string> Company::whole_body(HttpReply reply) {
    std::string body;
    std::string piece = co_await reply.stream();
    while (!piece.empty()) {
        body += piece;
        piece = co_await reply.stream();
    }
    co_return body;
}

/// True when the connection may be used again.
awaitable<bool> Company::deliver(HttpConnection& connection, std::string method, Outcome outcome, bool close) {
    if (outcome.fault) {
        Fault fault = std::move(*outcome.fault);
        co_return co_await deliver_faulty(loop_.clock(), connection, std::move(method), std::move(outcome.reply), std::move(fault), close);
    }
    ReplyFraming framing;
    framing.close = close;
    framing.chunked = outcome.reply.stream != nullptr;
    bool sent = co_await connection.send(std::move(method), std::move(outcome.reply), framing, write_span);
    co_return sent && !close;
}

class Server final : public SandboxServer {
public:
    Server(std::shared_ptr<Company> company, std::shared_ptr<ConnectionListener> listener)
        : company_(std::move(company)), listener_(std::move(listener)) {}
    ~Server() override { listener_->close_all(); }

    std::uint16_t port() const override { return listener_->port(); }
    std::string url(std::string_view vendor) const override { return company_->url(vendor); }
    Simulation* simulation(std::string_view vendor) override { return company_->simulation(vendor); }
    World world(std::string_view vendor) const override { return company_->world(vendor); }
    std::vector<HttpRequest> webhooks(std::string_view moment) override { return company_->webhooks(moment); }
    std::vector<LoggedRequest> requests() const override { return {company_->log().begin(), company_->log().end()}; }
    std::size_t calls(std::string_view vendor, std::string_view method, std::string_view path_prefix) const override {
        return static_cast<std::size_t>(std::ranges::count_if(company_->log(), [&](const LoggedRequest& one) {
            return one.vendor == vendor && (method.empty() || one.method == method) && one.path.starts_with(path_prefix);
        }));
    }
    result<void> set_faults(const json& list) override {
        auto plan = FaultPlan::parse(list);
        if (!plan) return plan.error();
        company_->set_faults(std::move(*plan));
        return {};
    }
    void reset() override { company_->reset(); }
    awaitable<void> stop(Deadline deadline) override { co_await listener_->stop(deadline); }

private:
    std::shared_ptr<Company> company_;
    std::shared_ptr<ConnectionListener> listener_;
};

}  // namespace

result<std::unique_ptr<SandboxServer>> make_sandbox_server(EventLoop& loop, SandboxOptions options) {
    if (!options.scenario) options.scenario = std::make_shared<const json>(json::object());
    const json* own = find(*options.scenario, "faults");
    auto faults = FaultPlan::parse(own == nullptr ? json() : *own);
    if (!faults) return faults.error();
    ListenerOptions listen{
        .listen = options.listen, .name = "sandbox", .max_connections_per_peer = limits::http_connections, .uncounted = {}};
    auto company = std::make_shared<Company>(loop, std::move(options), std::move(*faults));
    auto serve = [company](std::shared_ptr<HttpConnection> connection) { return company->serve(std::move(connection)); };
    auto listener = std::make_shared<ConnectionListener>(loop, std::move(listen), std::move(serve));
    company->listens_on(*listener);
    const auto opened = listener->open();
    if (!opened) return opened.error();
    return std::make_unique<Server>(std::move(company), std::move(listener));
}

}  // namespace gumshoe::sandbox
