// Runbooks: local Markdown files, matched by words, never by anything an alert could use as a path.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/text.hpp"
#include "investigation/own_sources.hpp"

namespace gumshoe {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t file_bytes = 256 * 1024;
constexpr std::size_t most_files = 1000;
constexpr std::size_t excerpt_bytes = 500;

std::set<std::string> words_of(std::string_view text) {
    std::set<std::string> words;
    std::string word;
    for (const char c : to_lower(text) + " ") {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
            word += c;
            continue;
        }
        if (word.size() >= 4) words.insert(word);
        word.clear();
    }
    return words;
}

struct Match {
    std::size_t score = 0;
    Fact fact;
};

class Runbooks final : public Source {
public:
    explicit Runbooks(std::string directory) : directory_(std::move(directory)) {}

    std::string_view name() const override { return "runbooks"; }

    std::vector<Query> plan(const Subject& subject) const override {
        Query query;
        query.source = "runbooks";
        query.id = "runbooks/matching";
        query.kind = QueryKind::history;
        query.entity = subject.alert.service;
        query.window = subject.incident;
        query.arguments["title"] = subject.alert.title;
        return {query};
    }

    task<Fetched> fetch(Query query, Deadline) override {
        std::error_code failed;
        std::vector<Match> matches;
        std::size_t seen = 0;
        for (const auto& entry : fs::recursive_directory_iterator(directory_, failed)) {
            if (!entry.is_regular_file() || entry.path().extension() != ".md" || ++seen > most_files) continue;
            matches.push_back(score(entry.path(), query));
        }
        if (failed) co_return Error{errc::not_found, "cannot read the runbook directory " + directory_ + ": " + failed.message()};
        std::sort(matches.begin(), matches.end(),
                  [](const Match& a, const Match& b) { return a.score != b.score ? a.score > b.score : a.fact.text < b.fact.text; });
        Fetched fetched;
        fetched.query_text = "runbooks about " + query.entity;
        for (Match& match : matches) {
            if (match.score == 0 || fetched.records.facts.size() == 3) break;
            fetched.records.facts.push_back(std::move(match.fact));
        }
        co_return fetched;
    }

    task<std::string> probe(Deadline) override {
        if (!fs::is_directory(directory_)) co_return Error{errc::not_found, "no such directory: " + directory_};
        co_return directory_;
    }

private:
    Match score(const fs::path& path, const Query& query) const {
        std::ifstream in(path, std::ios::binary);
        std::string bytes(file_bytes, '\0');
        in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        bytes.resize(static_cast<std::size_t>(in.gcount()));
        const std::string text = strip_invisible(sanitize_utf8(bytes));
        Match match;
        const std::string name = path.stem().string();
        if (!query.entity.empty() && (icontains(name, query.entity) || icontains(text, query.entity))) match.score += 5;
        const auto known = words_of(name + " " + text);
        for (const std::string& word : words_of(query.arguments.at("title"))) match.score += known.contains(word) ? 1 : 0;
        if (match.score < 3) match.score = 0;  // one shared word is chance
        match.fact.entity = query.entity;
        match.fact.text = "runbook " + path.lexically_relative(directory_).string() + ": " + truncate(trim(text), excerpt_bytes);
        match.fact.at = query.window.to;
        return match;
    }

    std::string directory_;
};

}  // namespace

std::unique_ptr<Source> make_runbooks(std::string directory) {
    return std::make_unique<Runbooks>(std::move(directory));
}

}  // namespace gumshoe
