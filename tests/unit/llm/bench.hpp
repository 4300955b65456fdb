// A router with everything around it faked: clock, HTTP, store; the vendors' own simulations answer the calls.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "base/text.hpp"
#include "integrations/anthropic/anthropic.hpp"
#include "integrations/openai/openai.hpp"
#include "llm/router.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/loop.hpp"

namespace gumshoe::llm::test {

class MemoryStore final : public AttemptStore {
public:
    void record(LlmAttempt attempt, Lost lost) override {
        auto kept = put(std::move(attempt));
        if (!kept) lost(kept.error());
    }
    task<std::vector<LlmAttempt>> attempts(std::string) override { co_return rows; }
    task<double> spent_usd(Timestamp, std::string team) override {
        if (broken) co_return Error{errc::storage, "disk full"};
        co_return team.empty() ? spent : spent_of[team];
    }
    task<std::vector<Quarantine>> quarantines() override {
        std::vector<Quarantine> all;
        for (const auto& [scope, entry] : quarantined) all.push_back(entry);
        co_return all;
    }
    task<void> quarantine(Quarantine entry) override {
        if (broken) co_return Error{errc::storage, "disk full"};
        quarantined[entry.scope] = std::move(entry);
        co_return result<void>();
    }
    task<void> release(std::string scope) override {
        quarantined.erase(scope);
        co_return result<void>();
    }
    task<std::vector<LearnedFact>> learned(Timestamp now) override {
        std::vector<LearnedFact> all;
        for (const auto& [key, fact] : facts) {
            if (fact.until > now) all.push_back(fact);
        }
        co_return all;
    }
    task<void> learn(LearnedFact fact, Timestamp) override {
        if (broken) co_return Error{errc::storage, "disk full"};
        auto key = std::pair(fact.place, fact.fact);
        facts[std::move(key)] = std::move(fact);
        co_return result<void>();
    }
    task<void> forget(std::string place) override {
        std::erase_if(facts, [&](const auto& entry) { return entry.first.first == place; });
        co_return result<void>();
    }

    std::vector<LlmAttempt> rows;    // one an attempt, as it stands
    std::vector<std::string> order;  // "intend main", "outcome main"
    std::map<std::string, Quarantine> quarantined;
    std::map<std::pair<std::string, std::string>, LearnedFact> facts;
    double spent = 0;
    std::map<std::string, double> spent_of;
    bool broken = false;

private:
    result<void> put(LlmAttempt attempt) {
        if (broken) return Error{errc::storage, "disk full"};
        order.push_back((attempt.finished_at ? "outcome " : "intend ") + attempt.target);
        for (LlmAttempt& row : rows) {
            if (row.id != attempt.id) continue;
            row = std::move(attempt);
            return {};
        }
        rows.push_back(std::move(attempt));
        return {};
    }
};

inline constexpr const char* canary = "sk-canary-0123456789abcdef0123456789";

class Bench {
public:
    explicit Bench(bool stream = true) {
        options.stream = stream;
        http.use_clock(clock);
        http.handle_with([this](const HttpRequest& request) { return serve(request); });
        scenario["llm"]["script"] = json::array({{{"answer", {{"summary", "pool exhausted"}}}}});
        restart();
    }

    /// A new process on the same store.
    void restart() {
        router = make_router(http, store, *loop, clock, options,
                             [this](std::string subject, std::string words) { alarms.push_back(subject + "\n" + words); });
    }

    std::shared_ptr<Target> target(std::string name, std::string provider, std::string model) {
        auto out = std::make_shared<Target>();
        out->name = std::move(name);
        out->provider = provider;
        out->model = std::move(model);
        out->api_url = "http://" + provider + ".test/v1";
        out->api_key = Secret(canary + provider);
        out->dialect = provider == "openai" ? openai.get() : anthropic.get();
        out->context_window = provider == "openai" ? 128'000 : 200'000;
        out->price = {.input_per_million = 1, .cached_per_million = 0.1, .output_per_million = 4};
        return out;
    }
    /// main (OpenAI) with this model, then second (Anthropic), which is well.
    Chain chain(std::string main_model = "gpt-4o", std::string second_model = "claude-sonnet-5") {
        return in_order({target("main", "openai", std::move(main_model)), target("second", "anthropic", std::move(second_model))});
    }

