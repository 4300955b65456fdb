// What models cost, and the price tables of providers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gumshoe::llm {

/// US dollars.
struct Price {
    double input_per_million = 0;
    double cached_per_million = 0;
    double output_per_million = 0;
};

/// A row of a provider's table. `model` is its name as the provider says it; it stands for its dated versions too ("gpt-5.1" for
/// "gpt-5.1-2025-11-13"), and with * at its end for every name that begins so.
struct ModelPrice {
    std::string model;
    Price price;
};

/// The first row that is of this model; null when none is.
const Price* find_price(const std::vector<ModelPrice>& table, std::string_view model);

}  // namespace gumshoe::llm
