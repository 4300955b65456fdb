// Any bytes as an answer of SigNoz's API: records or an error, from every reader; links lead to the configured host only.
#include "integrations/signoz/codec.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    HttpResponse response;
    response.status = 200;
    response.body = std::string(fuzz::text_of(data, size));
    const signoz::Account account{"https://signoz.example.com", Secret("key")};
    const Window window{from_millis(1785574800000), from_millis(1785578400000)};
    signoz::Filter filter;
    filter.services = {"search"};
    Records records;
    (void)signoz::read_logs(response, records);
    (void)signoz::read_spans(response, records);
    (void)signoz::read_series(response, signoz::span_series(filter), account.api_url, records);
    (void)signoz::read_dependencies(response, "search", records);
    (void)signoz::read_exceptions(response, {"search"}, account, window, window.from, records);
    if (const auto services = signoz::read_services(response)) {
        signoz::compare_services(*services, *services, {"search"}, account, window, records);
    }
    if (const auto rule = signoz::read_rule(response, account, "search")) {
        records.facts.push_back(rule->fact);
        (void)signoz::read_graph(response, *rule, account, records);
        (void)signoz::read_history(response, account, *rule, window, window.to, records);
        if (!rule->graph.empty()) (void)signoz::graph_request(account, *rule, signoz::Api::v4, window);
    }
    (void)signoz::read_version(response);
    for (const Fact& fact : records.facts) fuzz::must(fact.link.starts_with(account.api_url + "/"));
    for (const PastIncident& past : records.incidents) fuzz::must(past.link.starts_with(account.api_url + "/"));
    for (const MetricSeries& series : records.metrics) {
        for (const auto& [at, value] : series.points) fuzz::must(value == value && value - value == 0);
    }
    response.headers.add("Retry-After", response.body.substr(0, response.body.find('\n')));
    (void)signoz::retry_after(response);
    for (const int status : {400, 404, 500}) {
        response.status = status;
        (void)signoz::missing_route(response);
        fuzz::must(signoz::read_error(response, "logs").has_value());
    }
    return 0;
}
