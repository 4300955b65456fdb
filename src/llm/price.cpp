// Look-ups in price tables.
#include "llm/price.hpp"

#include <algorithm>

namespace gumshoe::llm {
namespace {

bool is_of(std::string_view row, std::string_view model) {
    if (row.ends_with('*')) return model.starts_with(row.substr(0, row.size() - 1));
    if (!model.starts_with(row)) return false;
    const std::string_view rest = model.substr(row.size());
    return rest.empty() || rest.starts_with("-20");  // -2025-11-13, -20250929
}

}  // namespace

const Price* find_price(const std::vector<ModelPrice>& table, std::string_view model) {
    const auto row = std::ranges::find_if(table, [&](const ModelPrice& candidate) { return is_of(candidate.model, model); });
    return row == table.end() ? nullptr : &row->price;
}

}  // namespace gumshoe::llm
