// Counters and histograms of the LLM layer. The gen_ai_ names, attributes and buckets are OpenTelemetry's conventions for GenAI clients.
#include "admin/llm_meter.hpp"

#include <algorithm>
#include <array>

namespace gumshoe {

namespace {

constexpr std::array token_bounds{1.0,     4.0,     16.0,     64.0,      256.0,     1024.0,     4096.0,
                                  16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0, 67108864.0};
constexpr std::array second_bounds{0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
constexpr std::array first_token_bounds{0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0};

/// A request that nobody answered with less left than this had no time for one more call; its router keeps two seconds for the caller.
constexpr milliseconds no_time = seconds(5);

double in_seconds(milliseconds span) {
    return static_cast<double>(span.count()) / 1000;
}

/// "gpt-5.1-2026-01-15" is a dated snapshot of "gpt-5.1".
bool snapshot_of(std::string_view answered, std::string_view model) {
    if (!answered.starts_with(model) || answered.size() == model.size()) return false;
    return answered.find_first_not_of("-0123456789", model.size()) == std::string_view::npos;
}

class MeteredRouter final : public llm::Router {
public:
    MeteredRouter(std::unique_ptr<llm::Router> router, LlmMeter& meter, Clock& clock)
        : router_(std::move(router)), meter_(meter), clock_(clock) {}

    awaitable<std::variant<llm::Answer, llm::NoAnswer>> complete(llm::Request request, llm::Chain chain, llm::RouteContext context,
                                                                 Deadline deadline, Check check) override {
        auto outcome = co_await router_->complete(std::move(request), chain, std::move(context), deadline, std::move(check));
        meter_.ended(chain, outcome, deadline.remaining(clock_));
        co_return outcome;
    }
    task<void> recover() override { return router_->recover(); }
    std::vector<Quarantine> quarantines() const override { return router_->quarantines(); }
    task<void> release(std::string scope) override { return router_->release(std::move(scope)); }
    awaitable<std::vector<llm::Prospect>> dry_run(llm::Request request, llm::Chain chain, llm::RouteContext context) override {
        return router_->dry_run(std::move(request), std::move(chain), std::move(context));
    }
    void drill(std::string target, FailureClass failure, int times) override { router_->drill(std::move(target), failure, times); }
    std::vector<llm::TargetState> snapshot(const llm::Targets& targets) const override { return router_->snapshot(targets); }
    double retry_tokens() const override { return router_->retry_tokens(); }
    task<void> reset(std::shared_ptr<const llm::Target> target) override { return router_->reset(std::move(target)); }

private:
    std::unique_ptr<llm::Router> router_;
    LlmMeter& meter_;
    Clock& clock_;
};

}  // namespace

LlmMeter::LlmMeter(AttemptStore& store, const llm::Targets& targets)
    : store_(store),
      tokens_("gen_ai_client_token_usage", token_bounds),
      duration_("gen_ai_client_operation_duration_seconds", second_bounds),
      first_token_("gen_ai_server_time_to_first_token_seconds", first_token_bounds) {
    for (const auto& target : targets) models_.insert(target->model_on_wire());
}

void LlmMeter::record(LlmAttempt attempt, Lost lost) {
    if (attempt.finished_at) {
        count(attempt);
        const bool sent = attempt.purpose != "skip" && attempt.purpose != "drill";
        if (sent) measure(attempt);
    }
    store_.record(std::move(attempt), std::move(lost));
}

void LlmMeter::add(const std::string& name, std::initializer_list<MetricLabel> labels, double value) {
    counters_[{name, metric_labels(labels)}] += value;
}

void LlmMeter::count(const LlmAttempt& attempt) {
    add("gumshoe_llm_attempts_total", {{"target", attempt.target}, {"class", attempt.outcome}, {"purpose", attempt.purpose}});
    const bool answered = attempt.outcome == "ok";
    if (attempt.purpose == "repair") add("gumshoe_llm_repair_total", {{"target", attempt.target}, {"result", answered ? "ok" : "failed"}});
    if (attempt.purpose == "hedge") add("gumshoe_llm_hedges_total", {{"result", answered ? "won" : "lost"}});
    if (attempt.cost_usd > 0) {
        add("gumshoe_llm_cost_usd_total", {{"target", attempt.target}, {"kind", answered ? "useful" : "wasted"}}, attempt.cost_usd);
    }
}

std::string LlmMeter::answered_model(const LlmAttempt& attempt) const {
    const std::string& name = attempt.answered_model;
    if (name.empty() || models_.contains(name)) return name;
    return snapshot_of(name, attempt.model) ? attempt.model : "other";
}

void LlmMeter::measure(const LlmAttempt& attempt) {
    const std::string model = answered_model(attempt);
    const std::string_view failure = attempt.outcome == "ok" ? std::string_view() : attempt.outcome;
    const auto labels = [&](std::string_view token_type) {
        return metric_labels({{"gen_ai_operation_name", "chat"},
                              {"gen_ai_provider_name", attempt.provider},
                              {"gen_ai_request_model", attempt.model},
                              {"gen_ai_response_model", model},
                              {"gen_ai_token_type", token_type},
                              {"error_type", failure}});
    };
    const std::string whole_call = labels("");
    if (attempt.finished_at) duration_.observe(whole_call, in_seconds(*attempt.finished_at - attempt.started_at));
    if (attempt.first_content) first_token_.observe(whole_call, in_seconds(*attempt.first_content));
    if (attempt.usage.input_tokens > 0) tokens_.observe(labels("input"), static_cast<double>(attempt.usage.input_tokens));
    if (attempt.usage.output_tokens > 0) tokens_.observe(labels("output"), static_cast<double>(attempt.usage.output_tokens));
}

void LlmMeter::ended(const llm::Chain& chain, const std::variant<llm::Answer, llm::NoAnswer>& outcome, milliseconds left) {
    const auto* answer = std::get_if<llm::Answer>(&outcome);
    if (answer == nullptr) {
        add("gumshoe_llm_answers_total", {{"route", "none"}});
        if (left < no_time) add("gumshoe_llm_deadline_exhausted_total", {});
        return;
    }
    // In a group that takes turns, whoever is asked first is the first choice.
    const llm::Link& front = chain.front();
    const auto first_choice = [&](const std::string& name) {
        if (front.strategy == llm::Strategy::ordered) return name == front.target->name;
        return std::ranges::any_of(chain, [&](const llm::Link& link) { return link.group == front.group && link.target->name == name; });
    };
    std::string from = answer->hops.empty() ? answer->target : answer->hops.front().target;
    if (!first_choice(from)) from = front.target->name;
    add("gumshoe_llm_answers_total", {{"route", answer->target == from ? "primary" : "fallback"}});
    std::string why = "skipped";
    for (const llm::Hop& hop : answer->hops) {
        if (hop.target != from) add("gumshoe_llm_fallback_total", {{"from", from}, {"to", hop.target}, {"class", why}});
        if (hop.failure.failure == FailureClass::none) break;  // what comes after it was asked beside it
        from = hop.target;
        why = to_string(hop.failure.failure);
    }
}

std::vector<Sample> LlmMeter::samples() const {
    std::vector<Sample> samples;
    samples.reserve(counters_.size());
    for (const auto& [key, value] : counters_) samples.push_back({key.first, key.second, value});
    for (const Histograms* all : {&tokens_, &duration_, &first_token_}) all->append_to(samples);
    return samples;
}

std::unique_ptr<llm::Router> make_metered_router(std::unique_ptr<llm::Router> router, LlmMeter& meter, Clock& clock) {
    return std::make_unique<MeteredRouter>(std::move(router), meter, clock);
}

}  // namespace gumshoe
