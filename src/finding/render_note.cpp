// The finding as a note on somebody else's incident: plain text, short, and nothing in it that would become a link or a mention there.
#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "finding/render.hpp"
#include "finding/wording.hpp"

namespace gumshoe {
namespace {

using namespace wording;

constexpr std::size_t top_evidence = 3;
constexpr std::size_t top_steps = 2;

std::string literal(const std::string& text, std::size_t max_bytes) {
    return replace_all(replace_all(one_line(text, max_bytes), "://", ":\u200b//"), "@", "@\u200b");
}

/// What the cause cites, else what ranks first.
std::vector<const Evidence*> cited_first(const Finding& f) {
    std::vector<const Evidence*> out;
    for (const bool cited : {true, false}) {
        for (const Evidence& e : f.evidence) {
            if ((std::ranges::count(f.cause.evidence, e.id) > 0) == cited) out.push_back(&e);
        }
    }
    out.resize(std::min(out.size(), top_evidence));
    return out;
}

}  // namespace

std::string render_note(const Finding& f) {
    std::string out = "Gumshoe: " + verdict(f) + "\n";
    if (!f.cause.statement.empty()) {
        out += (f.status == FindingStatus::inconclusive ? "Strongest lead: " : "Cause: ") + literal(f.cause.statement, 400) + "\n";
    } else if (!f.summary.empty()) {
        out += literal(f.summary, 400) + "\n";
    }
    for (const Evidence* e : cited_first(f)) out += "- " + literal(e->text, 220) + "\n";
    for (std::size_t i = 0; i < std::min(f.next_steps.size(), top_steps); ++i) {
        out += (i == 0 ? "Do next: " : "  then: ") + literal(f.next_steps[i].action, 160) + "\n";
    }
    if (f.degraded) out += "No model answered: facts only, ranked by the built-in analyst.\n";
    out += f.investigation;
    return truncate(out, limits::note_bytes);
}

}  // namespace gumshoe
