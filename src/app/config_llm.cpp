// The section `llm`: targets and chains.
#include <algorithm>
#include <limits>
#include <set>

#include "app/config_read.hpp"
#include "base/text.hpp"
#include "integrations/registry.hpp"
#include "llm/dialect.hpp"

namespace gumshoe {

namespace {

using std::chrono::minutes;

constexpr double most_usd = 1'000'000;

std::vector<std::string> providers() {
    std::vector<std::string> names;
    for (const Vendor& vendor : vendors()) {
        if (vendor.dialect) names.emplace_back(vendor.name);
    }
    return names;
}

llm::Overrides read_overrides(Section* section) {
    llm::Overrides overrides;
    if (!section) return overrides;
    if (section->has("model")) overrides.model = section->required_text("model");
    if (section->has("max_output_tokens")) overrides.max_output_tokens = section->integer("max_output_tokens", 0, 1, 1'000'000);
    if (section->has("temperature")) overrides.temperature = section->number("temperature", 0, 0, 2);
    if (section->has("reasoning_effort")) {
        overrides.reasoning_effort = section->one_of("reasoning_effort", {"none", "minimal", "low", "medium", "high"}, "");
    }
    return overrides;
}

llm::Price read_price(Section* section) {
    llm::Price price;
    if (!section) return price;
    price.input_per_million = section->number("input_per_million", 0, 0, most_usd);
    price.cached_per_million = section->number("cached_per_million", price.input_per_million, 0, most_usd);
    price.output_per_million = section->number("output_per_million", 0, 0, most_usd);
    return price;
}

const llm::Dialect* dialect_of(LlmConfig& llm, const std::string& provider) {
    auto& dialect = llm.dialects[provider];
    if (!dialect) dialect = find_vendor(provider)->dialect();
    return dialect.get();
}

// Null when the provider is unknown: then nothing more can be said of the target.
std::shared_ptr<llm::Target> read_target(Section& section, LlmConfig& llm) {
    auto target = std::make_shared<llm::Target>();
    target->name = section.required_text("name");
    target->provider = section.required_text("provider");
    target->model = section.required_text("model");
    target->api_key = section.secret("api_key");
    target->api_url = section.url("api_url");
    target->overrides = read_overrides(section.child("overrides").get());
    target->account = section.text("account");
    target->context_window = section.integer("context_window", target->context_window, 1000, 100'000'000);
    target->price = read_price(section.child("price").get());
    auto known = providers();
    if (!target->provider.empty()) refuse_unknown_word(section, "provider", "a provider of this build", target->provider, known);
    if (std::find(known.begin(), known.end(), target->provider) == known.end()) return nullptr;
    target->dialect = dialect_of(llm, target->provider);
    const bool hosted = target->api_url.empty() && target->dialect->needs_key();
    target->dialect->read_settings(section, *target);
    if (hosted && target->api_key.empty()) {
        section.error("api_key", "is missing; only a target with an api_url of its own may do without");
    }
    if (target->api_url.empty()) target->api_url = target->dialect->default_api_url();
    if (target->api_url.empty()) section.error("api_url", "is missing: this provider has no address of its own");
    if (hosted && !section.has("price")) section.warning("price", "is missing: its calls count as free in the budget");
    if (target->account.empty()) target->account = llm::key_fingerprint(*target);
    if (target->account.empty()) target->account = target->provider + "@" + target->api_url;
    return target;
}

void read_targets(Section& section, LlmConfig& llm, std::vector<std::string>& names) {
    for (const auto& item : section.children("targets")) {
        auto target = read_target(*item, llm);
        std::string name = item->text("name");
        if (std::find(names.begin(), names.end(), name) != names.end() && !name.empty()) {
            item->error("name", "another target has this name");
            continue;
        }
        names.push_back(name);
        if (target) llm.targets.push_back(std::move(target));
    }
}

llm::Chain read_chain(Section& section, const std::string& name, const llm::Chain& targets, const std::vector<std::string>& names) {
    llm::Chain chain;
    std::set<std::string> seen;
    auto words = section.texts(name);
    for (std::size_t i = 0; i < words.size(); ++i) {
        refuse_unknown_word(section, item_key(name, i, words.size()), "a target", words[i], names);
        if (!seen.insert(words[i]).second) section.error(item_key(name, i, words.size()), "stands in this chain a second time");
        auto target = std::find_if(targets.begin(), targets.end(), [&](const auto& t) { return t->name == words[i]; });
        if (target != targets.end()) chain.push_back(*target);
    }
    return chain;
}

template <class Field>
bool all_share(const llm::Chain& chain, Field field) {
    return std::all_of(chain.begin(), chain.end(),
                       [&](const auto& target) { return std::invoke(field, *target) == std::invoke(field, *chain[0]); });
}

void warn_of_one_basket(Section& section, const std::string& key, const llm::Chain& chain) {
    if (chain.size() < 2) return;
    if (all_share(chain, &llm::Target::account)) {
        section.warning(key, "all its targets share one account: they fail together");
    } else if (all_share(chain, &llm::Target::provider)) {
        section.warning(key, "all its targets are of one provider: they fail together");
    }
}

}  // namespace

LlmConfig read_llm(Section* section) {
    LlmConfig llm;
    llm.chains["default"];
    if (!section) return llm;
    llm.deadline = section->duration("deadline", llm.deadline);
    if (llm.deadline < seconds(5) || llm.deadline > minutes(10)) section->error("deadline", "must be from 5s to 10m");
    if (auto budget = section->child("budget")) {
        llm.per_investigation_usd = budget->number("per_investigation_usd", llm.per_investigation_usd, 0, most_usd);
        llm.per_day_usd = budget->number("per_day_usd", llm.per_day_usd, 0, most_usd);
    }
    std::vector<std::string> names;
    read_targets(*section, llm, names);
    auto chains = section->child("chains");
    if (!chains) {
        llm.chains["default"] = llm.targets;
        warn_of_one_basket(*section, "targets", llm.targets);
        return llm;
    }
    for (const std::string& name : chains->keys()) {
        llm.chains[name] = read_chain(*chains, name, llm.targets, names);
        warn_of_one_basket(*chains, name, llm.chains[name]);
    }
    if (!chains->has("default")) chains->error("default", "is missing");
    return llm;
}

}  // namespace gumshoe
