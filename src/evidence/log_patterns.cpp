// Drain with one configuration for all sources: similarity 0.5, two leading tokens, words of outcome never merged away.
#include "evidence/log_patterns.hpp"

#include <array>
#include <cstring>
#include <deque>
#include <unordered_map>
#include <vector>

#include "base/text.hpp"

namespace gumshoe {

namespace {

constexpr std::string_view wildcard = "<*>";
constexpr double similar_enough = 0.5;
constexpr std::size_t max_patterns = 10'000;
constexpr std::size_t longest_line = 2'000;  // what a pattern is made of; the rest of a longer line is cut
constexpr std::size_t long_quote = 40;

enum CharClass : std::uint8_t { other = 0, digit = 1, hex_letter = 2, letter = 4, underscore = 8 };

constexpr std::array<std::uint8_t, 256> classes = [] {
    std::array<std::uint8_t, 256> table{};
    for (std::size_t c = '0'; c <= '9'; ++c) {
        table[c] = digit;
    }
    for (std::size_t c = 'a'; c <= 'z'; ++c) {
        table[c] = c <= 'f' ? hex_letter : letter;
        table[c - 'a' + 'A'] = c <= 'f' ? hex_letter : letter;
    }
    table['_'] = underscore;
    return table;
}();

std::uint8_t class_of(char c) {
    return classes[static_cast<unsigned char>(c)];
}

bool ends_with(const std::string& text, std::string_view tail) {
    return text.size() >= tail.size() && std::memcmp(text.data() + text.size() - tail.size(), tail.data(), tail.size()) == 0;
}

/// Whether a run of letters, digits and underscores is a variable part. `out` is what stands before it.
bool is_variable(std::string_view run, std::uint8_t seen, std::size_t digits, const std::string& out) {
    if ((seen & digit) == 0) {
        return false;
    }
    const std::size_t letters = run.size() - digits;
    if (letters == 0) {
        // A source location: Class#43, file.cc:120. Its number names a place in the code, not a value.
        const char before = out.empty() ? ' ' : out.back();
        if (out.size() >= 2 && run.size() <= 5 && (before == '#' || before == ':')) {
            const char last = out[out.size() - 2];
            const auto dot = out.find_last_of(". /", out.size() - 2);
            const bool extension = before == ':' && dot != std::string::npos && out[dot] == '.' && out.size() - dot <= 6;
            if ((class_of(last) & (letter | hex_letter)) != 0 && (before == '#' || extension)) {
                return false;
            }
        }
        return true;
    }
    const bool hex = (seen & (letter | underscore)) == 0;
    if (hex && run.size() >= 8) {
        return true;
    }
    if (hex && (run.size() == 4 || run.size() == 12) && ends_with(out, "<*>-")) {
        return true;  // a UUID's later groups
    }
    if ((class_of(run[0]) & digit) != 0 && (letters <= 3 || (run.size() > 2 && (run[1] == 'x' || run[1] == 'X')))) {
        return true;  // 12ms, 29T08, 0x7f
    }
    return run.size() >= 16 && digits >= 4;  // an identifier
}

void put_wildcard(std::string& out) {
    // "10.0.0.1:80", "2026-01-29T08:43:04", "-5": one value, one wildcard.
    if (out.size() >= wildcard.size() + 1 && std::strchr(".:,-/+", out.back()) != nullptr &&
        std::memcmp(out.data() + out.size() - wildcard.size() - 1, wildcard.data(), wildcard.size()) == 0) {
        out.pop_back();
        return;
    }
    if (!out.empty() && out.back() == '-' && (out.size() == 1 || out[out.size() - 2] == ' ' || out[out.size() - 2] == '=')) {
        out.pop_back();
    }
    out += wildcard;
}

std::uint64_t hash_of(std::string_view text, std::uint64_t seed) {
    std::uint64_t hash = seed ^ 0x9E3779B97F4A7C15ULL;
    std::size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + i, 8);
        hash = (hash ^ word) * 0xFF51AFD7ED558CCDULL;
        hash ^= hash >> 32U;
    }
    for (; i < text.size(); ++i) {
        hash = (hash ^ static_cast<unsigned char>(text[i])) * 0x100000001B3ULL;
    }
    return hash ^ (hash >> 29U);
}

