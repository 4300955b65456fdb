// Wording shared by the renderings: short enough for a phone, figures as people say them.
#include "finding/wording.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <set>

#include "base/text.hpp"

namespace gumshoe::wording {
namespace {

std::string printed(const char* format, double value) {
    std::array<char, 64> buffer{};
    const int n = std::snprintf(buffer.data(), buffer.size(), format, value);
    return n > 0 ? std::string(buffer.data(), std::min<std::size_t>(static_cast<std::size_t>(n), buffer.size() - 1)) : std::string();
}

std::string label_of(const Alert& alert, const std::string& name) {
    const auto found = alert.labels.find(name);
    return found == alert.labels.end() ? std::string() : one_line(found->second, 40);
}

std::string title_of(const Situation& s, const std::string& source) {
    if (const auto known = s.titles.find(source); known != s.titles.end()) return known->second;
    std::string text = one_line(source, 40);
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

/// "200 alerts, 12 services · Datadog, PagerDuty".
std::string how_many(const Situation& s) {
    const Members& members = s.members;
    std::string out = figure(members.alerts) + " alerts";
    if (members.services > 0) out += ", " + figure(members.services) + (members.services == 1 ? " service" : " services");
    if (members.senders.size() < 2) return out;
    std::vector<std::string> names;
    for (const Sender& sender : members.senders) names.push_back(title_of(s, sender.source));
    return out + " · " + join(names, ", ");
}

/// "Datadog: recovered · PagerDuty: still open": of what is over for some and not for others.
std::string partly_recovered(const Situation& s) {
    std::string out;
    bool any = false;
    for (const Sender& sender : s.members.senders) {
        const int ended = sender.alerts - sender.open;
        any = any || ended > 0;
        out += (out.empty() ? "" : " · ") + title_of(s, sender.source) + ": ";
        out += ended == 0 ? "still open" : sender.open == 0 ? "recovered" : figure(ended) + " of " + figure(sender.alerts) + " recovered";
    }
    return any ? out : std::string();
}

/// The worst of each service but that of the headline.
std::vector<Line> telling_members(const Members& members, const std::string& headline, std::size_t most) {
    std::vector<Line> out;
    std::set<std::string> services = {headline};
    for (const Member& member : members.shown) {
        if (member.why.empty() || out.size() == most) continue;
        if (!member.service.empty() && !services.insert(member.service).second) continue;
        std::string text = "• " + member_words(member, 90) + " · " + severity_word(member.severity);
        out.push_back({plain(std::move(text))});
    }
    const int more = members.alerts - 1 - static_cast<int>(out.size());
    if (!out.empty() && more > 0) out.push_back({plain("… and " + figure(more) + " more alerts")});
    return out;
}

/// Only when it says more than the status itself does.
std::string because(const std::string& reason) {
    return reason.empty() ? std::string() : ": " + one_line(reason, 120);
}

}  // namespace

std::string one_line(std::string_view text, std::size_t max_bytes) {
    const std::string clean = strip_invisible(sanitize_utf8(text));
    std::string out;
    for (const char c : clean) {
        const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
        if (!blank)
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    if (!out.empty() && out.back() == ' ') out.pop_back();
    return truncate(out, max_bytes);
}

std::string severity_sign(const Alert& alert) {
    switch (alert.severity) {
        case Severity::critical:
            return "🔴";
        case Severity::error:
            return "🟠";
        case Severity::warning:
            return "🟡";
        case Severity::info:
            return "🔵";
    }
    return "🟠";
}

std::string severity_word(Severity severity) {
    std::string word(to_string(severity));
    std::ranges::transform(word, word.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return word;
}

std::string percent(double share) {
    return printed("%.0f %%", std::clamp(share, 0.0, 1.0) * 100);
}

std::string money(double usd) {
    if (!(usd > 0)) return {};
    return usd < 0.01 ? "under $0.01" : printed("$%.2f", usd);
}

std::string figure(double value) {
    if (!std::isfinite(value)) return "n/a";
    const double size = std::fabs(value);
    if (size < 1000) return size >= 100 || value == std::round(value) ? printed("%.0f", value) : printed("%.3g", value);
    std::string digits = printed("%.0f", size);
    for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<std::size_t>(at), ",");
    return value < 0 ? "-" + digits : digits;
}

std::string utc(Timestamp t) {
    return format_clock(t) + " UTC";
}

std::string subject_line(const Alert& alert, std::size_t max_bytes) {
    const std::string service = one_line(alert.service, 60);
    std::string title = one_line(alert.title, max_bytes);
    if (title.empty()) title = "alert without a title";
    if (service.empty() || title.starts_with(service)) return truncate(title, max_bytes);
    const std::string head = service + " · ";
    return head + truncate(title, max_bytes > head.size() + 20 ? max_bytes - head.size() : 20);
}

std::string member_words(const Member& member, std::size_t max_bytes) {
    Alert alert;
    alert.service = member.service;
    alert.title = member.title;
    return subject_line(alert, max_bytes);
}

std::string verdict(const Finding& finding) {
    switch (finding.status) {
        case FindingStatus::confirmed:
            return "CONFIRMED cause (" + percent(finding.confidence) + ")";
        case FindingStatus::likely:
            return "LIKELY cause (" + percent(finding.confidence) + ")";
        case FindingStatus::inconclusive:
            return "INCONCLUSIVE";
    }
    return "INCONCLUSIVE";
}

std::string citations(const Citations& ids) {
    std::string out;
    for (const auto& id : ids) out += "[" + one_line(id, 12) + "]";
    return out.empty() ? out : " " + out;
}

std::string query_words(const Coverage& coverage) {
    const std::vector<std::string> parts = split(coverage.query, '/');
    const std::string source = coverage.source.empty() && !parts.empty() ? parts[0] : coverage.source;
    std::string words = one_line(source, 40);
    const std::size_t what = !parts.empty() && parts[0] == source ? 1 : 0;
    if (what < parts.size() && !parts[what].empty()) words += " " + one_line(replace_all(parts[what], "_", " "), 40);
    return words;
}

std::string coverage_words(const Coverage& coverage) {
    switch (coverage.status) {
        case CoverageStatus::ok:
            return "ok";
        case CoverageStatus::empty:
            return "nothing found";
        case CoverageStatus::error:
            return "failed" + because(coverage.reason);
        case CoverageStatus::timeout:
            return "timed out" + (coverage.duration.count() > 0 ? " after " + format_duration(coverage.duration) : std::string());
        case CoverageStatus::skipped:
            return "skipped" + because(coverage.reason);
    }
    return "unknown";
}

std::string aside_title(const Aside& aside) {
    if (aside.investigation.empty()) return "What a model said in a form that was not accepted (its citations hold)";
    return "What a model said of the same alert " + format_duration(aside.age) + " ago (stale)";
}

std::string aside_source(const Aside& aside) {
    if (aside.investigation.empty()) return "by " + one_line(aside.answered_by, 60);
    return one_line(aside.investigation, 60) + ", by " + one_line(aside.answered_by, 60) + "; not checked against today's evidence";
}

std::vector<NotChecked> gaps(const Finding& finding) {
    std::vector<NotChecked> out;
    const auto named = [&out](const std::string& what) {
        return std::ranges::any_of(out, [&](const NotChecked& n) { return icontains(n.what, what) || icontains(what, n.what); });
    };
    for (const auto& item : finding.not_checked)
        if (!item.what.empty() && !named(item.what)) out.push_back(item);
    const std::size_t own = out.size();
    for (const auto& c : finding.coverage) {
        if (c.status == CoverageStatus::ok || c.status == CoverageStatus::empty) continue;
        const std::string words = query_words(c);
        const bool said = std::any_of(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(own), [&](const NotChecked& n) {
            return icontains(n.what, words) || (!c.query.empty() && icontains(n.what, c.query));
        });
        const bool repeated =
            std::any_of(out.begin() + static_cast<std::ptrdiff_t>(own), out.end(), [&](const NotChecked& n) { return n.what == words; });
        if (!said && !repeated) out.push_back({words, coverage_words(c)});
    }
    return out;
}

std::vector<Line> later_events(const Situation& s) {
    std::vector<Line> out;
    if (s.resolved_at) {
        const bool known = s.alert.started_at != Timestamp{} && *s.resolved_at > s.alert.started_at;
        const std::string after = known ? " after " + format_duration(*s.resolved_at - s.alert.started_at) : std::string();
        out.push_back({bold("✅ Resolved " + utc(*s.resolved_at) + after)});
    }
    std::string more;
    if (s.fired > 1) more = "Fired " + figure(s.fired) + "×";
    if (s.members.alerts > 1) more += (more.empty() ? "" : " · ") + how_many(s);
    if (!more.empty()) out.push_back({bold(more)});
    if (std::string states = s.resolved_at ? "" : partly_recovered(s); !states.empty()) out.push_back({plain(states)});
    for (auto& line : telling_members(s.members, s.alert.service, 3)) out.push_back(std::move(line));
    if (!s.members.elsewhere.empty()) out.push_back({plain("The same outage as " + join(s.members.elsewhere, ", "))});
    return out;
}

Line origin(const Situation& s) {
    const Alert& alert = s.alert;
    Line line;
    const auto add = [&line](Span span) {
        if (!line.empty()) line.push_back(plain(" · "));
        line.push_back(std::move(span));
    };
    const std::string source = title_of(s, alert.source);
    if (!alert.links.empty()) {
        const Link& first = alert.links.front();
        const std::string title = one_line(first.title, 40);
        add(link(title.empty() || icontains(source, title) ? source : icontains(title, source) ? title : source + " " + title, first.url));
    } else if (!source.empty()) {
        add(plain(source + (alert.monitor_id.empty() ? "" : " #" + one_line(alert.monitor_id, 30))));
    }
    if (alert.started_at != Timestamp{}) add(plain("fired " + utc(alert.started_at)));
    if (!alert.environment.empty()) add(plain("env " + one_line(alert.environment, 30)));
    const std::string value = label_of(alert, "value");
    const std::string threshold = label_of(alert, "threshold");
    if (!value.empty()) add(plain("value " + value + (threshold.empty() ? "" : " (threshold " + threshold + ")")));
    return line;
}

std::vector<Line> recent_changes(const std::vector<RankedChange>& changes, std::size_t most) {
    std::vector<Line> out;
    for (const auto& change : changes) {
        if (out.size() == most) break;
        const std::string what = one_line(change.kind + " " + (change.subject.empty() ? change.id : change.subject), 140);
        Line line{bold("Recent change: "), link(what, change.link)};
        if (!change.reasons.empty()) line.push_back(plain(" (" + one_line(change.reasons.front(), 80) + ")"));
        out.push_back(std::move(line));
    }
    return out;
}

}  // namespace gumshoe::wording
