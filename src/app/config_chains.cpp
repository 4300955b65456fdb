// The section `llm`: chains, which of them a task takes, and what teams may spend.
#include <algorithm>
#include <map>
#include <set>

#include "analysis/model_analyst.hpp"
#include "app/config_read.hpp"

namespace gumshoe {

namespace {

constexpr double most_a_team_spends = 1'000'000;

/// What reads one chain.
class ChainReader {
public:
    ChainReader(const LlmConfig& llm, const std::vector<std::string>& names) : llm_(llm), names_(names) {}

    llm::Chain read(Section& section, const std::string& name) {
        auto entries = section.entries(name);
        for (std::size_t i = 0; i < entries.size(); ++i) {
            ++group_;
            if (entries[i].map) {
                read_group(*entries[i].map);
            } else {
                add(section, item_key(name, i, entries.size()), entries[i].text, llm::Strategy::ordered, 1);
            }
        }
        return std::move(chain_);
    }

private:
    void read_group(Section& section) {
        const std::map<std::string, llm::Strategy> strategies{{"ordered", llm::Strategy::ordered},
                                                              {"weighted", llm::Strategy::weighted},
                                                              {"least_latency", llm::Strategy::least_latency},
                                                              {"least_cost", llm::Strategy::least_cost}};
        const auto strategy = strategies.at(section.one_of("strategy", {"ordered", "weighted", "least_latency", "least_cost"}, "ordered"));
        if (!section.has("any_of")) section.error("any_of", "is missing: a list of targets");
        const auto members = section.texts("any_of");
        std::map<std::string, double> weights;
        if (auto given = section.child("weights")) {
            for (const std::string& member : members) weights[member] = given->number(member, 1, 0.001, 1000);
            if (strategy != llm::Strategy::weighted) section.error("weights", "goes together with strategy: weighted");
        }
        for (std::size_t i = 0; i < members.size(); ++i) {
            const auto weight = weights.find(members[i]);
            add(section, item_key("any_of", i, members.size()), members[i], strategy, weight == weights.end() ? 1 : weight->second);
        }
    }

    /// A target with several keys is a link for each.
    void add(Section& section, const std::string& key, const std::string& name, llm::Strategy strategy, double weight) {
        refuse_unknown_word(section, key, "a target", name, names_);
        if (!seen_.insert(name).second) {
            section.error(key, "stands in this chain a second time");
            return;
        }
        for (const auto& target : llm_.targets) {
            if (target->name != name) continue;
            chain_.push_back({.target = target, .group = group_, .strategy = strategy, .weight = weight});
        }
    }

    const LlmConfig& llm_;
    const std::vector<std::string>& names_;
    llm::Chain chain_;
    std::set<std::string> seen_;
    int group_ = 0;
};

template <class Field>
bool all_share(const llm::Chain& chain, Field field) {
    return std::ranges::all_of(
        chain, [&](const llm::Link& link) { return std::invoke(field, *link.target) == std::invoke(field, *chain[0].target); });
}

void warn_of_one_basket(Section& section, const std::string& key, const llm::Chain& chain) {
    if (chain.empty() || all_share(chain, &llm::Target::name)) return;
    if (all_share(chain, &llm::Target::account)) {
        section.warning(key, "all its targets share one account: they fail together");
    } else if (all_share(chain, &llm::Target::provider)) {
        section.warning(key, "all its targets are of one provider: they fail together");
    }
}

void read_tasks(Section& section, LlmConfig& config) {
    std::vector<std::string> known;
    for (const auto& [name, chain] : config.chains) known.push_back(name);
    for (std::string_view task : model_tasks) {
        if (!section.has(task)) continue;
        const std::string chain = section.required_text(task);
        if (!chain.empty()) refuse_unknown_word(section, std::string(task), "a chain", chain, known);
        config.tasks[std::string(task)] = chain;
    }
}

void read_teams(Section& section, LlmConfig& config) {
    for (const std::string& name : section.keys()) {
        auto team = section.child(name);
        if (!team) continue;
        if (!team->has("per_day_usd")) team->error("per_day_usd", "is missing");
        config.teams[name] = team->number("per_day_usd", 0, 0, most_a_team_spends);
    }
}

}  // namespace

void read_chains(Section& llm, LlmConfig& config, const std::vector<std::string>& names) {
    auto chains = llm.child("chains");
    if (!chains) {
        config.chains["default"] = llm::in_order(config.targets);
        warn_of_one_basket(llm, "targets", config.chains["default"]);
    } else {
        for (const std::string& name : chains->keys()) {
            config.chains[name] = ChainReader(config, names).read(*chains, name);
            warn_of_one_basket(*chains, name, config.chains[name]);
        }
        if (!chains->has("default")) chains->error("default", "is missing");
    }
    if (auto tasks = llm.child("tasks")) read_tasks(*tasks, config);
    if (auto teams = llm.child("teams")) read_teams(*teams, config);
}

}  // namespace gumshoe
