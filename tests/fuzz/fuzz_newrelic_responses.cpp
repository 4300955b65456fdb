// Any bytes as an answer of NerdGraph: records or an error, from every reader; links only to New Relic.
#include <nlohmann/json.hpp>

#include "integrations/newrelic/responses.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    const newrelic::Region region = newrelic::region_of("us");
    HttpResponse response;
    response.status = 200;
    response.body = std::string(fuzz::text_of(data, size));
    const auto answer = newrelic::read_answer(response, "x");
    if (answer) {
        Records records;
        if (const json* rows = newrelic::nrql_rows(*answer)) {
            newrelic::read_logs(*rows, records);
            newrelic::read_errors(*rows, records);
            newrelic::read_spans(*rows, records);
            newrelic::read_condition_series(*rows, "x", region.app_url, records);
            newrelic::read_deployments(*rows, {{"g", "x"}}, region, records);
        }
        newrelic::read_golden(*answer, "x", records);
        newrelic::read_entities(*answer, region, records);
        (void)newrelic::read_search(*answer, {"x"});
        (void)newrelic::read_issue(*answer, "x", region.issues_url);
        (void)newrelic::read_condition(*answer, "x");
        for (const Change& change : records.changes) fuzz::must(change.link.empty() || change.link.starts_with(region.app_url));
        for (const Fact& fact : records.facts) fuzz::must(fact.link.empty() || fact.link.starts_with(region.app_url));
        for (const SpanRecord& span : records.spans) fuzz::must(span.end_time_unix_nano >= span.start_time_unix_nano);
    } else {
        fuzz::must(!answer.error().message.empty());
    }
    response.status = 403;
    fuzz::must(!newrelic::read_answer(response, "x"));
    return 0;
}
