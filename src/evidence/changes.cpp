// Ranks deploys, commits, flags and configuration changes: time x (service + paths + words + risk).
#include "evidence/changes.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "base/text.hpp"
#include "evidence/code_changes.hpp"
#include "evidence/text_rank.hpp"

namespace gumshoe {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::size_t max_candidates = 500;

bool is_commit(const Change& change) {
    return change.kind == "commit";
}

/// Files named in stack frames and messages: "lib/uuid.c:120", "(Bar.java:12)", "app/views.py".
std::set<std::string> files_in(const std::string& text) {
    constexpr std::array endings{"c",  "h",   "cc", "cpp",   "hpp", "go",  "py",  "rb",   "js",  "ts",   "tsx",  "jsx",   "java",  "kt",
                                 "rs", "php", "cs", "scala", "ex",  "erl", "sql", "yaml", "yml", "json", "toml", "proto", "swift", "at"};
    std::set<std::string> found;
    std::string token;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const char c = i < text.size() ? text[i] : ' ';
        if (std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("_./-").find(c) != std::string_view::npos) {
            token += c;
            continue;
        }
        while (!token.empty() && (token.back() == '.' || token.back() == '/')) {
            token.pop_back();
        }
        const auto dot = token.rfind('.');
        if (dot != std::string::npos && dot > 0 && dot + 1 < token.size()) {
            const std::string ending = token.substr(dot + 1);
            if (std::find(endings.begin(), endings.end(), ending) != endings.end()) {
                while (token.starts_with("./") || token.starts_with("../")) {
                    token.erase(0, token.find('/') + 1);
                }
                found.insert(token);
            }
        }
        token.clear();
    }
    return found;
}

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1);
}
std::string folder(const std::string& path) {
    return path.rfind('/') == std::string::npos ? "" : path.substr(0, path.rfind('/'));
}

bool same_path(const std::string& a, const std::string& b) {
    const auto& longer = a.size() >= b.size() ? a : b;
    const auto& shorter = a.size() >= b.size() ? b : a;
    return shorter.find('/') != std::string::npos && longer.ends_with(shorter) &&
           (longer.size() == shorter.size() || longer[longer.size() - shorter.size() - 1] == '/');
}

struct Overlap {
    double score = 0;
    std::string file;
};

Overlap path_overlap(const Change& change, const std::set<std::string>& named) {
    Overlap best;
    for (const auto& mine : change.files) {
        for (const auto& theirs : named) {
            const double score = same_path(mine, theirs) || mine == theirs                 ? 1
                                 : base_name(mine) == base_name(theirs)                    ? 0.8
                                 : !folder(mine).empty() && folder(mine) == folder(theirs) ? 0.4
                                                                                           : 0;
            if (score > best.score) {
                best = {score, mine};
            }
        }
    }
    best.score /= 1 + 0.15 * std::log(1 + static_cast<double>(change.files.size()));
    return best;
}

bool is_beside_the_code(const std::string& path) {
    const std::string lower = to_lower(path);
    constexpr std::array parts{"docs/", "doc/",      "documentation/", "tests/", "test/",  ".github/",
                               ".ci/",  "changelog", "readme",         "news",   "authors"};
    const bool by_place = std::any_of(parts.begin(), parts.end(), [&lower](const char* part) {
        return lower.starts_with(part) || lower.find("/" + std::string(part)) != std::string::npos;
    });
    return by_place || lower.ends_with(".md") || lower.ends_with(".rst") || lower.ends_with("_test.go") || lower.ends_with(".txt");
}

bool beside_the_code(const Change& change) {
    return !change.files.empty() && std::all_of(change.files.begin(), change.files.end(), is_beside_the_code);
}

/// Migrations, configuration, dependency bumps: kinds of change that break more often than their size tells.
const char* risk_of(const Change& change) {
    if (change.kind == "flag" || change.kind == "config") {
        return "changes configuration";
    }
    const auto subject = to_lower(change.subject);
    if (subject.find("migrat") != std::string::npos) {
        return "a migration";
    }
    if (subject.starts_with("revert")) {
        return "a revert";
    }
    if (subject.starts_with("bump ") || subject.find("upgrade") != std::string::npos) {
        return "moves a dependency";
    }
    for (const auto& file : change.files) {
        const auto name = to_lower(base_name(file));
        if (name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".env") || name.ends_with(".toml") ||
            name.ends_with(".tf")) {
            return file.find(".github") == std::string::npos ? "changes configuration" : nullptr;
        }
        if (name.ends_with(".sql")) {
            return "a migration";
        }
    }
    return nullptr;
}

