// State 2 and 3 of the anchor message: the finding. The bottom line first, at most about 1,200 visible characters; the report has the rest.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "finding/render.hpp"
#include "finding/wording.hpp"

namespace gumshoe {
namespace {

using namespace wording;

/// How much of each part is shown. Tried from generous to tight until the core fits a phone's screen.
struct Room {
    std::size_t evidence;
    std::size_t ruled_out;
    std::size_t gaps;
    std::size_t text;  // bytes of a paragraph
    std::size_t item;  // bytes of a bullet
};
constexpr Room rooms[] = {{5, 3, 4, 420, 180}, {4, 2, 3, 320, 130}, {3, 2, 3, 240, 100}};
constexpr std::size_t core_characters = 1200;

std::size_t characters(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::size_t characters(const Document& document) {
    std::size_t n = 0;
    for (const auto& block : document.blocks)
        for (const auto& line : block.lines)
            for (const auto& span : line) n += characters(span.text);
    return n;
}

std::string link_word(const Evidence& e) {
    switch (e.kind) {
        case EvidenceKind::metric:
            return "graph";
        case EvidenceKind::log:
            return "logs";
        case EvidenceKind::trace:
            return "trace";
        case EvidenceKind::change:
            return "change";
        case EvidenceKind::message:
            return "message";
        case EvidenceKind::incident:
            return "incident";
        case EvidenceKind::fact:
        case EvidenceKind::absence:
            return "open";
    }
    return "open";
}

/// The evidence a reader needs first: what the cause cites, then what the verified claims cite, then by rank.
std::vector<const Evidence*> leading_evidence(const Finding& f, std::size_t most) {
    std::vector<std::string> order = f.cause.evidence;
    for (const auto& claim : f.claims)
        if (claim.verified) order.insert(order.end(), claim.cites.begin(), claim.cites.end());
    for (const auto& e : f.evidence) order.push_back(e.id);
    std::vector<const Evidence*> out;
    std::set<std::string> seen;
    for (const auto& id : order) {
        if (out.size() == most) break;
        const auto found = std::ranges::find(f.evidence, id, &Evidence::id);
        if (found != f.evidence.end() && seen.insert(id).second) out.push_back(&*found);
    }
    return out;
}

void add_section(Document& out, std::string title, std::vector<Line> lines) {
    if (lines.empty()) return;
    lines.insert(lines.begin(), Line{bold(std::move(title))});
    out.blocks.push_back({Block::Kind::section, std::move(lines)});
}

std::vector<Line> going_on(const Finding& f, const Room& room) {
    std::vector<Line> out;
    if (!f.summary.empty()) out.push_back({plain(one_line(f.summary, room.text))});
    if (!f.impact.statement.empty())
        out.push_back({bold("Impact: "), plain(one_line(f.impact.statement, room.item) + citations(f.impact.evidence))});
    return out;
}

std::vector<Line> cause_lines(const Finding& f, const Room& room) {
    std::vector<Line> out;
    if (f.cause.statement.empty()) return out;
    out.push_back({plain(one_line(f.cause.statement, room.text) + citations(f.cause.evidence))});
    if (!f.cause.mechanism.empty() && f.cause.mechanism != f.cause.statement)
        out.push_back({plain(one_line(f.cause.mechanism, room.item))});
    return out;
}

std::string cause_title(const Finding& f) {
    switch (f.status) {
        case FindingStatus::confirmed:
            return "Cause";
        case FindingStatus::likely:
            return "Likely cause";
        case FindingStatus::inconclusive:
            return "Cause not determined. Strongest lead";
    }
    return "Likely cause";
}

std::vector<Line> evidence_lines(const Finding& f, const Room& room) {
    std::vector<Line> out;
    for (const Evidence* e : leading_evidence(f, room.evidence)) {
        Line line{plain("• "), bold("[" + one_line(e->id, 12) + "]"), plain(" " + one_line(e->text, room.item))};
        if (!e->link.empty()) {
            line.push_back(plain(" "));
            line.push_back(link(link_word(*e), e->link));
        }
        out.push_back(std::move(line));
    }
    return out;
}

std::vector<Line> ruled_out_lines(const Finding& f, const Room& room) {
    std::vector<Line> out;
    std::size_t more = 0;
    for (const auto& h : f.hypotheses) {
        if (h.verdict != "ruled_out") continue;
        if (out.size() < room.ruled_out)
            out.push_back({plain("• " + one_line(h.statement, room.item) + citations(h.against_it))});
        else
            ++more;
    }
    if (more > 0) out.push_back({plain("… " + figure(static_cast<double>(more)) + " more in the report")});
    return out;
}

/// What a tool does not know about a neighbour is for the report; of the alert's own service it is told here too.
std::vector<NotChecked> gaps_to_tell(const Situation& s, const Finding& f) {
    Finding told;
    told.coverage = f.coverage;
    told.not_checked = f.not_checked;
    const std::string& service = s.alert.service;
    std::erase_if(told.coverage, [&](const Coverage& c) { return c.status == CoverageStatus::skipped && !icontains(c.query, service); });
    const std::string_view skipped = to_string(CoverageStatus::skipped);
    std::erase_if(told.not_checked, [&](const NotChecked& gap) { return gap.why.starts_with(skipped) && !icontains(gap.what, service); });
    return gaps(told);
}

std::vector<Line> gap_lines(const Situation& s, const Finding& f, const Room& room) {
    std::vector<Line> out;
    const std::vector<NotChecked> all = gaps_to_tell(s, f);
    for (const auto& gap : all) {
        if (out.size() == room.gaps) break;
        out.push_back({plain("• " + one_line(gap.what, 80) + (gap.why.empty() ? "" : ": " + one_line(gap.why, room.item)))});
    }
    if (all.size() > out.size())
        out.push_back({plain("… " + figure(static_cast<double>(all.size() - out.size())) + " more in the report")});
    return out;
}

std::vector<Line> step_lines(const Finding& f, const Room& room) {
    std::vector<Line> out;
    for (const auto& step : f.next_steps) {
        if (out.size() == 3) break;
        Line line{plain(std::to_string(out.size() + 1) + ". " + one_line(step.action, room.item))};
        if (!step.command.empty()) {
            line.push_back(plain(" "));
            line.push_back(code(one_line(step.command, 200)));
        }
        std::string tail;
        if (!step.risk.empty()) tail += " · " + one_line(step.risk, 20) + " risk";
        if (!step.undo.empty()) tail += " · undo: " + one_line(step.undo, room.item);
        line.push_back(plain(tail));
        out.push_back(std::move(line));
    }
    return out;
}

void add_asides(Document& out, const Finding& f, const Room& room) {
    for (const Aside& aside : f.asides) {
        const std::string& said = aside.cause.empty() ? aside.summary : aside.cause;
        add_section(out, aside_title(aside),
                    {{plain(one_line(said, room.item) + citations(aside.evidence))}, {italic(aside_source(aside))}});
    }
}

std::string why_no_model(const Finding& f) {
    if (!f.route_note.empty()) return one_line(f.route_note, 200);
    std::string out;
    for (const auto& a : f.attempts)
        if (!a.failure.empty()) out += (out.empty() ? "" : "; ") + one_line(a.target, 40) + ": " + one_line(a.failure, 60);
    return out.empty() ? "none is configured" : out;
}

std::string sources_words(const Finding& f) {
    std::set<std::string> asked;
    std::set<std::string> troubled;
    for (const auto& c : f.coverage) {
        asked.insert(c.source);
        if (c.status == CoverageStatus::error || c.status == CoverageStatus::timeout) troubled.insert(c.source);
    }
    if (asked.empty()) return {};
    std::string out = figure(static_cast<double>(asked.size())) + (asked.size() == 1 ? " source" : " sources");
    out += troubled.empty() ? " ok" : ", " + figure(static_cast<double>(troubled.size())) + " with failures";
    return out;
}

/// "answered by second (2nd choice; main: the OpenAI account is deactivated since 14:02 UTC) in 11 s, $0.04"
std::string answer_words(const Finding& f) {
    std::string out;
    if (f.degraded)
        out = "built-in analyst";
    else if (!f.answered_by.empty())
        out = "answered by " + one_line(f.answered_by, 60) + (f.route_note.empty() ? "" : " (" + one_line(f.route_note, 160) + ")");
    if (f.duration.count() > 0) out += (out.empty() ? "" : " in ") + format_duration(f.duration);
    const std::string cost = money(f.cost_usd);
    if (!cost.empty()) out += (out.empty() ? "" : ", ") + cost;
    return out;
}

Line footer(const Situation& s, const Finding& f) {
    std::vector<std::string> parts{answer_words(f), sources_words(f)};
    parts.push_back(s.investigation.empty() ? f.investigation : s.investigation);
    Line line;
    std::string text;
    for (const auto& part : parts)
        if (!part.empty()) text += (text.empty() ? "" : " · ") + part;
    line.push_back(plain(text));
    if (!s.report_url.empty()) {
        line.push_back(plain(" · "));
        line.push_back(link("Full report", s.report_url));
    }
    return line;
}

Document build(const Situation& s, const Finding& f, const Room& room) {
    Document out;
    const std::string tail = " · " + severity_word(s.alert.severity) + " · " + verdict(f);
    const std::string headline = subject_line(s.alert, 140 - tail.size()) + tail;
    if (auto later = later_events(s); !later.empty()) out.blocks.push_back({Block::Kind::section, std::move(later)});
    out.blocks.push_back({Block::Kind::header, {{plain(severity_sign(s.alert) + " " + headline)}}});
    if (Line from = origin(s); !from.empty()) out.blocks.push_back({Block::Kind::context, {std::move(from)}});
    std::vector<Line> notices;
    if (f.degraded)
        notices.push_back({bold("No model answered"), plain(" (" + why_no_model(f) + "): "), bold("facts only"),
                           plain(", ranked by the built-in analyst.")});
    if (s.state == "failed" || s.state == "parked")
        notices.push_back(
            {bold("Investigation stopped: "), plain(one_line(s.failure.empty() ? "no reason was recorded" : s.failure, 200))});
    if (!notices.empty()) out.blocks.push_back({Block::Kind::section, std::move(notices)});
    add_section(out, "What's going on", going_on(f, room));
    add_section(out, cause_title(f), cause_lines(f, room));
    add_section(out, "Evidence", evidence_lines(f, room));
    add_section(out, "Ruled out", ruled_out_lines(f, room));
    add_asides(out, f, room);
    add_section(out, "Not checked", gap_lines(s, f, room));
    add_section(out, "Do next", step_lines(f, room));
    out.blocks.push_back({Block::Kind::context, {footer(s, f)}});
    // A phone's lock screen shows only this: the verdict and the cause must be in it.
    out.fallback = (s.resolved_at ? "Resolved: " : "") + headline;
    if (f.degraded) out.fallback += " · no model answered, facts only";
    if (!f.cause.statement.empty()) out.fallback += ": " + one_line(f.cause.statement, 300);
    return out;
}

}  // namespace

Document render_finding(const Situation& situation, const Finding& finding) {
    Document out;
    for (const Room& room : rooms) {
        out = build(situation, finding, room);
        if (characters(out) <= core_characters) break;
    }
    return out;
}

}  // namespace gumshoe
