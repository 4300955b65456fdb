// Endpoints about the models: what is known of each, where a request would go, fire drills, and putting a target back.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "admin/body.hpp"
#include "base/text.hpp"
#include "llm/alarm.hpp"

namespace gumshoe {

namespace {

constexpr std::size_t most_dry_run_bytes = 4 * 1024 * 1024;
constexpr std::size_t most_small_bytes = 4096;
constexpr std::int64_t most_prompt_tokens = 2'000'000;
constexpr std::int64_t most_drills = 1000;

json quarantine_json(const Quarantine& entry) {
    return {{"scope", entry.scope},
            {"class", entry.failure},
            {"reason", entry.reason},
            {"since", format_rfc3339(entry.since)},
            {"next_probe", format_rfc3339(entry.until)},
            {"strikes", entry.strikes}};
}

json spans_json(const std::optional<llm::TargetState::Spans>& spans) {
    if (!spans) return nullptr;
    return {{"p50_ms", spans->p50.count()}, {"p95_ms", spans->p95.count()}};
}

/// In one word, the worst that keeps it from being called.
std::string_view word_of(const llm::TargetState& state) {
    if (state.drills > 0) return "drill";
    if (state.quarantine) return "quarantined";
    if (state.breaker == "open") return "breaker_open";
    if (state.gate.count() > 0) return "rate_limited";
    return "ready";
}

json target_json(const llm::Target& target, const llm::TargetState& state) {
    json value = {
        {"name", state.target},
        {"provider", state.provider},
        {"model", state.model},
        {"account", state.account},
        {"key_fingerprint", state.key_fingerprint},
        {"state", word_of(state)},
        {"breaker", {{"state", state.breaker}, {"opens_in_ms", state.breaker_opens_in.count()}, {"trips", state.trips}}},
        {"last_minute", {{"calls", state.calls}, {"failures", state.failures}, {"slow", state.slow}}},
        {"quarantine", nullptr},
        {"rate_limit_opens_in_ms", state.gate.count()},
        {"in_flight", state.in_flight},
        {"context_window", state.window},
        {"repairs", state.repairs},
        {"latency", {{"answers", state.samples}, {"first_content", spans_json(state.first_content)}, {"total", spans_json(state.total)}}},
        {"drills_left", state.drills},
        {"price",
         {{"input_per_million", target.price.input_per_million},
          {"cached_per_million", target.price.cached_per_million},
          {"output_per_million", target.price.output_per_million}}}};
    value["most_in_flight"] = state.most_calls ? json(*state.most_calls) : json();
    if (state.quarantine) {
        value["quarantine"] = quarantine_json(*state.quarantine);
        const auto failure = failure_class(state.quarantine->failure).value_or(FailureClass::account_dead);
        value["quarantine"]["what_to_do"] = llm::advice(target, failure);
    }
    return value;
}

json chain_json(const llm::Chain& chain) {
    json links = json::array();
    for (const llm::Link& link : chain) {
        links.push_back(
            {{"target", link.target->name}, {"group", link.group}, {"strategy", to_string(link.strategy)}, {"weight", link.weight}});
    }
    return links;
}

struct DryRun {
    llm::Chain chain;
    llm::Request request;
    llm::RouteContext context;
};

/// `prompt`, or in its place as much text as `prompt_tokens` are at most.
result<DryRun> read_dry_run(const AdminCall& call, const AdminServices& services) {
    auto body = body_of(call, most_dry_run_bytes, {"chain", "prompt", "prompt_tokens", "max_output_tokens", "team"});
    if (!body) return body.error();
    auto chain = text_field(*body, "chain", "default");
    if (!chain) return chain.error();
    auto prompt = text_field(*body, "prompt", "");
    if (!prompt) return prompt.error();
    auto tokens = integer_field(*body, "prompt_tokens", 0, 1, most_prompt_tokens);
    if (!tokens) return tokens.error();
    auto output = integer_field(*body, "max_output_tokens", llm::Request{}.max_output_tokens, 1, 1'000'000);
    if (!output) return output.error();
    auto team = text_field(*body, "team", "");
    if (!team) return team.error();
    if (!services.chains.contains(*chain)) {
        return Error{errc::invalid_argument, "there is no chain named " + truncate(*chain, 64) + "; GET /api/v1/llm/targets lists them"};
    }
    if (!team->empty() && !services.teams.contains(*team)) {
        return Error{errc::invalid_argument, "there is no team named " + truncate(*team, 64) + " in llm.teams"};
    }
    if (*tokens > 0 && !prompt->empty()) return Error{errc::invalid_argument, "send prompt or prompt_tokens, not both"};
    DryRun wanted;
    wanted.chain = services.chains.at(*chain);
    llm::Message message;
    message.text = *tokens > 0 ? std::string(static_cast<std::size_t>(*tokens - 1) * 3, ' ') : std::move(*prompt);
    wanted.request.messages.push_back(std::move(message));
    wanted.request.max_output_tokens = *output;
    wanted.context.team = *team;
    if (!team->empty()) wanted.context.team_per_day_usd = services.teams.at(*team);
    return wanted;
}

struct Drill {
    std::string target;
    FailureClass failure;
    int times;
};

result<Drill> read_drill(const AdminCall& call, const llm::Targets& targets) {
    auto body = body_of(call, most_small_bytes, {"target", "class", "times"});
    if (!body) return body.error();
    auto target = text_field(*body, "target", "");
    if (!target) return target.error();
    auto word = text_field(*body, "class", "");
    if (!word) return word.error();
    auto times = integer_field(*body, "times", 1, 0, most_drills);
    if (!times) return times.error();
    const bool known = std::ranges::any_of(targets, [&](const auto& one) { return one->name == *target; });
    if (!known) return Error{errc::not_found, "there is no target named " + truncate(*target, 64) + "; GET /api/v1/llm/targets lists them"};
    const auto failure = failure_class(*word);
    if (!failure || *failure == FailureClass::none || *failure == FailureClass::cancelled) {
        return Error{errc::invalid_argument,
                     "class must be what a vendor does: account_dead, auth_bad, rate_limit, overloaded, timeout, "
                     "server_error, network, ... (docs/operating.md)"};
    }
    return Drill{std::move(*target), *failure, static_cast<int>(*times)};
}

}  // namespace

task<void> AdminApi::audit(AdminCall call, std::string action, std::string subject, std::string detail) {
    AuditEntry entry;
    entry.actor = call.actor;
    entry.action = std::move(action);
    entry.subject = std::move(subject);
    entry.detail = std::move(detail);
    entry.peer = call.request.peer;
    entry.at = services_.clock.now();
    co_return co_await services_.store.audit(std::move(entry));
}

awaitable<HttpReply> AdminApi::llm_targets(AdminCall) {
    const std::vector<llm::TargetState> states = services_.router.snapshot(services_.targets);
    json targets = json::array();
    for (std::size_t i = 0; i < states.size(); ++i) targets.push_back(target_json(*services_.targets[i], states[i]));
    json chains = json::object();
    for (const auto& [name, chain] : services_.chains) chains[name] = chain_json(chain);
    json quarantines = json::array();
    for (const Quarantine& entry : services_.router.quarantines()) quarantines.push_back(quarantine_json(entry));
    const json body = {{"targets", targets}, {"chains", chains}, {"quarantines", quarantines}};
    co_return json_reply(200, dump_json(body));
}

awaitable<HttpReply> AdminApi::llm_dry_run(AdminCall call) {
    auto wanted = read_dry_run(call, services_);
    if (!wanted) co_return problem_of(wanted.error());
    auto prospects = co_await services_.router.dry_run(std::move(wanted->request), std::move(wanted->chain), std::move(wanted->context));
    json candidates = json::array();
    for (const llm::Prospect& one : prospects) {
        candidates.push_back({{"target", one.target},
                              {"model", one.model},
                              {"key_fingerprint", one.key_fingerprint},
                              {"viable", one.viable},
                              {"skip", one.skip},
                              {"reason", one.reason},
                              {"most_usd", one.most_usd}});
    }
    const json body = {{"candidates", candidates}};
    co_return json_reply(200, dump_json(body));
}

awaitable<HttpReply> AdminApi::llm_drill(AdminCall call) {
    auto wanted = read_drill(call, services_.targets);
    if (!wanted) co_return problem_of(wanted.error());
    const json told = {{"target", wanted->target}, {"class", to_string(wanted->failure)}, {"times", wanted->times}};
    auto written = co_await audit(std::move(call), "llm.drill", wanted->target, dump_json(told));
    if (!written) co_return problem_of(written.error());
    services_.router.drill(wanted->target, wanted->failure, wanted->times);
    co_return json_reply(200, dump_json(told));
}

awaitable<HttpReply> AdminApi::llm_reset(AdminCall call) {
    const std::string name = call.path["name"];
    llm::Targets named;  // one a key
    for (const auto& target : services_.targets) {
        if (target->name == name) named.push_back(target);
    }
    if (named.empty()) {
        co_return problem(404, "Not Found", "There is no target named " + truncate(name, 64) + "; GET /api/v1/llm/targets lists them.");
    }
    auto written = co_await audit(std::move(call), "llm.reset", name, "{}");
    if (!written) co_return problem_of(written.error());
    services_.router.drill(name, FailureClass::none, 0);
    for (const auto& target : named) {
        auto done = co_await services_.router.reset(target);
        if (!done) co_return problem_of(done.error());
    }
    co_return json_reply(200, R"({"reset":true})");
}

awaitable<HttpReply> AdminApi::llm_release(AdminCall call) {
    auto body = body_of(call, most_small_bytes, {"scope"});
    if (!body) co_return problem_of(body.error());
    const std::string scope = string_or_empty(*body, "scope");
    if (scope.empty())
        co_return problem(400, "Bad Request", "The body must be {\"scope\": \"...\"} with a scope of GET /api/v1/llm/targets.");
    auto written = co_await audit(std::move(call), "llm.release", scope, "{}");
    if (!written) co_return problem_of(written.error());
    auto released = co_await services_.router.release(scope);
    if (!released) co_return problem_of(released.error());
    co_return json_reply(200, R"({"released":true})");
}

}  // namespace gumshoe
