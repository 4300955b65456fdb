// The request, the target, and the journal that keeps nothing.
#include "bench/support/subject.hpp"

namespace gumshoe::bench {

task<void> NoJournal::intend(LlmAttempt) {
    co_return result<void>();
}
task<void> NoJournal::outcome(LlmAttempt) {
    co_return result<void>();
}
task<std::vector<LlmAttempt>> NoJournal::attempts(std::string) {
    co_return std::vector<LlmAttempt>();
}
task<double> NoJournal::spent_usd(Timestamp, std::string) {
    co_return 0.0;
}
task<std::vector<Quarantine>> NoJournal::quarantines() {
    co_return std::vector<Quarantine>();
}
task<void> NoJournal::quarantine(Quarantine) {
    co_return result<void>();
}
task<void> NoJournal::release(std::string) {
    co_return result<void>();
}
task<std::vector<LearnedFact>> NoJournal::learned(Timestamp) {
    co_return std::vector<LearnedFact>();
}
task<void> NoJournal::learn(LearnedFact, Timestamp) {
    co_return result<void>();
}
task<void> NoJournal::forget(std::string) {
    co_return result<void>();
}

std::shared_ptr<const llm::Target> target_at(std::string api_url, const llm::Dialect& dialect) {
    auto target = std::make_shared<llm::Target>();
    target->name = "main";
    target->provider = "openai";
    target->model = "gpt-4o";
    target->api_url = std::move(api_url);
    target->account = "bench";
    target->api_key = Secret("sk-bench-0123456789abcdef");
    target->price = {.input_per_million = 2.5, .cached_per_million = 1.25, .output_per_million = 10};
    target->dialect = &dialect;
    return target;
}

llm::Request question() {
    std::string evidence;
    for (int i = 1; i <= 30; ++i) {
        evidence +=
            "- e" + std::to_string(i) + ": checkout logged \"connection pool exhausted\" 412 times from 14:03 to 14:07, before: 0\n";
    }
    llm::Request request;
    request.messages = {
        {.role = llm::Role::system, .text = "You investigate an alert. Say what is wrong and since when, from the evidence alone."},
        {.role = llm::Role::user, .text = "Alert: checkout answers 5xx.\n\n" + evidence}};
    request.schema_name = "finding";
    request.schema = R"({"type":"object","properties":{"summary":{"type":"string"},"reasons":{"type":"array","items":{"type":"string"}}},)"
                     R"("required":["summary","reasons"],"additionalProperties":false})";
    request.purpose = "analysis";
    return request;
}

}  // namespace gumshoe::bench
