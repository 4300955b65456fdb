// What /metrics says of the LLM layer: counters, histograms, and labels that no vendor can write.
#include "admin/metrics.hpp"

#include <catch2/catch.hpp>

#include "admin/llm_meter.hpp"
#include "tests/unit/admin/house.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

struct Metered {
    House house;
    LlmMeter meter{*house.store.attempts, house.targets};

    void write(LlmAttempt attempt) {
        attempt.id = "att_" + std::to_string(++number);
        attempt.provider = "openai";
        attempt.started_at = house.loop->clock().now();
        const bool skip = attempt.purpose == "skip";
        attempt.finished_at = attempt.started_at + (skip ? milliseconds(0) : milliseconds(1500));
        meter.record(attempt, [](const Error& error) { FAIL(error.message); });
    }
    /// The line's value; nothing when there is no such line.
    std::string value_of(const std::string& line) const {
        const std::string text = "\n" + metrics_text(meter.samples());
        const auto at = text.find("\n" + line + " ");
        if (at == std::string::npos) return "none";
        const auto from = at + line.size() + 2;
        return text.substr(from, text.find('\n', from) - from);
    }
    int number = 0;
};

LlmAttempt attempt(std::string target, std::string purpose, std::string outcome) {
    LlmAttempt row;
    row.target = std::move(target);
    row.model = "gpt-5.1";
    row.purpose = std::move(purpose);
    row.outcome = std::move(outcome);
    return row;
}

llm::Answer answer_by(std::string target, std::vector<llm::Hop> hops) {
    llm::Answer answer;
    answer.target = std::move(target);
    answer.hops = std::move(hops);
    return answer;
}

llm::Hop hop(std::string target, FailureClass failure) {
    llm::Hop one;
    one.target = std::move(target);
    one.failure.failure = failure;
    return one;
}

}  // namespace

TEST_CASE("metrics: a histogram has cumulative buckets, a sum and a count, and values are escaped") {
    const double bounds[] = {1, 10};
    Histograms histograms("size", bounds);
    const std::string labels = metric_labels({{"who", "a\"b\\c\nd"}, {"none", ""}});
    CHECK(labels == "{who=\"a\\\"b\\\\c d\"}");
    for (const double value : {0.5, 1.0, 7.0, 70.0}) histograms.observe(labels, value);
    std::vector<Sample> samples;
    histograms.append_to(samples);
    samples.push_back({"size_total", "", 3});
    CHECK(metrics_text(samples) ==
          "# TYPE size histogram\n"
          "size_bucket{who=\"a\\\"b\\\\c d\",le=\"1.0\"} 2.0\n"
          "size_bucket{who=\"a\\\"b\\\\c d\",le=\"10.0\"} 3.0\n"
          "size_bucket{who=\"a\\\"b\\\\c d\",le=\"+Inf\"} 4.0\n"
          "size_sum{who=\"a\\\"b\\\\c d\"} 78.5\n"
          "size_count{who=\"a\\\"b\\\\c d\"} 4.0\n"
          "# TYPE size_total counter\n"
          "size_total 3.0\n");
}

