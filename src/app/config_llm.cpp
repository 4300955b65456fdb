// The section `llm`: its targets, and what they cost.
#include <algorithm>
#include <limits>

#include "app/config_read.hpp"
#include "base/text.hpp"
#include "integrations/registry.hpp"
#include "llm/dialect.hpp"

namespace gumshoe {

namespace {

using std::chrono::minutes;

constexpr double most_usd = 1'000'000;

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

const llm::Dialect* dialect_of(LlmConfig& llm, const std::string& provider) {
    auto& dialect = llm.dialects[provider];
    if (!dialect) dialect = find_vendor(provider)->dialect();
    return dialect.get();
}

struct AccountKey {
    Secret secret;
    std::string account;  // "": the target's
};

std::vector<AccountKey> read_keys(Section& section) {
    std::vector<AccountKey> keys;
    for (const auto& item : section.children("keys")) {
        if (!item->has("api_key")) item->error("api_key", "is missing");
        AccountKey key{item->secret("api_key"), item->text("account")};
        const bool known = std::ranges::any_of(keys, [&](const AccountKey& k) { return k.secret.reveal() == key.secret.reveal(); });
        if (known && !key.secret.empty()) item->error("api_key", "stands in this list a second time");
        keys.push_back(std::move(key));
    }
    if (keys.empty()) section.error("keys", "holds no key");
    if (section.has("api_key")) section.error("keys", "excludes api_key");
    return keys;
}

void price_target(Section& section, llm::Target& target, const PriceTables& tables, bool hosted) {
    if (auto own = section.child("price")) {
        target.price = read_price(*own);
        return;
    }
    const auto table = tables.find(target.provider);
    if (table != tables.end()) target.prices = table->second;
    const llm::Price* price = llm::find_price(target.prices, target.model_on_wire());
    if (price) target.price = *price;
    if (hosted && !price) section.warning("price", "is missing: its calls count as free in the budget");
}

/// The target as its key makes it: a team's own, or one of several.
std::shared_ptr<const llm::Target> with_account(llm::Target target, const std::string& account) {
    target.account = account.empty() ? llm::key_fingerprint(target) : account;
    if (target.account.empty()) target.account = target.provider + "@" + target.api_url;
    return std::make_shared<const llm::Target>(std::move(target));
}

/// One for each of its keys; none when the provider is unknown: then nothing more can be said of it.
llm::Targets read_target(Section& section, LlmConfig& llm, const PriceTables& tables) {
    llm::Target target;
    target.name = section.required_text("name");
    target.provider = section.required_text("provider");
    target.model = section.required_text("model");
    target.api_key = section.secret("api_key");
    target.api_url = section.url("api_url");
    target.overrides = read_overrides(section.child("overrides").get());
    target.context_window = section.integer("context_window", target.context_window, 1000, 100'000'000);
    const std::string account = section.text("account");
    const auto keys = section.has("keys") ? read_keys(section) : std::vector<AccountKey>();
    if (!keys.empty()) target.api_key = keys[0].secret;
    const auto known = provider_names();
    if (!target.provider.empty()) refuse_unknown_word(section, "provider", "a provider of this build", target.provider, known);
    if (std::find(known.begin(), known.end(), target.provider) == known.end()) return {};
    target.dialect = dialect_of(llm, target.provider);
    const bool hosted = target.api_url.empty() && target.dialect->needs_key();
    target.dialect->read_settings(section, target);
    if (hosted && target.api_key.empty() && keys.empty()) {
        section.error("api_key", "is missing; only a target with an api_url of its own may do without");
    }
    if (target.api_url.empty()) target.api_url = target.dialect->default_api_url();
    if (target.api_url.empty()) section.error("api_url", "is missing: this provider has no address of its own");
    price_target(section, target, tables, hosted);
    if (keys.empty()) return {with_account(std::move(target), account)};
    llm::Targets all;
    for (const AccountKey& key : keys) {
        target.api_key = key.secret;
        all.push_back(with_account(target, key.account.empty() ? account : key.account));
    }
    return all;
}

void read_targets(Section& section, LlmConfig& llm, const PriceTables& tables, std::vector<std::string>& names) {
    for (const auto& item : section.children("targets")) {
        llm::Targets targets = read_target(*item, llm, tables);
        std::string name = item->text("name");
        if (std::find(names.begin(), names.end(), name) != names.end() && !name.empty()) {
            item->error("name", "another target has this name");
            continue;
        }
        names.push_back(name);
        llm.targets.insert(llm.targets.end(), targets.begin(), targets.end());
    }
}

}  // namespace

std::vector<std::string> provider_names() {
    std::vector<std::string> names;
    for (const Vendor& vendor : vendors()) {
        if (vendor.dialect) names.emplace_back(vendor.name);
    }
    return names;
}

LlmConfig read_llm(Section* section, const std::string& folder) {
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
    read_targets(*section, llm, read_prices(section, folder), names);
    read_chains(*section, llm, names);
    llm.classes = read_classes(*section);
    llm.hedge = section->flag("hedge", false);
    return llm;
}

}  // namespace gumshoe