void tokenise(std::string_view masked, std::vector<std::string_view>& tokens) {
    tokens.clear();
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= masked.size(); ++i) {
        const bool end = i == masked.size() || masked[i] == ' ';
        const bool assignment = !end && masked[i] == '=';
        if (end || assignment) {
            const std::size_t stop = assignment ? i + 1 : i;
            if (stop > begin) {
                tokens.push_back(masked.substr(begin, stop - begin));
            }
            begin = i + 1;
        }
    }
}

}  // namespace

void mask_variables(std::string_view line, std::string& out) {
    out.clear();
    line = line.substr(0, longest_line);
    for (std::size_t i = 0; i < line.size();) {
        const char c = line[i];
        const auto kind = class_of(c);
        if (kind != other) {
            std::uint8_t seen = 0;
            std::size_t digits = 0;
            std::size_t end = i;
            for (; end < line.size(); ++end) {
                const auto k = class_of(line[end]);
                if (k == other) {
                    break;
                }
                seen |= k;
                digits += k & digit;
            }
            const auto run = line.substr(i, end - i);
            if (is_variable(run, seen, digits, out)) {
                put_wildcard(out);
            } else {
                out += run;
            }
            i = end;
            continue;
        }
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            if (!out.empty() && out.back() != ' ') {
                out += ' ';
            }
            ++i;
            continue;
        }
        if (c == '"') {
            const auto close = line.find('"', i + 1);
            if (close != std::string_view::npos && close - i > long_quote) {
                out += "\"<*>\"";
                i = close + 1;
                continue;
            }
        }
        if (c == '?' && i + 1 < line.size() && class_of(line[i + 1]) != other && i > 0 && line[i - 1] != ' ') {
            const auto end = line.find_first_of(" \"'", i);
            const auto query = line.substr(i, end - i);
            if (query.find('=') != std::string_view::npos) {
                out += "?<*>";
                i += query.size();
                continue;
            }
        }
        out += c;
        ++i;
    }
    if (!out.empty() && out.back() == ' ') {
        out.pop_back();
    }
}

struct LogPatterns::Tree {
    struct Pattern {
        std::vector<std::uint32_t> tokens;
    };

    std::vector<std::string_view> words{wildcard};  // by token id; 0 is the wildcard
    std::vector<std::uint8_t> outcome{0};           // by token id: a word that tells success from failure
    std::deque<std::string> word_storage;
    std::unordered_map<std::string_view, std::uint32_t> word_ids{{wildcard, 0}};

    std::vector<Pattern> patterns;
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> leaves;  // (group, length, two tokens) -> patterns
    std::unordered_map<std::uint64_t, std::uint32_t> known;                // masked line -> pattern
    std::unordered_map<std::uint64_t, std::uint32_t> overflow;             // group -> its pattern for the rest
    std::string masked;
    std::vector<std::string_view> split;
    std::vector<std::uint32_t> tokens;

    std::uint32_t word_id(std::string_view word) {
        const auto at = word_ids.find(word);
        if (at != word_ids.end()) {
            return at->second;
        }
        constexpr std::array outcomes{"fail",    "error",   "exception", "succe", "timeout",  "refused", "denied",
                                      "invalid", "missing", "reject",    "ok",    "accepted", "started", "stopped",
                                      "up",      "down",    "not",       "no",    "abort",    "expired"};
        const auto id = static_cast<std::uint32_t>(words.size());
        const auto& stored = word_storage.emplace_back(word);
        const std::string lower = to_lower(word);
        std::uint8_t tells = 0;
        for (const std::string_view candidate : outcomes) {
            const auto found = lower.find(candidate);
            tells |= static_cast<std::uint8_t>(candidate.size() > 4 ? found != std::string::npos
                                                                    : lower == candidate || (candidate.size() == 4 && found == 0));
        }
        words.emplace_back(stored);
        // A source location is an identity as well.
        const auto mark = word.find('#');
        tells |=
            static_cast<std::uint8_t>(mark != std::string_view::npos && mark + 1 < word.size() && (class_of(word[mark + 1]) & digit) != 0);
        outcome.push_back(tells);
        word_ids.emplace(stored, id);
        return id;
    }

