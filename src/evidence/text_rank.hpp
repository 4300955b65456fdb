// BM25 over a small set of documents, with identifiers split into their words.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gumshoe {

/// Lower-case words of three letters or more; camelCase and snake_case also by parts; stop words and plain numbers dropped.
std::vector<std::string> terms_of(std::string_view text);

class TextRank {
public:
    void add(std::string_view document);  // documents count from 0
    /// One score a document; a term that the query repeats counts for more, logarithmically.
    std::vector<double> score(std::string_view query) const;
    /// The terms that a document shares with the query, rarest first.
    std::vector<std::string> shared(std::size_t document, std::string_view query, std::size_t most) const;

private:
    double rarity(const std::string& term) const;

    struct Document {
        std::map<std::string, int> counts;
        double length = 0;
    };
    std::vector<Document> documents_;
    std::map<std::string, int> document_frequency_;
    double total_length_ = 0;
};

}  // namespace gumshoe
