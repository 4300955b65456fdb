// What a statement says, compared with what its evidence says.
#include "analysis/claim_checks.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <set>

#include "base/text.hpp"
#include "evidence/log_patterns.hpp"
#include "evidence/text_rank.hpp"

namespace gumshoe {

namespace {

using Cited = std::vector<const Evidence*>;

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' || c == '/';
}

std::string said_by(const Evidence& item) {
    std::string all = item.entity + '\n' + item.text + '\n' + item.change_id + '\n';
    for (const auto& quote : item.quotes) {
        all += quote + '\n';
    }
    return all;
}

std::string said_by(const Cited& cited) {
    std::string all;
    for (const auto* item : cited) {
        all += said_by(*item);
    }
    return all;
}

/// `name` in `text` with no word character around it; dots and dashes at its end are punctuation.
std::size_t find_name(std::string_view text, std::string_view name, std::size_t from = 0) {
    for (auto at = text.find(name, from); at != std::string_view::npos; at = text.find(name, at + 1)) {
        const bool left = at == 0 || !is_word(text[at - 1]) || text[at - 1] == '/' || text[at - 1] == '.';
        const auto end = at + name.size();
        const bool right = end >= text.size() || !is_word(text[end]) ||
                           ((text[end] == '.' || text[end] == '-' || text[end] == '/') &&
                            (end + 1 >= text.size() || std::isalnum(static_cast<unsigned char>(text[end + 1])) == 0)) ||
                           text[end] == '/';
        if (left && right) {
            return at;
        }
    }
    return std::string_view::npos;
}

/// A token that can only be the name of a thing: a hash, a file, something-service, a pod.
bool names_a_thing(const std::string& token) {
    const bool digits = std::any_of(token.begin(), token.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    const bool letters = std::any_of(token.begin(), token.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
    const bool hex = std::all_of(token.begin(), token.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
    if (hex && digits && letters && token.size() >= 7) {
        return true;
    }
    for (const std::string_view ending : {"-service", "-svc", "-api", "-db", "-worker", "-gateway", "service"}) {
        if (token.size() > ending.size() && token.ends_with(ending) && token != "microservice") {
            return true;
        }
    }
    for (const std::string_view ending :
         {".c", ".cc", ".cpp", ".go", ".py", ".java", ".js", ".ts", ".rb", ".rs", ".yaml", ".yml", ".sql", ".json"}) {
        if (token.size() > ending.size() && token.ends_with(ending)) {
            return true;
        }
    }
    return false;
}

std::vector<std::string> tokens_of(std::string_view text) {
    std::vector<std::string> tokens;
    std::string token;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && is_word(text[i])) {
            token += text[i];
            continue;
        }
        while (!token.empty() && std::string_view(".-/").find(token.back()) != std::string_view::npos) {
            token.pop_back();
        }
        if (!token.empty()) {
            tokens.push_back(token);
        }
        token.clear();
    }
    return tokens;
}

// Numbers

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
        for (const double a : own) {
            for (const double b : own) {
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

std::optional<std::string> numbers(const std::string& text, const Cited& cited) {
    const auto facts = facts_of(cited);
    for (const auto& claim : numbers_in(without_quotes(text))) {
        const bool counting = !claim.clock && claim.unit == Unit::none && claim.value <= 2 && claim.value == std::floor(claim.value);
        if (!counting && !number_supported(claim, facts)) {
            return "number: " + claim.text + " is not in the cited evidence";
        }
    }
    return std::nullopt;
}

// Direction

bool has_word(const std::vector<std::string>& tokens, std::initializer_list<const char*> words) {
    return std::any_of(tokens.begin(), tokens.end(), [&words](const std::string& token) {
        return std::any_of(words.begin(), words.end(), [&token](const char* word) { return token == word; });
    });
}

std::optional<std::string> direction(const std::string& text, const Cited& cited) {
    const auto tokens = tokens_of(to_lower(text));
    const bool up = has_word(tokens, {"rose", "rises", "rise", "rising", "increase", "increased", "increases", "spike", "spiked", "spikes",
                                      "climbed", "jumped", "surge", "surged", "grew", "higher", "slower", "elevated"});
    const bool down = has_word(tokens, {"fell", "falls", "fall", "drop", "dropped", "drops", "decrease", "decreased", "decline", "declined",
                                        "dipped", "lower", "faster", "vanished", "disappeared"});
    bool any_up = false;
    bool any_down = false;
    bool any_new = false;
    for (const auto* item : cited) {
        any_down = any_down || item->signal == "drop" || item->signal == "vanished";
        any_up = any_up || item->signal == "rise" || item->signal == "surge" || item->signal == "new" || item->signal == "slow" ||
                 item->signal == "error";
        const auto before = item->numbers.find("before");
        any_new = any_new || item->signal == "new" || item->kind == EvidenceKind::change ||
                  (before != item->numbers.end() && before->second == 0);
    }
    if (up && !down && any_down && !any_up) {
        return "direction: the cited evidence fell";
    }
    if (down && !up && any_up && !any_down) {
        return "direction: the cited evidence rose";
    }
    const std::string lower = to_lower(text);
    const bool novel = lower.find("never seen") != std::string::npos || lower.find("first seen") != std::string::npos ||
                       lower.find("not seen before") != std::string::npos || lower.find("brand new") != std::string::npos ||
                       lower.find("new error") != std::string::npos;
    if (novel && (any_up || any_down) && !any_new) {
        return "direction: the cited evidence is not new";
    }
    return std::nullopt;
}

// Order in time

/// Which side of a word each cited item is spoken of; items that fit neither better are left out.
void split_by_side(std::string_view left, std::string_view right, const Cited& cited, Cited& on_left, Cited& on_right) {
    const auto words = [](std::string_view side) {
        auto terms = terms_of(side);
        return std::set<std::string>(terms.begin(), terms.end());
    };
    const auto in_left = words(left);
    const auto in_right = words(right);
    for (const auto* item : cited) {
        auto terms = terms_of(item->text + ' ' + item->aspect);
        if (item->kind == EvidenceKind::change) {
            for (const char* word : {"deploy", "deployed", "deployment", "release", "change", "commit", "merge", "merged", "rollout"}) {
                terms.emplace_back(word);
            }
        }
        int l = 0;
        int r = 0;
        for (const auto& term : std::set<std::string>(terms.begin(), terms.end())) {
            l += in_left.contains(term) && !in_right.contains(term) ? 1 : 0;
            r += in_right.contains(term) && !in_left.contains(term) ? 1 : 0;
        }
        if (l > r) {
            on_left.push_back(item);
        } else if (r > l) {
            on_right.push_back(item);
        }
    }
}

std::optional<std::string> time_order(const std::string& text, const Cited& cited) {
    struct Word {
        const char* word;
        bool left_first;
    };
    constexpr std::array words{Word{" after ", false},    Word{" following ", false}, Word{" before ", true},     Word{" caused ", true},
                               Word{" triggered ", true}, Word{" led to ", true},     Word{" followed by ", true}};
    const std::string lower = to_lower(text);
    for (const auto& word : words) {
        const auto at = lower.find(word.word);
        if (at == std::string::npos) {
            continue;
        }
        Cited left;
        Cited right;
        split_by_side(std::string_view(lower).substr(0, at), std::string_view(lower).substr(at + std::string_view(word.word).size()), cited,
                      left, right);
        const auto& first = word.left_first ? left : right;
        const auto& second = word.left_first ? right : left;
        for (const auto* earlier : first) {
            for (const auto* later : second) {
                constexpr auto slack = std::chrono::seconds(60);  // a scrape interval
                const bool known = earlier->from != Timestamp{} && later->from != Timestamp{};
                if (known && earlier->from > later->from + slack) {
                    return "order: " + earlier->id + " is later than " + later->id;
                }
            }
        }
        return std::nullopt;
    }
    return std::nullopt;
}

// Quotes

std::string folded(std::string_view text) {
    std::string masked;
    mask_variables(text, masked);
    return to_lower(masked);
}

std::optional<std::string> quotes(const std::string& text, const Cited& cited) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> marks{
        {{"\"", "\""}, {"\xE2\x80\x9C", "\xE2\x80\x9D"}, {"`", "`"}}};
    const std::string said = to_lower(said_by(cited));
    const std::string masked = folded(said);
    for (const auto& [open, close] : marks) {
        for (auto at = text.find(open); at != std::string::npos;) {
            const auto begin = at + open.size();
            const auto end = text.find(close, begin);
            if (end == std::string::npos) {
                break;
            }
            const std::string quote(trim(std::string_view(text).substr(begin, end - begin)));
            constexpr std::size_t shortest = 3;
            if (quote.size() >= shortest && said.find(to_lower(quote)) == std::string::npos &&
                masked.find(folded(quote)) == std::string::npos) {
                return "quote: \"" + truncate(quote, 60) + "\" is not in the cited evidence";
            }
            at = text.find(open, end + close.size());
        }
    }
    return std::nullopt;
}

}  // namespace

ClaimChecker::ClaimChecker(const std::vector<Evidence>& evidence) {
    std::set<std::string> names;
    for (const auto& item : evidence) {
        if (item.entity.size() >= 3) {
            names.insert(to_lower(item.entity));
        }
        everything_ += to_lower(said_by(item));
    }
    names_.assign(names.begin(), names.end());
    std::sort(names_.begin(), names_.end(),
              [](const std::string& a, const std::string& b) { return a.size() != b.size() ? a.size() > b.size() : a < b; });
}

std::optional<std::string> ClaimChecker::entities(const std::string& text, const std::vector<const Evidence*>& cited) const {
    std::string rest = to_lower(text);
    const std::string said = to_lower(said_by(cited));
    for (const auto& name : names_) {
        for (auto at = find_name(rest, name); at != std::string::npos; at = find_name(rest, name, at)) {
            if (find_name(said, name) == std::string::npos) {
                return "entity: " + name + " is not in the cited evidence";
            }
            rest.replace(at, name.size(), std::string(name.size(), ' '));  // not again as a part of a longer word
        }
    }
    for (const auto& token : tokens_of(rest)) {
        if (names_a_thing(token) && everything_.find(token) == std::string::npos) {
            return "entity: " + token + " is nowhere in the evidence";
        }
    }
    return std::nullopt;
}

std::optional<std::string> ClaimChecker::check(const std::string& text, const std::vector<const Evidence*>& cited) const {
    if (cited.empty()) {
        return "no evidence cited";
    }
    if (auto failed = entities(text, cited)) {
        return failed;
    }
    if (auto failed = numbers(text, cited)) {
        return failed;
    }
    if (auto failed = direction(text, cited)) {
        return failed;
    }
    if (auto failed = time_order(text, cited)) {
        return failed;
    }
    return quotes(text, cited);
}

}  // namespace gumshoe
