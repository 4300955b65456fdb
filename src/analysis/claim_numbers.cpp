// Finds numbers with their units in text and compares them.
#include "analysis/claim_numbers.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace gumshoe {

namespace {

using Cited = std::vector<const Evidence*>;

enum class Unit { none, time, percent, times, bytes };

struct Number {
    double value = 0;  // times in ms
    double step = 0;   // half of its last digit: the rounding it allows
    Unit unit = Unit::none;
    bool clock = false;  // 13:58 or 13:58:02: `value` is seconds of the day
    std::string text;
};

struct UnitWord {
    const char* word;
    Unit unit;
    double factor;
};

constexpr std::array unit_words{
    UnitWord{"milliseconds", Unit::time, 1}, UnitWord{"ms", Unit::time, 1},        UnitWord{"seconds", Unit::time, 1e3},
    UnitWord{"second", Unit::time, 1e3},     UnitWord{"sec", Unit::time, 1e3},     UnitWord{"s", Unit::time, 1e3},
    UnitWord{"minutes", Unit::time, 6e4},    UnitWord{"minute", Unit::time, 6e4},  UnitWord{"min", Unit::time, 6e4},
    UnitWord{"m", Unit::time, 6e4},          UnitWord{"hours", Unit::time, 3.6e6}, UnitWord{"hour", Unit::time, 3.6e6},
    UnitWord{"h", Unit::time, 3.6e6},        UnitWord{"days", Unit::time, 8.64e7}, UnitWord{"day", Unit::time, 8.64e7},
    UnitWord{"d", Unit::time, 8.64e7},       UnitWord{"%", Unit::percent, 1},      UnitWord{"percent", Unit::percent, 1},
    UnitWord{"x", Unit::times, 1},           UnitWord{"\xC3\x97", Unit::times, 1}, UnitWord{"fold", Unit::times, 1},
    UnitWord{"kB", Unit::bytes, 1e3},        UnitWord{"MB", Unit::bytes, 1e6},     UnitWord{"GB", Unit::bytes, 1e9},
    UnitWord{"B", Unit::bytes, 1},           UnitWord{"k", Unit::none, 1e3},       UnitWord{"M", Unit::none, 1e6}};

void read_unit(std::string_view text, std::size_t& at, Number& number) {
    std::size_t from = at;
    if (from < text.size() && (text[from] == ' ' || text[from] == '-')) {
        ++from;
    }
    for (const auto& unit : unit_words) {
        const std::string_view word = unit.word;
        const auto end = from + word.size();
        const bool whole = end >= text.size() || std::isalnum(static_cast<unsigned char>(text[end])) == 0;
        const bool apart_ok =
            from == at || word.size() > 1 || word == "%" || word == "s" || word == "h" || word == "d" || word == "B" || word == "x";
        if (text.substr(from, word.size()) == word && whole && apart_ok) {
            number.unit = unit.unit;
            number.value *= unit.factor;
            number.step *= unit.factor;
            at = end;
            return;
        }
    }
}

/// Numbers that stand alone: not parts of names (v412, p95, E7, a hash).
std::vector<Number> numbers_in(std::string_view text) {
    std::vector<Number> found;
    for (std::size_t i = 0; i < text.size();) {
        const bool digit = std::isdigit(static_cast<unsigned char>(text[i])) != 0;
        const bool starts =
            digit && (i == 0 || (std::isalnum(static_cast<unsigned char>(text[i - 1])) == 0 && text[i - 1] != '_' && text[i - 1] != '#' &&
                                 !(text[i - 1] == '-' && i > 1 && std::isalnum(static_cast<unsigned char>(text[i - 2])) != 0)));
        if (!starts) {
            if (digit) {  // within a name: pass all of it
                while (i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) != 0 || text[i] == '_')) {
                    ++i;
                }
            } else {
                ++i;
            }
            continue;
        }
        const std::size_t begin = i;
        std::string digits;
        std::size_t decimals = 0;
        bool point = false;
        bool colon = false;
        bool dash = false;
        for (; i < text.size(); ++i) {
            const char c = text[i];
            const bool more = i + 1 < text.size() && std::isdigit(static_cast<unsigned char>(text[i + 1])) != 0;
            if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
                digits += c;
                decimals += point ? 1 : 0;
            } else if (c == '.' && more && !point) {
                digits += c;
                point = true;
            } else if (c == ',' && more && i + 3 < text.size() && std::isdigit(static_cast<unsigned char>(text[i + 3])) != 0) {
                continue;
            } else if ((c == ':' || c == '-' || c == 'T') && more) {
                colon = colon || c == ':';
                dash = dash || c == '-';
                digits += c;
            } else {
                break;
            }
        }
        Number number;
        number.text = std::string(text.substr(begin, i - begin));
        const auto first_colon = digits.find(':');
        if (colon && first_colon != std::string::npos && first_colon >= 2) {  // a time of day, with or without a date
            const auto hour = digits.substr(first_colon - 2);
            number.clock = true;
            number.value = std::atoi(hour.c_str()) * 3600 + std::atoi(hour.c_str() + 3) * 60;
            const bool with_seconds = hour.size() >= 8 && hour[5] == ':';
            number.value += with_seconds ? std::atoi(hour.c_str() + 6) : 0;
            number.step = with_seconds ? 1 : 60;
            found.push_back(number);
            continue;
        }
        if (dash || colon) {
            continue;  // a date or a range of something: not a measure
        }
        number.value = std::strtod(digits.c_str(), nullptr);
        number.step = 0.5 * std::pow(10.0, -static_cast<double>(decimals));
        if (i < text.size() && (std::isalpha(static_cast<unsigned char>(text[i])) != 0 || text[i] == '%' || text[i] == ' ' ||
                                text[i] == '-' || text[i] == '\xC3')) {
            read_unit(text, i, number);
        }
        if (i < text.size() && (std::isalpha(static_cast<unsigned char>(text[i])) != 0 || text[i] == '_')) {
            while (i < text.size() && std::isalnum(static_cast<unsigned char>(text[i])) != 0) {
                ++i;
            }
            continue;  // "4f1c2aa", "3rd"
        }
        found.push_back(number);
    }
    return found;
}

