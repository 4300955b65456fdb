// The whole finding as Markdown: for export and for `gumshoe show`. Text is literal here too: markup in it is escaped, addresses in it are
// not live.
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "finding/render.hpp"
#include "finding/wording.hpp"

namespace gumshoe {
namespace {

using namespace wording;

constexpr std::size_t paragraph = 4000;

/// Escapes what Markdown and HTML would read as markup; "://" loses its autolink.
std::string literal(std::string_view text) {
    std::string out;
    for (const char c : replace_all(one_line(text, paragraph), "://", ":\u200b//")) {
        if (std::string_view("\\`*_[]<>|#~&!").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

/// A code span with a fence longer than any run of backticks inside.
std::string code_span(std::string_view text) {
    const std::string clean = one_line(text, paragraph);
    std::size_t longest = 0;
    std::size_t run = 0;
    for (const char c : clean) {
        run = c == '`' ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    const std::string fence(longest + 1, '`');
    return fence + " " + clean + " " + fence;
}

std::string linked(std::string_view text, const std::string& url) {
    const Span span = link(std::string(text), url);
    if (span.style != Span::Style::link) return literal(text);
    std::string address = replace_all(replace_all(span.url, "(", "%28"), ")", "%29");
    address = replace_all(replace_all(std::move(address), "\\", "%5C"), "|", "%7C");
    return "[" + literal(text) + "](" + address + ")";
}

std::string cites(const Citations& ids) {
    std::string out;
    for (const auto& id : ids) out += (out.empty() ? " (" : ", ") + literal(id);
    return out.empty() ? out : out + ")";
}

void section(std::string& out, std::string_view title, const std::vector<std::string>& items) {
    if (items.empty()) return;
    out += "\n## " + std::string(title) + "\n\n";
    for (const auto& item : items) out += "- " + item + "\n";
}

void head(std::string& out, const Situation& s, const Finding& f) {
    out += "# " + literal(subject_line(s.alert, 500)) + "\n\n";
    out += "**" + verdict(f) + "** · " + severity_word(s.alert.severity) + " · " +
           literal(s.investigation.empty() ? f.investigation : s.investigation) + "\n\n";
    for (const auto& line : later_events(s)) {
        for (const auto& span : line) out += literal(span.text);
        out += "\n\n";
    }
    for (const auto& span : origin(s)) out += linked(span.text, span.url);
    out += "\n";
    if (f.degraded) out += "\nNo model answered (" + literal(f.route_note) + "): facts only, ranked by the built-in analyst.\n";
    if (!f.summary.empty()) out += "\n## What happened\n\n" + literal(f.summary) + "\n";
    if (!f.impact.statement.empty()) out += "\nImpact: " + literal(f.impact.statement) + cites(f.impact.evidence) + "\n";
    if (f.cause.statement.empty()) return;
    out += f.status == FindingStatus::inconclusive ? "\n## Strongest lead (cause not determined)\n\n" : "\n## Cause\n\n";
    out += literal(f.cause.statement) + cites(f.cause.evidence) + "\n";
    if (!f.cause.mechanism.empty()) out += "\n" + literal(f.cause.mechanism) + "\n";
}

std::vector<std::string> claims(const Finding& f) {
    std::vector<std::string> out;
    for (const auto& c : f.claims) {
        std::string item = literal(c.text) + cites(c.cites);
        if (!c.verified) item += " **unverified" + (c.failed_check.empty() ? std::string() : ": " + literal(c.failed_check)) + "**";
        out.push_back(std::move(item));
    }
    return out;
}

std::vector<std::string> evidence(const Finding& f) {
    std::vector<std::string> out;
    for (const auto& e : f.evidence) {
        std::string item =
            "**" + literal(e.id) + "** " + std::string(to_string(e.kind)) + ", " + literal(e.entity) + ": " + literal(e.text);
        if (e.from != Timestamp{}) item += " (" + format_rfc3339(e.from) + " to " + format_rfc3339(e.to) + ")";
        if (!e.link.empty()) item += " " + linked("open", e.link);
        if (!e.query.empty()) item += "\n  - " + literal(e.source) + " " + code_span(e.query);
        for (std::size_t i = 0; i < e.quotes.size() && i < 5; ++i) item += "\n  - " + code_span(e.quotes[i]);
        out.push_back(std::move(item));
    }
    return out;
}

std::vector<std::string> hypotheses(const Finding& f) {
    std::vector<std::string> out;
    for (const auto& h : f.hypotheses) {
        std::string item = literal(replace_all(h.verdict, "_", " ")) + ": " + literal(h.statement);
        if (!h.for_it.empty()) item += " For:" + cites(h.for_it);
        if (!h.against_it.empty()) item += " Against:" + cites(h.against_it);
        out.push_back(std::move(item));
    }
    return out;
}

std::vector<std::string> steps(const Finding& f) {
    std::vector<std::string> out;
    for (const auto& n : f.next_steps) {
        std::string item = literal(n.action);
        if (!n.command.empty()) item += " " + code_span(n.command);
        if (!n.risk.empty()) item += " · " + literal(n.risk) + " risk";
        if (!n.undo.empty()) item += " · undo: " + literal(n.undo);
        out.push_back(item + cites(n.evidence));
    }
    return out;
}

std::vector<std::string> ranked(const Finding& f) {
    std::vector<std::string> out;
    for (const auto& c : f.changes) {
        std::string item = linked(c.kind + " " + (c.subject.empty() ? c.id : c.subject), c.link) + " (" + literal(figure(c.score)) + ")";
        for (std::size_t i = 0; i < c.reasons.size(); ++i) item += (i == 0 ? ": " : ", ") + literal(c.reasons[i]);
        item += !c.deployed ? "; deployment unknown" : *c.deployed ? "; deployed" : "; not deployed";
        out.push_back(std::move(item));
    }
    return out;
}

std::vector<std::string> attempts(const Finding& f) {
    std::vector<std::string> out;
    for (const auto& a : f.attempts)
        out.push_back(literal(a.target) + ": " + (a.failure.empty() ? "answered" : literal(a.failure)) + ", " +
                      format_duration(a.duration) + (a.cost_usd > 0 ? ", " + literal(money(a.cost_usd)) : std::string()));
    return out;
}

std::string member(const Member& m) {
    std::string out = member_words(m, 300);
    out += " · " + severity_word(m.severity) + " · " + m.source + (m.alerts > 1 ? ", fired " + figure(m.alerts) + "×" : std::string());
    out += m.open ? "" : ", recovered";
    return literal(out + (m.why.empty() ? "" : " (" + m.why + ")"));
}

template <class T, class Function>
std::vector<std::string> each(const std::vector<T>& items, Function one) {
    std::vector<std::string> out;
    for (const auto& item : items) out.push_back(one(item));
    return out;
}

}  // namespace

std::string render_markdown(const Situation& s, const Finding& f) {
    std::string out;
    head(out, s, f);
    for (const Aside& a : f.asides) {
        section(out, aside_title(a), {literal(a.cause) + cites(a.evidence), literal(a.summary), literal(aside_source(a))});
    }
    section(out, "Do next", steps(f));
    section(out, "Claims", claims(f));
    if (s.members.alerts > 1) section(out, "Alerts", each(s.members.shown, member));
    section(out, "Hypotheses", hypotheses(f));
    section(out, "Not checked",
            each(gaps(f), [](const NotChecked& n) { return literal(n.what) + (n.why.empty() ? std::string() : ": " + literal(n.why)); }));
    section(out, "Timeline",
            each(f.timeline, [](const TimelineEntry& t) { return format_rfc3339(t.at) + " " + literal(t.what) + cites(t.evidence); }));
    section(out, "Changes", ranked(f));
    section(out, "Suspects", each(f.suspects, [](const Suspect& p) {
                return literal(p.entity) + ", " + literal(p.kind) + " (" + literal(figure(p.score)) + ")" + cites(p.evidence);
            }));
    section(out, "Similar incidents", each(f.similar, [](const SimilarIncident& p) {
                return literal(p.id) + " " + literal(p.title) + (p.resolution.empty() ? std::string() : ": " + literal(p.resolution));
            }));
    section(out, "Evidence", evidence(f));
    section(out, "Coverage", each(f.coverage, [](const Coverage& c) {
                return literal(c.query.empty() ? c.source : c.query) + ": " + literal(coverage_words(c));
            }));
    section(out, "Models asked", attempts(f));
    out += "\n" + format_duration(f.duration) + (f.answered_by.empty() ? "" : " · " + literal(f.answered_by)) +
           (f.route_note.empty() ? "" : " (" + literal(f.route_note) + ")") +
           (f.cost_usd > 0 ? " · " + literal(money(f.cost_usd)) : std::string()) + " · run " + literal(f.run) + " · binary " +
           literal(f.binary_version) + ", prompt " + literal(f.prompt_version) + ", config " + literal(f.config_version) + "\n";
    return out;
}

}  // namespace gumshoe
