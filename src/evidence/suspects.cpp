// Fusion of evidence masses into a ranking of entities.
#include "evidence/suspects.hpp"

#include <algorithm>
#include <cctype>
#include <map>

#include "base/text.hpp"

namespace gumshoe {

namespace {

constexpr double anomalous = 0.3;
constexpr double strong = 0.5;

/// What a slow or failing callee makes of its callers.
bool spreads(const Evidence& item) {
    return item.kind == EvidenceKind::metric &&
           (item.aspect == "latency" || item.aspect == "errors" || item.aspect == "availability" || item.aspect == "traffic");
}

bool accuses(const Evidence& item) {
    return item.signal != "flat" &&
           (item.kind == EvidenceKind::metric || item.kind == EvidenceKind::log || item.kind == EvidenceKind::trace);
}

class Fusion {
public:
    Fusion(const Subject& subject, const Topology& topology, const std::vector<Evidence>& items)
        : subject_(subject), topology_(topology), items_(items) {
        const bool traced = std::any_of(items.begin(), items.end(), [](const Evidence& item) { return item.kind == EvidenceKind::trace; });
        for (const auto& item : items) {
            double weight = accuses(item) ? item.mass : 0;
            if (item.kind == EvidenceKind::metric && item.aspect == "latency") {
                weight *= traced ? 0.6 : 1;                                           // traces tell better where time goes
                weight *= item.text.find(".client.") != std::string::npos ? 0.5 : 1;  // time spent waiting for others
            }
            if (spreads(item) && of_another_family(item)) {
                weight *= 0.6;
            }
            if (is_address(item.entity)) {
                weight *= 0.7;  // seen from its callers only; what serves it has a name of its own
            }
            weights_.push_back(weight);
        }
    }

    std::vector<RankedEntity> rank() {
        explain_network();
        explain_missing_calls();
        walk();
        return fuse();
    }

private:
    /// The alert is about slowness and the item about failures, or the other way round.
    bool of_another_family(const Evidence& item) const {
        const std::string about = to_lower(subject_.alert.metric + ' ' + subject_.alert.title);
        const auto says = [&about](std::initializer_list<const char*> words) {
            return std::any_of(words.begin(), words.end(), [&about](const char* word) { return about.find(word) != std::string::npos; });
        };
        const bool slow = says({"latency", "slow", "duration", "response time", "p95", "p99"});
        const bool failing = says({"avail", "error", "fail", "5xx", "success"});
        return slow != failing && (item.aspect == "latency") != slow;
    }