    static Request question() {
        Request request;
        request.messages = {{.role = Role::system, .text = "You are an analyst."}, {.role = Role::user, .text = "Why?"}};
        request.schema_name = "finding";
        request.schema =
            R"({"type":"object","properties":{"summary":{"type":"string"}},"required":["summary"],"additionalProperties":false})";
        return request;
    }

    std::variant<Answer, NoAnswer> ask(const Chain& of, Request request = question(), milliseconds deadline = std::chrono::seconds(90),
                                       Router::Check check = {}, RouteContext context = {.run = "run_1", .step = "llm/turn-1"}) {
        return gumshoe::test::run(
            *loop, router->complete(std::move(request), of, std::move(context), Deadline::after(clock, deadline), std::move(check)));
    }
    std::variant<Answer, NoAnswer> ask(const Targets& of) { return ask(in_order(of)); }
    Answer answer(const Targets& of) { return answer(in_order(of)); }
    Answer answer(const Chain& of) {
        auto outcome = ask(of);
        if (auto* answered = std::get_if<Answer>(&outcome)) return std::move(*answered);
        throw std::runtime_error("nobody answered: " + std::get<NoAnswer>(outcome).note);
    }

    /// For requests that run side by side or are dropped: the target that answered, "" for none, goes to `answered`.
    awaitable<void> ask_in_passing(Chain of, std::vector<std::string>* answered) {
        Request request = question();
        RouteContext context{.run = "run_1", .step = "llm/turn-1"};
        Router::Check check;
        const Deadline deadline = Deadline::after(clock, std::chrono::seconds(90));
        auto outcome = co_await router->complete(std::move(request), std::move(of), std::move(context), deadline, std::move(check));
        if (answered == nullptr) co_return;
        const auto* answer = std::get_if<Answer>(&outcome);
        answered->push_back(answer == nullptr ? "" : answer->target);
    }

    /// One target's state as an operator is shown it.
    TargetState state(const std::shared_ptr<const Target>& of) const { return router->snapshot({of}).front(); }

    /// Calls for an answer by model; looks at the list of models under "models <provider>".
    std::map<std::string, int> calls() const {
        std::map<std::string, int> counts;
        for (const HttpRequest& request : http.requests) {
            const auto body = parse_json(request.body);
            const std::string host = request.url.find("openai") != std::string::npos ? "openai" : "anthropic";
            ++counts[body ? string_or_empty(*body, "model") : "models " + host];
        }
        return counts;
    }
    json body(std::size_t call) const { return *parse_json(http.requests.at(call).body); }

    gumshoe::test::FakeClock clock;
    std::unique_ptr<EventLoop> loop = make_event_loop(clock);
    gumshoe::test::FakeHttp http;
    MemoryStore store;
    RouterOptions options;
    json scenario = json::object();
    std::vector<std::string> alarms;
    std::unique_ptr<Dialect> openai = openai_vendor().dialect();
    std::unique_ptr<Dialect> anthropic = anthropic_vendor().dialect();
    std::unique_ptr<Router> router;

private:
    result<HttpResponse> serve(const HttpRequest& request) {
        const auto slash = request.url.find('/', std::string("http://").size());
        RawRequest raw{.method = request.method,
                       .path = request.url.substr(slash),
                       .query = {},
                       .headers = request.headers,
                       .body = request.body,
                       .peer = {}};
        const sandbox::World world{
            .scenario = std::make_shared<const json>(scenario), .zero = clock.now(), .now = clock.now(), .base_url = {}};
        auto& simulation = request.url.find("openai") != std::string::npos ? *openai_sim_ : *anthropic_sim_;
        HttpReply reply = simulation.handle(raw, world);
        HttpResponse response;
        response.status = reply.status;
        response.headers = std::move(reply.headers);
        response.body = std::move(reply.body);
        return response;
    }

    std::unique_ptr<sandbox::Simulation> openai_sim_ = openai_vendor().simulation();
    std::unique_ptr<sandbox::Simulation> anthropic_sim_ = anthropic_vendor().simulation();
};

}  // namespace gumshoe::llm::test
