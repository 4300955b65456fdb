// Price tables: the one of this build, and the file that the configuration names.
#include <filesystem>

#include "app/config_read.hpp"
#include "base/embedded.hpp"
#include "base/text.hpp"

namespace gumshoe {

namespace {

constexpr double most_a_million_tokens_cost = 1'000'000;
constexpr const char* built_in = "integrations/prices.yaml";

/// The key of a table names one provider, or several with the same prices: "openai, openai_responses".
void read_table(Section& section, const std::string& key, const std::vector<std::string>& known, PriceTables& tables) {
    std::vector<llm::ModelPrice> rows;
    if (auto table = section.child(key)) {
        for (const std::string& model : table->keys()) {
            if (auto price = table->child(model)) rows.push_back({model, read_price(*price)});
        }
    }
    for (const std::string& word : split(key, ',')) {
        const std::string provider(trim(word));
        refuse_unknown_word(section, key, "a provider of this build", provider, known);
        auto& all = tables[provider];
        all.insert(all.end(), rows.begin(), rows.end());
    }
}

/// The problems found, in one text; "" without any.
std::string add_tables(const std::string& name, const std::string& text, PriceTables& tables) {
    ConfigDocument document = ConfigDocument::from_text(name, "", text, {});
    if (document.readable()) {
        const std::vector<std::string> known = provider_names();
        auto root = document.root();
        for (const std::string& key : root->keys()) read_table(*root, key, known, tables);
        document.refuse_unknown_keys();
    }
    return join(document.errors(), "; ");
}

}  // namespace

llm::Price read_price(Section& section) {
    llm::Price price;
    price.input_per_million = section.number("input_per_million", 0, 0, most_a_million_tokens_cost);
    price.cached_per_million = section.number("cached_per_million", price.input_per_million, 0, most_a_million_tokens_cost);
    price.output_per_million = section.number("output_per_million", 0, 0, most_a_million_tokens_cost);
    return price;
}

PriceTables read_prices(Section* llm, const std::string& folder) {
    PriceTables tables;
    if (llm && llm->has("prices")) {
        const std::string name = llm->required_text("prices");
        auto text = read_text_file((std::filesystem::path(folder) / name).string());
        const std::string problems = text ? add_tables(name, *text, tables) : "the file cannot be read";
        if (!problems.empty()) llm->error("prices", problems);
    }
    add_tables(built_in, std::string(embedded_file(built_in).value_or("")), tables);
    return tables;
}

}  // namespace gumshoe
