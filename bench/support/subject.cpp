// The request and the target.
#include "bench/support/subject.hpp"

namespace gumshoe::bench {

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
