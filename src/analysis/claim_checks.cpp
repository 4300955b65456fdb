// What a statement says, compared with what its evidence says.
#include "analysis/claim_checks.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "analysis/claim_numbers.hpp"
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
    if (auto failed = check_numbers(text, cited)) {
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
