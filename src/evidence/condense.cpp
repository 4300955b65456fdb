// Ranked, numbered evidence from records: what every detector found, the best of each kind and entity first.
#include "evidence/condense.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "evidence/changes.hpp"
#include "evidence/detect.hpp"
#include "evidence/recall.hpp"
#include "evidence/running_versions.hpp"

namespace gumshoe {

namespace {

constexpr std::size_t per_kind_and_entity = 3;
constexpr std::size_t most_changes = 10;

bool heavier(const Evidence& a, const Evidence& b) {
    return std::tie(b.mass, a.kind, a.entity, a.text) < std::tie(a.mass, b.kind, b.entity, b.text);
}

Evidence change_item(Timestamp onset, const Change& change, const ScoredChange& scored) {
    Evidence item;
    item.kind = EvidenceKind::change;
    item.entity = change.service;
    item.aspect = "change";
    item.signal = change.kind;
    item.change_id = change.id;
    item.mass = scored.score / (scored.score + 1);
    item.from = item.to = scored.live;
    item.link = change.link;
    item.numbers = {{"minutes_before", std::round(static_cast<double>((onset - scored.live).count()) / 60000)},
                    {"files", static_cast<double>(change.files.size())}};
    item.text = name_of(change) + " \"" + truncate(replace_all(std::string(trim(change.subject)), "\n", " "), 120) + "\"";
    item.text += change.author.empty() ? "" : " by " + change.author;
    for (const auto& reason : scored.reasons) {
        item.text += (&reason == &scored.reasons.front() ? ", " : "; ") + reason;
    }
    item.quotes = {change.subject};
    for (std::size_t i = 0; i < std::min<std::size_t>(change.files.size(), 5); ++i) {
        item.quotes.push_back(change.files[i]);
    }
    // The changed lines themselves are what a claim about a setting has to quote.
    for (const auto& line : lines(change.diff)) {
        constexpr std::size_t most_quotes = 16;
        const bool changed = (line.starts_with('+') || line.starts_with('-')) && !line.starts_with("+++") && !line.starts_with("---");
        if (changed && item.quotes.size() < most_quotes && trim(line.substr(1)).size() > 2) {
            item.quotes.push_back(truncate(line, 200));
        }
    }
    return item;
}

Evidence fact_item(const Fact& fact) {
    Evidence item;
    item.kind = EvidenceKind::fact;
    item.entity = fact.entity;
    item.signal = "stated";
    item.mass = 0.15;
    item.from = item.to = fact.at;
    item.link = fact.link;
    item.text = fact.text;
    item.quotes = {truncate(fact.text, 300)};
    return item;
}

const char* sought(QueryKind kind) {
    switch (kind) {
        case QueryKind::logs:
            return "log lines";
        case QueryKind::metrics:
            return "metrics";
        case QueryKind::spans:
            return "spans";
        case QueryKind::deployments:
            return "deploys";
        case QueryKind::commits:
            return "commits";
        case QueryKind::events:
            return "events";
        default:
            return nullptr;
    }
}

/// Times of day alone would not tell a day from a moment.
std::string span_words(const Window& window) {
    if (window.to - window.from >= std::chrono::hours(12)) {
        return "in the " + format_duration(std::chrono::duration_cast<milliseconds>(window.to - window.from)) + " to " +
               format_clock(window.to);
    }
    return "from " + format_clock(window.from) + " to " + format_clock(window.to);
}

/// A query that worked and returned nothing is evidence; one that failed is coverage and says nothing here.
void add_absences(const Gathering& gathering, std::vector<Evidence>& items) {
    bool asked_for_deploys = false;
    bool saw_deploy = false;
    for (const auto& one : gathering.results) {
        const bool answered = one.coverage.status == CoverageStatus::ok || one.coverage.status == CoverageStatus::empty;
        asked_for_deploys = asked_for_deploys || (one.query.kind == QueryKind::deployments && answered);
        for (const auto& change : one.fetched.records.changes) {
            saw_deploy = saw_deploy || change.kind == "deploy";
        }
    }
    std::set<std::string> said;
    for (const auto& one : gathering.results) {
        const char* what = sought(one.query.kind);
        const bool no_deploy = one.query.kind == QueryKind::deployments && asked_for_deploys && !saw_deploy;
        const bool empty = one.coverage.status == CoverageStatus::empty && one.query.kind != QueryKind::deployments;
        if (what == nullptr ||
            !(empty || (no_deploy && one.coverage.status != CoverageStatus::error && one.coverage.status != CoverageStatus::timeout))) {
            continue;
        }
        Evidence item;
        item.kind = EvidenceKind::absence;
        item.entity = one.query.entity;
        item.signal = "absent";
        item.mass = no_deploy ? 0.3 : 0.12;
        item.from = one.query.window.from;
        item.to = one.query.window.to;
        item.source = one.query.source;
        item.query = one.fetched.query_text;
        item.link = one.fetched.link;
        item.text = "no " + std::string(what) + (one.query.entity.empty() ? "" : " of " + one.query.entity) + " seen by " +
                    one.query.source + " " + span_words(one.query.window);
        if (said.insert(item.text).second) {
            items.push_back(std::move(item));
        }
    }
}

std::vector<Evidence> detect(const Subject& subject, const Records& records) {
    auto items = metric_shifts(subject, records.metrics);
    const auto append = [&items](std::vector<Evidence> more) {
        items.insert(items.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    };
    append(trace_signals(subject, records.spans));
    append(log_changes(subject, records.logs, records.spans));
    const auto topology = topology_of(records);
    const auto suspects = rank_entities(subject, topology, items);
    const auto changes = rank_changes(subject, records, topology, items, suspects);
    const auto onset = first_sign(subject, items);
    append(recalled(subject, records, items));
    for (std::size_t i = 0; i < std::min(changes.size(), most_changes); ++i) {
        items.push_back(change_item(onset, records.changes[changes[i].index], changes[i]));
    }
    for (const auto& fact : records.facts) {
        items.push_back(fact_item(fact));
    }
    for (const auto& fact : running_code(subject, records)) {
        items.push_back(fact_item(fact));
        items.back().signal = "code";
        items.back().mass = 0.2;  // before what else is merely stated
    }
    return items;
}

/// At most three of each kind and entity; the second and third of one make room for the first of another.
std::vector<Evidence> choose(std::vector<Evidence> items) {
    std::sort(items.begin(), items.end(), heavier);
    std::map<std::pair<EvidenceKind, std::string>, std::size_t> taken;
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < items.size(); ++i) {
        constexpr std::array worth{1.0, 0.6, 0.4};
        auto& nth = taken[{items[i].kind, items[i].entity}];
        const bool change = items[i].kind == EvidenceKind::change;
        if (nth < per_kind_and_entity || (change && nth < most_changes)) {
            order.emplace_back(items[i].mass * (nth < worth.size() ? worth.at(nth) : 0.3), i);
        }
        ++nth;
    }
    std::sort(order.begin(), order.end(),
              [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
    order.resize(std::min(order.size(), limits::evidence_items));
    std::vector<Evidence> chosen;
    for (const auto& [worth, index] : order) {
        chosen.push_back(std::move(items[index]));
    }
    std::sort(chosen.begin(), chosen.end(), heavier);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        chosen[i].id = "E" + std::to_string(i + 1);
        chosen[i].text = truncate(replace_all(strip_invisible(chosen[i].text), "\n", " "), limits::evidence_text_bytes);
    }
    return chosen;
}

bool holds(const Records& records, const Evidence& item) {
    const auto names = [&item](const auto& list, auto&& entity) {
        return std::any_of(list.begin(), list.end(), [&](const auto& record) { return entity(record) == item.entity; });
    };
    switch (item.kind) {
        case EvidenceKind::metric:
            return names(records.metrics, [](const MetricSeries& r) { return r.entity; });
        case EvidenceKind::log:
            return names(records.logs, [](const LogRecord& r) { return r.service; });
        case EvidenceKind::trace:
            return names(records.spans, [](const SpanRecord& r) { return r.service; });
        case EvidenceKind::change:
            return std::any_of(records.changes.begin(), records.changes.end(), [&item](const Change& r) { return r.id == item.change_id; });
        case EvidenceKind::message:
            return !records.messages.empty();
        case EvidenceKind::incident:
            return !records.incidents.empty();
        case EvidenceKind::fact:
            return std::any_of(records.facts.begin(), records.facts.end(), [&item](const Fact& r) { return r.text == item.text; }) ||
                   (item.signal == "code" && names(records.code, [](const CodeLocation& r) { return r.service; }));
        case EvidenceKind::absence:
            return false;
    }
    return false;
}

/// Which query an item came from: the one whose window fits the item's time best.
void attribute(Evidence& item, const Gathering& gathering) {
    const Gathered* best = nullptr;
    milliseconds best_overlap{-1};
    for (const auto& one : gathering.results) {
        if (!holds(one.fetched.records, item)) {
            continue;
        }
        const auto overlap = std::max(milliseconds{0}, std::min(one.query.window.to, item.to) - std::max(one.query.window.from, item.from));
        if (overlap > best_overlap) {
            best = &one;
            best_overlap = overlap;
        }
    }
    if (best != nullptr) {
        item.source = best->query.source;
        item.query = best->fetched.query_text;
        item.link = item.link.empty() ? best->fetched.link : item.link;
    }
}

std::string pack_line(const Evidence& item) {
    std::string line = "[" + item.id + "] " + std::string(to_string(item.kind)) + " " + item.text;
    if (item.from != Timestamp{} && item.kind != EvidenceKind::fact) {
        line += " (" + format_rfc3339(from_seconds(to_seconds(item.from)));
        line += item.to > item.from ? ".." + format_clock(item.to) + "Z)" : ")";
    }
    return line;
}

}  // namespace

std::vector<Evidence> condense(const Subject& subject, const Gathering& gathering) {
    auto items = detect(subject, gathering.records());
    for (auto& item : items) {
        attribute(item, gathering);
    }
    add_absences(gathering, items);
    return choose(std::move(items));
}

std::vector<Evidence> condense(const Subject& subject, const Records& records) {
    return choose(detect(subject, records));
}

std::string pack(const std::vector<Evidence>& items, std::size_t max_tokens) {
    const auto budget = static_cast<std::size_t>(static_cast<double>(max_tokens) * 3.5);
    // Quotas first, so that a flood of one kind leaves room for the others; what is left over goes by rank.
    constexpr double share_of_signals = 0.6;
    constexpr double share_of_changes = 0.2;
    const auto group = [](const Evidence& item) {
        return item.kind == EvidenceKind::change ? 1U
               : item.kind == EvidenceKind::message || item.kind == EvidenceKind::incident || item.kind == EvidenceKind::absence ||
                       item.kind == EvidenceKind::fact
                   ? 2U
                   : 0U;
    };
    std::array<double, 3> left{share_of_signals, share_of_changes, 1 - share_of_signals - share_of_changes};
    for (auto& share : left) {
        share *= static_cast<double>(budget);
    }
    std::vector<std::string> text;
    std::vector<bool> in(items.size(), false);
    std::size_t used = 0;
    for (const auto& item : items) {
        text.push_back(pack_line(item));
    }
    for (const bool by_quota : {true, false}) {
        for (std::size_t i = 0; i < items.size(); ++i) {
            const std::size_t size = text[i].size() + 1;
            auto& quota = left.at(group(items[i]));
            if (in[i] || used + size > budget || (by_quota && static_cast<double>(size) > quota)) {
                continue;
            }
            in[i] = true;
            used += size;
            quota -= static_cast<double>(size);
        }
    }
    std::string out;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (in[i]) {
            out += text[i] + '\n';
        }
    }
    return out;
}

}  // namespace gumshoe
