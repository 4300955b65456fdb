// Any bytes as a model's answer: refused, or a finding within its limits that survives its JSON form.
#include <nlohmann/json.hpp>

#include "analysis/answer.hpp"
#include "base/text.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    const auto finding = lay_answer(fuzz::text_of(data, size), Finding{});
    if (!finding) {
        fuzz::must(finding.error().code == errc::parse);
        return 0;
    }
    fuzz::must(finding->confidence >= 0 && finding->confidence <= 1 && !finding->summary.empty());
    fuzz::must(finding->claims.size() <= 12 && finding->hypotheses.size() <= 12 && finding->next_steps.size() <= 3);
    for (const Claim& claim : finding->claims) fuzz::must(!claim.verified && claim.text == strip_invisible(sanitize_utf8(claim.text)));
    const json written = to_json_value(*finding);
    const auto read = finding_from_json(written);
    fuzz::must(read && to_json_value(*read) == written);
    return 0;
}