    /// Share of the line's own words that the pattern has too; 0 where an outcome differs.
    double similarity(const Pattern& pattern) const {
        std::size_t equal = 0;
        std::size_t fixed = 0;
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            const auto mine = pattern.tokens[i];
            const auto theirs = tokens[i];
            fixed += theirs != 0 ? 1 : 0;
            if (mine == theirs) {
                equal += mine != 0 ? 1 : 0;
                continue;
            }
            if (outcome[mine] != 0 || outcome[theirs] != 0) {
                return 0;
            }
        }
        return fixed == 0 ? 1.0 : static_cast<double>(equal) / static_cast<double>(fixed);
    }

    std::uint32_t place(std::uint64_t group, std::uint64_t leaf_key) {
        auto& leaf = leaves[leaf_key];
        std::uint32_t best = 0;
        double best_similarity = -1;
        for (const auto candidate : leaf) {
            const double s = similarity(patterns[candidate]);
            if (s > best_similarity) {
                best_similarity = s;
                best = candidate;
            }
        }
        if (best_similarity >= similar_enough) {
            auto& merged = patterns[best].tokens;
            for (std::size_t i = 0; i < tokens.size(); ++i) {
                if (merged[i] != tokens[i]) {
                    merged[i] = 0;
                }
            }
            return best;
        }
        if (patterns.size() >= max_patterns) {
            const auto [at, fresh] = overflow.try_emplace(group, static_cast<std::uint32_t>(patterns.size()));
            if (fresh) {
                patterns.push_back({{0}});
            }
            return at->second;
        }
        leaf.push_back(static_cast<std::uint32_t>(patterns.size()));
        patterns.push_back({tokens});
        return leaf.back();
    }
};

LogPatterns::LogPatterns() : tree_(std::make_unique<Tree>()) {}
LogPatterns::LogPatterns(LogPatterns&&) noexcept = default;
LogPatterns::~LogPatterns() = default;

std::uint32_t LogPatterns::add(std::string_view group, std::string_view line) {
    auto& tree = *tree_;
    const auto group_hash = hash_of(group, 1);
    mask_variables(line, tree.masked);
    const auto line_hash = hash_of(tree.masked, group_hash);
    if (const auto at = tree.known.find(line_hash); at != tree.known.end()) {
        return at->second;
    }
    tokenise(tree.masked, tree.split);
    tree.tokens.clear();
    for (const auto token : tree.split) {
        tree.tokens.push_back(token.find(wildcard) != std::string_view::npos && token.size() <= wildcard.size() + 2 ? 0
                                                                                                                    : tree.word_id(token));
    }
    auto leaf =
        hash_of({reinterpret_cast<const char*>(tree.tokens.data()), std::min<std::size_t>(tree.tokens.size(), 2) * sizeof(std::uint32_t)},
                group_hash + tree.tokens.size());
    const auto pattern = tree.place(group_hash, leaf);
    constexpr std::size_t max_known = 200'000;
    if (tree.known.size() >= max_known) {
        tree.known.clear();
    }
    tree.known.emplace(line_hash, pattern);
    return pattern;
}

std::size_t LogPatterns::size() const {
    return tree_->patterns.size();
}

std::string LogPatterns::text(std::uint32_t pattern) const {
    std::string out;
    for (const auto token : tree_->patterns.at(pattern).tokens) {
        if (!out.empty() && out.back() != '=') {
            out += ' ';
        }
        out += tree_->words[token];
    }
    return out;
}

std::string readable_pattern(std::string_view pattern) {
    constexpr std::array levels{"trace", "debug", "info", "notice", "warn", "warning", "error", "err", "fatal", "critical"};
    std::vector<std::string> kept;
    bool leading = true;
    const auto words = split(pattern, ' ');
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string lower = to_lower(trim(words[i]));
        std::string bare = lower;
        while (!bare.empty() && std::strchr("[]():,|-", bare.back()) != nullptr) {
            bare.pop_back();
        }
        while (!bare.empty() && std::strchr("[](", bare.front()) != nullptr) {
            bare.erase(0, 1);
        }
        bool level = false;
        for (const char* name : levels) {
            level = level || bare == name;
        }
        if (leading && (bare.empty() || bare == wildcard || level)) {
            continue;
        }
        const bool id_key =
            bare == "traceid" || bare == "spanid" || bare == "trace_id" || bare == "span_id" || bare == "traceid=" || bare == "spanid=";
        if (id_key && i + 1 < words.size() && words[i + 1].find(wildcard) != std::string::npos) {
            ++i;
            continue;
        }
        leading = false;
        kept.push_back(words[i]);
    }
    return kept.empty() ? std::string(pattern) : join(kept, " ");
}

}  // namespace gumshoe