std::string document_of(const Change& change) {
    std::string text = change.subject;
    for (const auto& file : change.files) {
        text += ' ' + file;
    }
    return text + ' ' + change.diff;
}

/// What is known of the symptoms, as words: the alert, and what rose or is new in logs and traces.
std::string symptom_text(const Subject& subject, const std::vector<Evidence>& items) {
    std::string text = subject.alert.title + '\n' + subject.alert.body;
    for (const auto& item : items) {
        const bool telling = item.kind == EvidenceKind::log && (item.signal == "new" || item.signal == "surge");
        if (telling || (item.kind == EvidenceKind::trace && item.aspect == "errors")) {
            for (const auto& quote : item.quotes) {
                text += '\n' + quote;
            }
        }
    }
    return text;
}

class ChangeRanking {
public:
    ChangeRanking(const Subject& subject, const Records& records, const Topology& topology, const std::vector<Evidence>& items,
                  const std::vector<RankedEntity>& suspects)
        : subject_(subject),
          records_(records),
          symptoms_(symptom_text(subject, items)),
          named_(files_in(symptoms_)),
          onset_(first_sign(subject, items)) {
        for (const auto& change : records.changes) {
            if (change.kind == "deploy" && !change.sha.empty()) {
                const auto [at, fresh] = deploy_of_.try_emplace(change.sha, &change);
                if (!fresh && at->second->time < change.time) {
                    at->second = &change;
                }
            }
        }
        place_suspects(topology, suspects);
    }

    std::vector<ScoredChange> rank() {
        std::vector<std::size_t> order(records_.changes.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
            const auto& x = records_.changes[a];
            const auto& y = records_.changes[b];
            return x.time != y.time ? x.time > y.time : x.id < y.id;
        });
        order.resize(std::min(order.size(), max_candidates));
        TextRank words;
        for (const auto index : order) {
            words.add(document_of(records_.changes[index]));
        }
        const auto texts = words.score(symptoms_);
        const double best = texts.empty() ? 0 : *std::max_element(texts.begin(), texts.end());
        std::vector<ScoredChange> ranked;
        for (std::size_t n = 0; n < order.size(); ++n) {
            auto one = score(order[n], best > 0 ? texts[n] / best : 0);
            if (best > 0 && texts[n] / best >= 0.4) {
                const auto shared = words.shared(n, symptoms_, 3);
                one.reasons.push_back("shares words with the symptoms: " + join(shared, ", "));
            }
            ranked.push_back(std::move(one));
        }
        raise_carriers(ranked);
        std::sort(ranked.begin(), ranked.end(), [this](const ScoredChange& a, const ScoredChange& b) {
            return a.score != b.score ? a.score > b.score : records_.changes[a.index].id < records_.changes[b.index].id;
        });
        return ranked;
    }

