// Finding the route, checking the credential, and the API's open endpoints.
#include <nlohmann/json.hpp>

#include "admin/api.hpp"
#include "admin/metrics.hpp"
#include "base/embedded.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/version.hpp"

namespace gumshoe {

namespace {

constexpr auto refusal_delay = std::chrono::milliseconds(200);  // makes guessing slow

/// The values of a pattern's {names}, or nothing when the path is another.
std::optional<std::map<std::string, std::string>> match(std::string_view pattern, std::string_view path) {
    const auto wanted = split(pattern, '/');
    const auto given = split(path, '/');
    if (wanted.size() != given.size()) return std::nullopt;
    std::map<std::string, std::string> values;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i].starts_with('{')) {
            if (given[i].empty()) return std::nullopt;
            values[wanted[i].substr(1, wanted[i].size() - 2)] = url_decode(given[i]);
        } else if (wanted[i] != given[i]) {
            return std::nullopt;
        }
    }
    return values;
}

/// For a graph: the higher, the fewer calls get through.
double breaker_number(std::string_view state) {
    if (state == "closed") return 0;
    if (state == "ramp") return 1;
    return state == "half-open" ? 2 : 3;
}

HttpReply refused() {
    HttpReply reply = problem(401, "Unauthorized", "Send Authorization: Bearer <token> with a token of admin.tokens.");
    reply.headers.add("WWW-Authenticate", "Bearer");
    return reply;
}

}  // namespace

AdminApi::AdminApi(AdminServices services) : services_(std::move(services)) {
    const auto bind = [this](awaitable<HttpReply> (AdminApi::*member)(AdminCall)) {
        return [this, member](AdminCall call) { return (this->*member)(std::move(call)); };
    };
    const std::string one = "/api/v1/investigations/{id}";
    routes_ = {
        {"GET", "/healthz", "", bind(&AdminApi::health)},
        {"GET", "/readyz", "", bind(&AdminApi::readiness)},
        {"GET", "/metrics", "read", bind(&AdminApi::metrics)},
        {"GET", "/openapi.json", "read", bind(&AdminApi::openapi)},
        {"GET", "/api/v1/investigations", "read", bind(&AdminApi::investigations)},
        {"GET", one, "read", bind(&AdminApi::investigation)},
        {"GET", one + "/evidence", "read", bind(&AdminApi::evidence)},
        {"GET", one + "/attempts", "read", bind(&AdminApi::attempts)},
        {"GET", one + "/runs", "read", bind(&AdminApi::runs)},
        {"GET", one + "/steps", "read", bind(&AdminApi::steps)},
        {"GET", one + "/case", "read", bind(&AdminApi::case_file)},
        {"GET", one + "/diff", "read", bind(&AdminApi::diff)},
        {"POST", one + "/replay", "replay", bind(&AdminApi::replay)},
        {"POST", one + "/cancel", "admin", bind(&AdminApi::cancel)},
        {"GET", "/api/v1/deliveries", "read", bind(&AdminApi::deliveries)},
        {"GET", "/api/v1/deliveries/{id}", "read", bind(&AdminApi::delivery)},
        {"GET", "/api/v1/audit", "admin", bind(&AdminApi::audit_log)},
        {"GET", "/api/v1/llm/targets", "read", bind(&AdminApi::llm_targets)},
        {"POST", "/api/v1/llm/release", "admin", bind(&AdminApi::llm_release)},
        {"POST", "/api/v1/llm/dry-run", "read", bind(&AdminApi::llm_dry_run)},
        {"POST", "/api/v1/llm/drill", "admin", bind(&AdminApi::llm_drill)},
        {"POST", "/api/v1/llm/classify", "read", bind(&AdminApi::llm_classify)},
        {"POST", "/api/v1/llm/targets/{name}/reset", "admin", bind(&AdminApi::llm_reset)},
    };
}

awaitable<HttpReply> AdminApi::handle(RawRequest request) {
    const AdminRoute* found = nullptr;
    AdminCall call;
    std::string allowed;
    for (const AdminRoute& route : routes_) {
        auto values = match(route.pattern, request.path);
        if (!values) continue;
        allowed += (allowed.empty() ? "" : ", ") + route.method;
        if (route.method != request.method) continue;
        found = &route;
        call.path = std::move(*values);
    }
    if (!found || !found->scope.empty()) {
        const auto token = authenticate(services_.tokens, request.headers.find("Authorization"));
        if (!token) {
            co_await services_.clock.sleep_until(services_.clock.monotonic() + refusal_delay);
            co_return refused();
        }
        if (found && !allows(*token, found->scope)) {
            co_return problem(403, "Forbidden", "The token " + token->name + " lacks the scope " + found->scope + ".");
        }
        call.actor = token->name;
    }
    if (!found && !allowed.empty()) {
        HttpReply reply = problem(405, "Method Not Allowed", "This path takes " + allowed + ".");
        reply.headers.add("Allow", allowed);
        co_return reply;
    }
    if (!found) co_return problem(404, "Not Found", "No such path. GET /openapi.json lists them.");
    for (auto& [name, value] : parse_form(request.query)) call.query[name] = value;
    call.request = std::move(request);
    co_return co_await found->handle(std::move(call));
}

awaitable<HttpReply> AdminApi::health(AdminCall) {
    const json body = {{"status", "ok"}, {"version", version()}};
    co_return json_reply(200, dump_json(body));
}

awaitable<HttpReply> AdminApi::readiness(AdminCall) {
    if (!services_.ready()) co_return problem(503, "Not ready", "The service is starting or stopping.");
    auto healthy = co_await services_.store.healthy();
    if (!healthy) co_return problem(503, "Not ready", healthy.error().message);
    co_return json_reply(200, R"({"status":"ready"})");
}

awaitable<HttpReply> AdminApi::openapi(AdminCall) {
    const auto file = embedded_file("docs/openapi.json");
    if (!file) co_return problem(500, "Internal Server Error", "The API description is missing from this build.");
    co_return json_reply(200, std::string(*file));
}

awaitable<HttpReply> AdminApi::metrics(AdminCall) {
    auto samples = co_await services_.store.samples();
    if (!samples) co_return problem(503, "Store unavailable", samples.error().message);
    for (Sample& sample : services_.samples()) samples->push_back(std::move(sample));
    for (const Quarantine& entry : services_.router.quarantines()) {
        samples->push_back({"gumshoe_llm_quarantined", metric_labels({{"scope", entry.scope}, {"error_type", entry.failure}}), 1});
    }
    for (const llm::TargetState& state : services_.router.snapshot(services_.targets)) {
        const std::string labels = metric_labels({{"target", state.target}, {"key", state.key_fingerprint}});
        samples->push_back({"gumshoe_llm_breaker_state", labels, breaker_number(state.breaker)});
    }
    samples->push_back({"gumshoe_llm_retry_budget_tokens", "", services_.router.retry_tokens()});
    HttpReply reply = text_reply(200, metrics_text(*samples));
    co_return reply;
}

}  // namespace gumshoe
