// State 1 of the anchor message: what the alert itself says and which sources have answered. No analysis, so it can stand at once.
#include <map>
#include <string>
#include <vector>

#include "finding/render.hpp"
#include "finding/wording.hpp"

namespace gumshoe {
namespace {

using namespace wording;

int weight(CoverageStatus status) {
    switch (status) {
        case CoverageStatus::empty:
            return 0;
        case CoverageStatus::ok:
            return 1;
        case CoverageStatus::skipped:
            return 2;
        case CoverageStatus::error:
            return 3;
        case CoverageStatus::timeout:
            return 4;
    }
    return 0;
}

/// A source's queries count as one: the worst of them is what a reader must know.
std::vector<Coverage> by_words(const std::vector<Coverage>& progress) {
    std::vector<Coverage> out;
    std::map<std::string, std::size_t> at;
    for (const auto& c : progress) {
        const auto [place, is_new] = at.try_emplace(query_words(c), out.size());
        if (is_new)
            out.push_back(c);
        else if (weight(c.status) > weight(out[place->second].status))
            out[place->second] = c;
    }
    return out;
}

Line progress_line(const Situation& s) {
    Line line{bold("Investigating: ")};
    bool first = true;
    const auto add = [&](std::string text) {
        line.push_back(plain((first ? "" : " | ") + std::move(text)));
        first = false;
    };
    std::size_t shown = 0;
    const std::vector<Coverage> answered = by_words(s.progress);
    for (const auto& c : answered)
        if (++shown <= 10) add(query_words(c) + " " + one_line(coverage_words(c), 60));
    for (const auto& name : s.pending)
        if (++shown <= 14) add(one_line(name, 40) + " …");
    if (shown > 14) add("+" + figure(static_cast<double>(answered.size() + s.pending.size() - 14)) + " more");
    if (first) add(s.state == "queued" ? "waiting for a free worker" : "asking the sources …");
    return line;
}

Line state_line(const Situation& s) {
    if (s.state == "failed" || s.state == "parked")
        return {bold("Investigation stopped: "), plain(one_line(s.failure.empty() ? "no reason was recorded" : s.failure, 300))};
    if (s.state == "cancelled") return {bold("Investigation cancelled.")};
    return progress_line(s);
}

}  // namespace

Document render_facts(const Situation& s) {
    Document out;
    if (auto later = later_events(s); !later.empty()) out.blocks.push_back({Block::Kind::section, std::move(later)});
    const std::string severity = severity_word(s.alert.severity);
    const std::string headline = subject_line(s.alert, 110) + " · " + severity;
    out.blocks.push_back({Block::Kind::header, {{plain(severity_sign(s.alert) + " " + headline)}}});
    Block facts;
    if (Line from = origin(s); !from.empty()) facts.lines.push_back(std::move(from));
    for (auto& line : recent_changes(s.recent, 2)) facts.lines.push_back(std::move(line));
    facts.lines.push_back(state_line(s));
    out.blocks.push_back(std::move(facts));
    Line footer{plain(s.investigation)};
    if (!s.report_url.empty()) {
        footer.push_back(plain(" · "));
        footer.push_back(link("Report", s.report_url));
    }
    out.blocks.push_back({Block::Kind::context, {std::move(footer)}});
    out.fallback = (s.resolved_at ? "Resolved: " : "") + headline +
                   (s.state == "failed" || s.state == "parked" ? " (investigation stopped)" : " (investigating)");
    if (s.state == "cancelled") out.fallback = headline + " (investigation cancelled)";
    return out;
}

}  // namespace gumshoe