private:
    /// A deploy is at least as suspect as the commit that it made live: it is what happened, and what can be undone.
    void raise_carriers(std::vector<ScoredChange>& ranked) const {
        for (const auto& commit : ranked) {
            const auto deploy = deploy_of_.find(records_.changes[commit.index].id);
            if (!is_commit(records_.changes[commit.index]) || deploy == deploy_of_.end()) {
                continue;
            }
            for (auto& carrier : ranked) {
                if (&records_.changes[carrier.index] == deploy->second && carrier.score < commit.score * 1.02) {
                    carrier.score = commit.score * 1.02;
                    for (const auto& reason : commit.reasons) {
                        const bool about_content =
                            reason.starts_with("touches") || reason.starts_with("shares") || reason.starts_with("changes");
                        if (about_content && std::find(carrier.reasons.begin(), carrier.reasons.end(), reason) == carrier.reasons.end()) {
                            carrier.reasons.push_back(reason);
                        }
                    }
                }
            }
        }
    }

    void place_suspects(const Topology& topology, const std::vector<RankedEntity>& suspects) {
        if (suspects.empty()) {
            nearness_[subject_.alert.service] = 1;
            return;
        }
        for (std::size_t i = 0; i < std::min<std::size_t>(suspects.size(), 5); ++i) {
            auto& near = nearness_[suspects[i].entity];
            near = std::max(near, i == 0 ? 1.0 : 0.6);
        }
        const auto& top = suspects.front().entity;
        for (const auto& neighbours : {topology.callees(top), topology.callers(top)}) {
            for (const auto& neighbour : neighbours) {
                nearness_[neighbour] = std::max(nearness_[neighbour], 0.3);
            }
        }
        nearness_[subject_.alert.service] = std::max(nearness_[subject_.alert.service], 0.6);
    }

    /// In a repository of many services: what touches only the others' code.
    bool is_elsewhere(const Change& change) const {
        const auto path = subject_.paths.find(change.service);
        return path != subject_.paths.end() && !change.files.empty() && !touches(change, path->second);
    }

    double by_time(const ScoredChange& one, bool known_live) const {
        const auto age = onset_ - one.live;
        if (age < -minutes(5)) {
            return 0.05;
        }
        const double past = std::max(0.0, static_cast<double>(age.count()) / static_cast<double>(milliseconds(hours(1)).count()));
        // What is live matters from the moment it is. A commit without a known deploy went live at some later time.
        return known_live ? 1 / (1 + past / 3) : 0.5 + 0.12 / (1 + past / (24.0 * 14));
    }

    ScoredChange score(std::size_t index, double words) const {
        const auto& change = records_.changes[index];
        ScoredChange one{index, 0, {}, change.deployed, change.time};
        bool live = !is_commit(change);
        if (is_commit(change)) {
            if (const auto deploy = deploy_of_.find(change.id); deploy != deploy_of_.end()) {
                one.deployed = true;
                one.live = deploy->second->time;
                live = true;
            }
            live = live || one.deployed.value_or(false);
        } else {
            one.deployed = true;
        }
        const double time = by_time(one, live);
        const auto when = relative_to(one.live, onset_);
        one.reasons.push_back(live              ? "live " + when
                              : change.deployed ? "merged " + when + ", not deployed yet as far as seen"
                                                : "merged " + when + ", deploy not confirmed");
        double nearness = 0;
        if (const auto at = nearness_.find(change.service); at != nearness_.end() && !change.service.empty()) {
            nearness = at->second;
            if (nearness >= 0.6) {
                one.reasons.push_back("to " + change.service + (nearness >= 1 ? ", the strongest suspect" : ", a suspect"));
            }
        }
        const auto overlap = path_overlap(change, named_);
        if (overlap.score > 0.3) {
            one.reasons.push_back("touches " + overlap.file + ", near what the symptoms name");
        }
        double risk = 0;
        if (const char* why = risk_of(change)) {
            risk = 0.3;
            one.reasons.emplace_back(why);
        }
        one.score = time * (0.2 + nearness + overlap.score + 1.5 * words + risk);
        if (is_elsewhere(change)) {
            one.score *= 0.2;
            one.reasons.emplace_back("touches nothing under " + subject_.paths.at(change.service));
        }
        if (beside_the_code(change) && overlap.score == 0) {
            one.score *= is_commit(change) ? 0.7 : 0.3;
            one.reasons.emplace_back("touches only documentation, tests or CI");
        }
        if (change.subject.starts_with("Merge ")) {
            one.score *= 0.3;
        }
        if (change.deployed && !*change.deployed) {
            one.score *= 0.3;
        }
        return one;
    }

    const Subject& subject_;
    const Records& records_;
    std::string symptoms_;
    std::set<std::string> named_;
    Timestamp onset_;
    std::map<std::string, const Change*> deploy_of_;  // by sha
    std::map<std::string, double> nearness_;          // by service
};

}  // namespace

Timestamp first_sign(const Subject& subject, const std::vector<Evidence>& items) {
    const auto periods = periods_of(subject);
    auto first = periods.onset;
    for (const auto& item : items) {
        const bool dated = item.kind == EvidenceKind::metric || (item.kind == EvidenceKind::log && item.signal == "new");
        constexpr double sure = 0.6;
        if (dated && item.mass >= sure && item.signal != "flat" && periods.is_incident(item.from)) {
            first = std::min(first, item.from);
        }
    }
    return first;
}

std::string relative_to(Timestamp t, Timestamp onset) {
    return t <= onset ? in_words(onset - t) + " before" : in_words(t - onset) + " after";
}

std::string name_of(const Change& change) {
    const bool sha =
        change.id.size() >= 32 && std::all_of(change.id.begin(), change.id.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
    std::string name = change.kind.empty() ? "change" : change.kind;
    // A machine's long id says nothing that the subject does not.
    const bool of_a_machine =
        !sha && change.id.size() > 20 && !change.subject.empty() &&
        std::all_of(change.id.begin(), change.id.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
    if (!of_a_machine) {
        name += " " + (sha ? change.id.substr(0, 7) : truncate(change.id, 60));
    }
    if (!change.service.empty() && !is_commit(change)) {
        name += " of " + change.service;
    }
    return name;
}

std::vector<ScoredChange> rank_changes(const Subject& subject, const Records& records, const Topology& topology,
                                       const std::vector<Evidence>& items, const std::vector<RankedEntity>& suspects) {
    if (records.changes.empty()) {
        return {};
    }
    return ChangeRanking(subject, records, topology, items, suspects).rank();
}

}  // namespace gumshoe
