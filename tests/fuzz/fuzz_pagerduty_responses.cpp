// Any bytes as an answer of PagerDuty's API, header fields too: records or an error, bounded, and no link to another host.
#include <nlohmann/json.hpp>

#include "integrations/pagerduty/codec.hpp"
#include "integrations/pagerduty/note.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    using namespace gumshoe::pagerduty;
    const std::string text(fuzz::text_of(data, size));
    HttpResponse response;
    response.body = text;
    response.headers.add("ratelimit-reset", text.substr(0, text.find('\n')));
    for (const int status : {200, 302, 400, 401, 402, 403, 404, 429, 500}) {
        for (const bool optional_feature : {false, true}) {
            response.status = status;
            const auto refused = refusal(response, "the notes", optional_feature);
            fuzz::must(refused.has_value() == (status != 200));
            fuzz::must(!refused || !refused->wait || *refused->wait <= seconds(3601));
        }
    }
    const auto body = parse_json(text);
    if (!body) return 0;
    const ServiceNames names("checkout\npayments-gateway");
    (void)has_more(*body);
    (void)read_incident(*body, "checkout");
    fuzz::must(incident_references(*body).size() <= 32);
    if (const auto alerts = read_alerts(*body, "checkout")) {
        fuzz::must(alerts->references.size() <= 32);
        for (const Fact& fact : alerts->facts) fuzz::must(fact.text.size() <= 600);
        for (const Fact& fact : alerts->facts) fuzz::must(fact.link.empty() || fact.link.find(".pagerduty.com") != std::string::npos);
    }
    (void)read_log(*body);
    if (const auto notes = read_notes(*body)) {
        for (const Note& note : *notes) (void)is_own_note(note.content);
    }
    (void)read_past_incidents(*body, "checkout");
    (void)read_resolved_incidents(*body, "checkout");
    (void)read_related_incidents(*body, names);
    (void)read_oncalls(*body);
    (void)read_services(*body);
    (void)read_service(*body);
    (void)read_dependencies(*body);
    const auto changes = read_changes(*body, "checkout", names);
    if (!changes) return 0;
    for (const Change& change : changes->changes) fuzz::must(!change.kind.empty() && change.diff.size() <= 2000);
    for (const CodeLocation& code : changes->code) fuzz::must(code.url.empty() || is_web_link(code.url));
    return 0;
}