bool near(double claimed, double actual, double step) {
    return std::abs(claimed - actual) <= std::max(0.05 * std::abs(actual), step * 1.0001);
}

struct Facts {
    std::vector<Number> numbers;                // as written in texts, with their units
    std::vector<double> bare;                   // Evidence::numbers: no unit
    std::vector<std::vector<double>> per_item;  // what may be divided and subtracted
    std::vector<double> moments;                // seconds since the epoch
};

Facts facts_of(const Cited& cited) {
    Facts facts;
    for (const auto* item : cited) {
        std::vector<double> own;
        for (const auto& [name, value] : item->numbers) {
            facts.bare.push_back(value);
            if (name != "z" && name != "spans") {
                own.push_back(value);
            }
        }
        facts.per_item.push_back(std::move(own));
        for (auto& number : numbers_in(item->text)) {
            facts.numbers.push_back(std::move(number));
        }
        for (const auto& quote : item->quotes) {
            for (auto& number : numbers_in(quote)) {
                facts.numbers.push_back(std::move(number));
            }
        }
        for (const auto moment : {item->from, item->to}) {
            if (moment != Timestamp{}) {
                facts.moments.push_back(static_cast<double>(to_seconds(moment)));
            }
        }
    }
    return facts;
}

bool clock_supported(const Number& claim, const Facts& facts) {
    constexpr double day = 86400;
    const auto close = [&claim](double seconds) {
        const double gap = std::abs(std::fmod(seconds, day) - claim.value);
        return std::min(gap, day - gap) <= 60;
    };
    return std::any_of(facts.moments.begin(), facts.moments.end(), close) ||
           std::any_of(facts.numbers.begin(), facts.numbers.end(), [&](const Number& n) { return n.clock && close(n.value); });
}

/// A difference, ratio or relative change of two numbers of one item, or the time between two items.
bool derivable(const Number& claim, const Facts& facts) {
    for (const auto& own : facts.per_item) {
        for (const double& a : own) {
            for (const double& b : own) {
                if (&a == &b) {
                    continue;
                }
                const bool ratio =
                    b != 0 && (claim.unit == Unit::times || claim.unit == Unit::none) && near(claim.value, a / b, claim.step);
                const bool change =
                    b != 0 && claim.unit == Unit::percent && near(claim.value, std::abs(a - b) / std::abs(b) * 100, claim.step);
                const bool gap = claim.unit != Unit::times && a > b && near(claim.value, a - b, claim.step);
                const bool share = b != 0 && claim.unit == Unit::percent && a < b && near(claim.value, a / b * 100, claim.step);
                if (ratio || change || gap || share) {
                    return true;
                }
            }
        }
    }
    if (claim.unit == Unit::time) {
        for (const double a : facts.moments) {
            for (const double b : facts.moments) {
                if (std::abs((a - b) * 1000 - claim.value) <= std::max({claim.step, 0.05 * claim.value, claim.value >= 6e4 ? 45e3 : 1e3})) {
                    return true;
                }
            }
        }
    }
    return false;
}

bool number_supported(const Number& claim, const Facts& facts) {
    if (claim.clock) {
        return clock_supported(claim, facts);
    }
    for (const auto& number : facts.numbers) {
        const bool comparable =
            number.unit == claim.unit || number.unit == Unit::none || claim.unit == Unit::none || claim.unit == Unit::times;
        if (!number.clock && comparable && near(claim.value, number.value, claim.step)) {
            return true;
        }
    }
    for (const double value : facts.bare) {
        const bool as_time =
            claim.unit == Unit::time && (near(claim.value, value, claim.step) || near(claim.value, value * 1e3, claim.step) ||
                                         near(claim.value, value * 6e4, claim.step));
        const bool as_share = claim.unit == Unit::percent && near(claim.value, value * 100, claim.step);
        if (near(claim.value, value, claim.step) || as_time || as_share) {
            return true;
        }
    }
    return derivable(claim, facts);
}

/// The text without what stands between quotation marks: that is checked as a quote.
std::string without_quotes(const std::string& text) {
    std::string out;
    bool quoted = false;
    for (const char c : text) {
        quoted = c == '"' || c == '`' ? !quoted : quoted;
        out += quoted ? ' ' : c;
    }
    return quoted ? text : out;
}

}  // namespace

std::optional<std::string> check_numbers(const std::string& text, const std::vector<const Evidence*>& cited) {
    const auto facts = facts_of(cited);
    for (const auto& claim : numbers_in(without_quotes(text))) {
        const bool counting = !claim.clock && claim.unit == Unit::none && claim.value <= 2 && claim.value == std::floor(claim.value);
        if (!counting && !number_supported(claim, facts)) {
            return "number: " + claim.text + " is not in the cited evidence";
        }
    }
    return std::nullopt;
}

}  // namespace gumshoe
