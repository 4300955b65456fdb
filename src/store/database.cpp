// Columns of an answer by position.
#include "store/database.hpp"

namespace gumshoe {

bool Row::null(std::size_t i) const {
    return std::holds_alternative<std::nullptr_t>(values_.at(i));
}

std::string Row::text(std::size_t i) const {
    const Value& value = values_.at(i);
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* blob = std::get_if<Blob>(&value)) return blob->bytes;
    return {};
}

std::int64_t Row::integer(std::size_t i) const {
    const auto* number = std::get_if<std::int64_t>(&values_.at(i));
    return number ? *number : 0;
}

double Row::real(std::size_t i) const {
    const Value& value = values_.at(i);
    if (const auto* number = std::get_if<double>(&value)) return *number;
    return static_cast<double>(integer(i));
}

}  // namespace gumshoe