TEST_CASE(
    "metrics: attempts are counted by class and purpose, money by what it was good for, time and tokens under OpenTelemetry's names") {
    Metered m;
    m.write(attempt("main", "skip", "skipped"));
    LlmAttempt wasted = attempt("main", "primary", "schema_invalid");
    wasted.cost_usd = 0.25;
    m.write(wasted);
    LlmAttempt mended = attempt("main", "repair", "ok");
    mended.answered_model = "gpt-5.1-2026-01-15";
    mended.first_content = milliseconds(300);
    mended.usage.input_tokens = 1000;
    mended.usage.output_tokens = 50;
    mended.cost_usd = 0.5;
    m.write(mended);
    m.write(attempt("second", "drill", "timeout"));
    CHECK(m.value_of(R"(gumshoe_llm_attempts_total{target="main",class="skipped",purpose="skip"})") == "1.0");
    CHECK(m.value_of(R"(gumshoe_llm_attempts_total{target="second",class="timeout",purpose="drill"})") == "1.0");
    CHECK(m.value_of(R"(gumshoe_llm_cost_usd_total{target="main",kind="wasted"})") == "0.25");
    CHECK(m.value_of(R"(gumshoe_llm_cost_usd_total{target="main",kind="useful"})") == "0.5");
    CHECK(m.value_of(R"(gumshoe_llm_repair_total{target="main",result="ok"})") == "1.0");
    const std::string who = R"({gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-5.1")";
    const std::string well = who + R"(,gen_ai_response_model="gpt-5.1")";
    CHECK(m.value_of("gen_ai_client_operation_duration_seconds_sum" + well + "}") == "1.5");
    CHECK(m.value_of("gen_ai_client_operation_duration_seconds_count" + who + R"(,error_type="schema_invalid"})") == "1.0");
    CHECK(m.value_of("gen_ai_client_operation_duration_seconds_count" + who + R"(,error_type="timeout"})") == "none");  // a drill
    CHECK(m.value_of("gen_ai_server_time_to_first_token_seconds_sum" + well + "}") == "0.3");
    CHECK(m.value_of("gen_ai_client_token_usage_sum" + well + R"(,gen_ai_token_type="input"})") == "1000.0");
    CHECK(m.value_of("gen_ai_client_token_usage_sum" + well + R"(,gen_ai_token_type="output"})") == "50.0");
    CHECK(run(*m.house.loop, m.house.store.attempts->attempts(""))->size() == 4);  // the journal has them all the same
}

TEST_CASE("metrics: the name that a vendor gives its model is no label") {
    Metered m;
    LlmAttempt rerouted = attempt("main", "primary", "ok");
    rerouted.answered_model = "gpt-5.1-canary";
    m.write(rerouted);
    const std::string text = metrics_text(m.meter.samples());
    CHECK(text.find("canary") == std::string::npos);
    CHECK(text.find(R"(gen_ai_response_model="other")") != std::string::npos);
}

TEST_CASE("metrics: requests are counted by their route, changes of target by their class") {
    Metered m;
    const llm::Chain chain = llm::in_order(m.house.targets);
    m.meter.ended(chain, answer_by("main", {hop("main", FailureClass::none)}), seconds(60));
    m.meter.ended(chain, answer_by("second", {hop("main", FailureClass::timeout), hop("second", FailureClass::none)}), seconds(60));
    m.meter.ended(chain, answer_by("second", {hop("second", FailureClass::none)}), seconds(60));  // main was passed over
    m.meter.ended(chain, answer_by("main", {hop("main", FailureClass::none), hop("second", FailureClass::cancelled)}), seconds(60));
    m.meter.ended(chain, llm::NoAnswer{}, seconds(40));
    m.meter.ended(chain, llm::NoAnswer{}, seconds(2));
    CHECK(m.value_of(R"(gumshoe_llm_answers_total{route="primary"})") == "2.0");
    CHECK(m.value_of(R"(gumshoe_llm_answers_total{route="fallback"})") == "2.0");
    CHECK(m.value_of(R"(gumshoe_llm_answers_total{route="none"})") == "2.0");
    CHECK(m.value_of(R"(gumshoe_llm_fallback_total{from="main",to="second",class="timeout"})") == "1.0");
    CHECK(m.value_of(R"(gumshoe_llm_fallback_total{from="main",to="second",class="skipped"})") == "1.0");
    CHECK(m.value_of(R"(gumshoe_llm_fallback_total{from="main",to="second",class="none"})") == "none");  // lost beside an answer
    CHECK(m.value_of("gumshoe_llm_deadline_exhausted_total") == "1.0");

    llm::Chain in_turns = chain;
    for (llm::Link& link : in_turns) link.strategy = llm::Strategy::weighted;
    m.meter.ended(in_turns, answer_by("second", {hop("second", FailureClass::none)}), seconds(60));
    CHECK(m.value_of(R"(gumshoe_llm_answers_total{route="primary"})") == "3.0");
}
