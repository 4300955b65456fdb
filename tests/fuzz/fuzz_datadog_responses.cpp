// Any bytes as an answer of Datadog's API: records or an error, from every reader.
#include "integrations/datadog/responses.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    HttpResponse response;
    response.status = 200;
    response.body = std::string(fuzz::text_of(data, size));
    const std::string app = "https://app.datadoghq.com";
    Records records;
    (void)datadog::read_logs(response, records);
    (void)datadog::read_spans(response, records);
    (void)datadog::read_events(response, app, records);
    (void)datadog::read_metrics(response, {{"avg:a{*}", "a", "x"}}, records);
    (void)datadog::read_dependencies(response, "x", records);
    (void)datadog::read_entity(response, "x", records);
    (void)datadog::read_definition(response, "x", records);
    (void)datadog::read_monitor(response, "x", app);
    for (const Change& change : records.changes) fuzz::must(change.link.empty() || change.link.starts_with(app));
    for (const Fact& fact : records.facts) fuzz::must(fact.link.empty() || fact.link.starts_with(app));
    response.headers.add("X-RateLimit-Reset", response.body.substr(0, response.body.find('\n')));
    (void)datadog::rate_limit_reset(response);
    response.status = 400;
    fuzz::must(datadog::read_error(response, "logs_read_data").has_value());
    return 0;
}
