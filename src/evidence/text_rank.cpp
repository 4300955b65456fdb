// BM25 (k1 1.2, b 0.5: the length of a path list says little). What a query repeats counts for more, logarithmically.
#include "evidence/text_rank.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <set>

namespace gumshoe {

namespace {

constexpr double k1 = 1.2;
constexpr double b = 0.5;

bool is_stop_word(std::string_view word) {
    constexpr std::array words{"and",   "are",   "but",  "can",     "for",     "from",    "had",    "has",   "have",  "into",
                               "its",   "not",   "that", "the",     "then",    "there",   "this",   "was",   "were",  "when",
                               "which", "while", "will", "with",    "without", "would",   "should", "been",  "being", "does",
                               "did",   "due",   "any",  "all",     "also",    "than",    "they",   "them",  "these", "those",
                               "our",   "out",   "per",  "via",     "you",     "may",     "might",  "other", "some",  "such",
                               "only",  "case",  "same", "because", "could",   "however", "since",  "now"};
    return std::find(words.begin(), words.end(), word) != words.end();
}

void add_word(std::string word, std::vector<std::string>& out) {
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const bool number = std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (word.size() > 2 && !number && !is_stop_word(word)) {
        out.push_back(std::move(word));
    }
}

/// One run of letters, digits and underscores: itself where it has parts, and its parts.
void add_identifier(std::string_view run, std::vector<std::string>& out) {
    std::string part;
    std::size_t parts = 0;
    for (std::size_t i = 0; i < run.size(); ++i) {
        const auto c = static_cast<unsigned char>(run[i]);
        const bool hump = i > 0 && std::isupper(c) != 0 && std::islower(static_cast<unsigned char>(run[i - 1])) != 0;
        if (c == '_' || hump) {
            parts += part.empty() ? 0 : 1;
            add_word(std::move(part), out);
            part.clear();
        }
        if (c != '_') {
            part += static_cast<char>(c);
        }
    }
    const bool compound = parts > 0;
    add_word(std::move(part), out);
    if (compound) {
        add_word(std::string(run), out);
    }
}

}  // namespace

std::vector<std::string> terms_of(std::string_view text) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < text.size();) {
        std::size_t end = i;
        while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) {
            ++end;
        }
        if (end > i) {
            add_identifier(text.substr(i, end - i), out);
        }
        i = end + 1;
    }
    return out;
}

void TextRank::add(std::string_view document) {
    Document added;
    for (auto& term : terms_of(document)) {
        added.counts[std::move(term)] += 1;
        added.length += 1;
    }
    for (const auto& [term, count] : added.counts) {
        document_frequency_[term] += 1;
    }
    total_length_ += added.length;
    documents_.push_back(std::move(added));
}

double TextRank::rarity(const std::string& term) const {
    const auto at = document_frequency_.find(term);
    const double frequency = at == document_frequency_.end() ? 0 : at->second;
    return std::log(1 + (static_cast<double>(documents_.size()) - frequency + 0.5) / (frequency + 0.5));
}

std::vector<double> TextRank::score(std::string_view query) const {
    std::map<std::string, int> asked;
    for (auto& term : terms_of(query)) {
        asked[std::move(term)] += 1;
    }
    const double average = documents_.empty() ? 1 : std::max(1.0, total_length_ / static_cast<double>(documents_.size()));
    std::vector<double> scores;
    scores.reserve(documents_.size());
    for (const auto& document : documents_) {
        double score = 0;
        for (const auto& [term, times] : asked) {
            const auto at = document.counts.find(term);
            if (at != document.counts.end()) {
                const double count = at->second;
                score += (1 + std::log(times)) * rarity(term) * count * (k1 + 1) / (count + k1 * (1 - b + b * document.length / average));
            }
        }
        scores.push_back(score);
    }
    return scores;
}

std::vector<std::string> TextRank::shared(std::size_t document, std::string_view query, std::size_t most) const {
    std::vector<std::string> found;
    const auto terms = terms_of(query);
    for (const auto& term : std::set<std::string>(terms.begin(), terms.end())) {
        if (documents_.at(document).counts.contains(term)) {
            found.push_back(term);
        }
    }
    std::sort(found.begin(), found.end(), [this](const std::string& x, const std::string& y) {
        const double rx = rarity(x);
        const double ry = rarity(y);
        return rx != ry ? rx > ry : x < y;
    });
    found.resize(std::min(found.size(), most));
    return found;
}

}  // namespace gumshoe