    /// "orders.eu-1.example.com", "10.0.0.7:5432": an address, not a component.
    static bool is_address(const std::string& entity) {
        const auto host = entity.substr(0, entity.find_first_of("_:/"));
        const auto dots = std::count(host.begin(), host.end(), '.');
        const bool plain =
            std::all_of(host.begin(), host.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-'; });
        return plain && dots >= 3;
    }

    /// A network fault at X makes its callers slow: their own time and their client-side latency are symptoms.
    void explain_network() {
        for (const auto& cause : items_) {
            if (cause.aspect != "network" || cause.kind != EvidenceKind::trace || cause.mass < strong) {
                continue;
            }
            const auto callers = topology_.callers(cause.entity);
            for (std::size_t i = 0; i < items_.size(); ++i) {
                const bool calls_it = std::find(callers.begin(), callers.end(), items_[i].entity) != callers.end();
                const bool client = items_[i].aspect == "latency" && items_[i].text.find("client") != std::string::npos;
                if ((client && calls_it) || waits_for(items_[i], cause, calls_it)) {
                    weights_[i] *= 0.3;
                }
            }
        }
    }

    /// Time that looks like an entity's own and is the delay of a call: no longer than that delay, by a caller or of the very same length.
    static bool waits_for(const Evidence& item, const Evidence& cause, bool calls_it) {
        if (item.aspect != "self time" || item.entity == cause.entity) {
            return false;
        }
        const double own = item.numbers.at("after");
        const double delay = cause.numbers.at("after");
        return own <= 1.5 * delay && (calls_it || own >= 0.8 * delay);
    }

    /// Calls that X no longer makes silence what lies below it.
    void explain_missing_calls() {
        for (const auto& cause : items_) {
            if (cause.aspect != "calls" || cause.mass < strong || (cause.signal != "vanished" && cause.signal != "drop")) {
                continue;
            }
            const auto below = topology_.below(cause.entity);
            for (std::size_t i = 0; i < items_.size(); ++i) {
                const bool silent = items_[i].kind == EvidenceKind::log && (items_[i].signal == "vanished" || items_[i].signal == "drop");
                if (silent && below.contains(items_[i].entity)) {
                    weights_[i] *= 0.3;
                }
            }
        }
    }

    /// From the alerting entity through anomalous ones: who calls something anomalous is a symptom, who cannot be reached hardly matters.
    void walk() {
        std::map<std::string, double> felt;
        for (const auto& item : items_) {
            // Its own trouble counts as well as what it passes on: a slow network shows in no server's latency.
            const bool own = item.mass >= strong && item.signal != "flat" &&
                             (item.kind == EvidenceKind::trace || item.aspect == "cpu" || item.aspect == "saturation");
            if (spreads(item) || own) {
                felt[item.entity] = std::max(felt[item.entity], item.mass);
            }
        }
        const auto is_anomalous = [&felt](const std::string& entity) {
            const auto at = felt.find(entity);
            return at != felt.end() && at->second >= anomalous;
        };
        const auto& start = subject_.alert.service;
        const bool rooted = topology_.knows(start);
        const auto reach = rooted ? reachable(start, is_anomalous) : std::set<std::string>{};
        const auto below = topology_.below(start);
        for (std::size_t i = 0; i < items_.size(); ++i) {
            const auto& entity = items_[i].entity;
            const bool connected = !rooted || entity == start || below.contains(entity);
            if (!spreads(items_[i])) {
                weights_[i] *= connected ? 1 : 0.6;
                continue;
            }
            if (!connected) {
                weights_[i] *= unconnected_factor;
                continue;
            }
            for (const auto& callee : topology_.callees(entity)) {
                // A cycle has no deepest node: only a callee that does not call back explains.
                if (is_anomalous(callee) && !topology_.below(callee).contains(entity)) {
                    weights_[i] *= symptom_factor;
                    break;
                }
            }
            if (rooted && entity != start && !reach.contains(entity)) {
                weights_[i] *= unreachable_factor;
            }
        }
    }

    template <class Anomalous>
    std::set<std::string> reachable(const std::string& start, const Anomalous& is_anomalous) const {
        std::set<std::string> seen{start};
        std::vector<std::string> open{start};
        while (!open.empty()) {
            const std::string at = std::move(open.back());
            open.pop_back();
            for (auto& next : topology_.callees(at)) {
                if (is_anomalous(next) && seen.insert(next).second) {
                    open.push_back(std::move(next));
                }
            }
        }
        return seen;
    }

    static std::string kind_of(const Evidence& item) {
        if (item.kind == EvidenceKind::log || item.aspect == "calls") {
            return "code";
        }
        return item.aspect == "self time" ? "cpu" : item.aspect;
    }

    /// Of the strongest item that tells a cause; of the strongest at all when none does.
    std::string kind_of(const std::vector<std::size_t>& indices) const {
        for (const auto index : indices) {
            if (weights_[index] >= std::max(anomalous, 0.4 * weights_[indices.front()]) && !spreads(items_[index])) {
                return kind_of(items_[index]);
            }
        }
        return kind_of(items_[indices.front()]);
    }

    std::vector<RankedEntity> fuse() const {
        std::map<std::string, std::vector<std::size_t>> by_entity;
        for (std::size_t i = 0; i < items_.size(); ++i) {
            if (weights_[i] > 0.02 && !items_[i].entity.empty()) {
                by_entity[items_[i].entity].push_back(i);
            }
        }
        std::vector<RankedEntity> ranked;
        for (auto& [entity, indices] : by_entity) {
            std::sort(indices.begin(), indices.end(),
                      [this](std::size_t a, std::size_t b) { return weights_[a] != weights_[b] ? weights_[a] > weights_[b] : a < b; });
            RankedEntity one;
            one.entity = entity;
            one.kind = kind_of(indices);
            std::set<EvidenceKind> kinds;
            std::set<std::pair<EvidenceKind, std::string>> aspects;
            for (std::size_t n = 0; n < indices.size(); ++n) {
                const auto& item = items_[indices[n]];
                // Five percentiles of one latency are one observation: only another aspect adds much.
                const bool another = aspects.insert({item.kind, item.aspect}).second;
                const double share = n == 0 ? 1 : another && aspects.size() == 2 ? 0.3 : n < 5 ? 0.1 : 0;
                one.score += weights_[indices[n]] * share;
                if (weights_[indices[n]] >= anomalous) {
                    kinds.insert(item.kind);
                }
            }
            one.kinds = kinds.size();
            one.items = std::move(indices);
            ranked.push_back(std::move(one));
        }
        std::sort(ranked.begin(), ranked.end(), [](const RankedEntity& a, const RankedEntity& b) {
            return a.score != b.score ? a.score > b.score : a.entity < b.entity;
        });
        return ranked;
    }

    static constexpr double symptom_factor = 0.5;
    static constexpr double unreachable_factor = 0.5;  // what lies between is healthy
    static constexpr double unconnected_factor = 0.2;  // no call of the alerting entity leads there

    const Subject& subject_;
    const Topology& topology_;
    const std::vector<Evidence>& items_;
    std::vector<double> weights_;
};

}  // namespace

std::vector<RankedEntity> rank_entities(const Subject& subject, const Topology& topology, const std::vector<Evidence>& items) {
    return Fusion(subject, topology, items).rank();
}

}  // namespace gumshoe
