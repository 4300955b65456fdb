// Runs the built-in analyst over a directory of case files with known causes and prints how often it is right.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analysis/analyst.hpp"
#include "evidence/case_file.hpp"

namespace {

using namespace gumshoe;

struct Score {
    std::vector<std::size_t> entity_ranks;  // 0: not found
    std::vector<std::size_t> change_ranks;
    int kinds_right = 0;
    int kinds = 0;
    double millis = 0;
    double worst_millis = 0;
};

double share_within(const std::vector<std::size_t>& ranks, std::size_t most) {
    const auto hits = std::count_if(ranks.begin(), ranks.end(), [most](std::size_t rank) { return rank > 0 && rank <= most; });
    return ranks.empty() ? 0 : static_cast<double>(hits) / static_cast<double>(ranks.size());
}

double mean_reciprocal(const std::vector<std::size_t>& ranks) {
    double sum = 0;
    for (const auto rank : ranks) {
        sum += rank > 0 ? 1.0 / static_cast<double>(rank) : 0;
    }
    return ranks.empty() ? 0 : sum / static_cast<double>(ranks.size());
}

/// Ties count against us: the rank is one more than all others that score no less.
template <class List, class Matches>
std::size_t rank_in(const List& list, const Matches& matches) {
    for (const auto& one : list) {
        if (!matches(one)) {
            continue;
        }
        std::size_t rank = 1;
        for (const auto& other : list) {
            rank += !matches(other) && other.score >= one.score ? 1 : 0;
        }
        return rank;
    }
    return 0;
}

/// "nezha-ob-08-22-000.case.jsonl.gz" -> "nezha-ob": the name up to its first part with a digit.
std::string group_of(const std::string& name) {
    std::string group;
    std::size_t begin = 0;
    while (begin < name.size()) {
        const auto end = std::min(name.find_first_of("-.", begin), name.size());
        const auto part = name.substr(begin, end - begin);
        if (part.find_first_of("0123456789") != std::string::npos || part == "case") {
            break;
        }
        group += (group.empty() ? "" : "-") + part;
        begin = end + 1;
    }
    return group;
}

void evaluate(const CaseFile& file, const std::string& name, Score& score, bool verbose) {
    const auto begin = std::chrono::steady_clock::now();
    const auto evidence = condense(file.subject, file.records);
    const auto finding = analyse_builtin(file.subject, file.records, evidence);
    const double millis = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    score.millis += millis;
    score.worst_millis = std::max(score.worst_millis, millis);
    const auto& truth = file.truth.front();
    const auto entity = string_or_empty(truth, "entity");
    std::size_t rank = 0;
    if (!entity.empty()) {
        rank = rank_in(finding.suspects, [&entity](const Suspect& s) { return s.entity == entity; });
        score.entity_ranks.push_back(rank);
        if (const auto kind = get_string(truth, "kind")) {
            score.kinds += 1;
            score.kinds_right += !finding.suspects.empty() && finding.suspects.front().kind == *kind ? 1 : 0;
        }
    }
    if (const json* changes = find(truth, "changes"); changes != nullptr && changes->is_array() && !changes->empty()) {
        rank = rank_in(finding.changes, [changes](const RankedChange& c) {
            return std::any_of(changes->begin(), changes->end(), [&c](const json& id) { return id == c.id; });
        });
        score.change_ranks.push_back(rank);
    }
    if (verbose) {
        std::printf("%-38s rank %zu  truth %s %s %s | %s\n", name.c_str(), rank, entity.c_str(), string_or_empty(truth, "kind").c_str(),
                    string_or_empty(truth, "fault").c_str(), finding.summary.c_str());
        for (std::size_t i = 0; i < std::min<std::size_t>(finding.suspects.size(), 4); ++i) {
            const auto& suspect = finding.suspects[i];
            std::printf("    %.2f %s %s", suspect.score, suspect.entity.c_str(), suspect.kind.c_str());
            for (const auto& id : suspect.evidence) {
                for (const auto& item : evidence) {
                    if (item.id == id) {
                        std::printf("\n        %s %.2f %s", id.c_str(), item.mass, item.text.c_str());
                    }
                }
            }
            std::printf("\n");
        }
        for (const auto& item : evidence) {
            if (rank != 1 && item.entity == entity) {
                std::printf("    truth: %.2f %s\n", item.mass, item.text.c_str());
            }
        }
    }
}

void print(const std::map<std::string, Score>& scores) {
    std::printf("%-14s %4s  %6s %6s %6s %6s  %6s  %8s %8s\n", "group", "n", "@1", "@3", "@5", "@10", "MRR", "ms", "worst");
    for (const auto& [group, score] : scores) {
        const bool by_change = score.entity_ranks.empty();
        const auto& ranks = by_change ? score.change_ranks : score.entity_ranks;
        if (ranks.empty()) {
            continue;
        }
        std::printf("%-14s %4zu  %6.3f %6.3f %6.3f %6.3f  %6.3f  %8.1f %8.1f", group.c_str(), ranks.size(), share_within(ranks, 1),
                    share_within(ranks, 3), share_within(ranks, 5), share_within(ranks, 10), mean_reciprocal(ranks),
                    score.millis / static_cast<double>(ranks.size()), score.worst_millis);
        if (score.kinds > 0) {
            std::printf("  kind of the first suspect right: %d/%d", score.kinds_right, score.kinds);
        }
        std::printf("\n");
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: bench_casefiles DIRECTORY [-v] [NAME PART]\n");
        return 2;
    }
    const bool verbose = argc > 2 && std::string(argv[2]) == "-v";
    const std::string only = argc > 3 ? argv[3] : "";
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
        const auto name = entry.path().filename().string();
        if (name.find(".case.jsonl") != std::string::npos && name.find(only) != std::string::npos) {
            paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    std::map<std::string, Score> scores;
    for (const auto& path : paths) {
        const auto file = gumshoe::read_case(path);
        if (!file) {
            std::fprintf(stderr, "%s\n", file.error().message.c_str());
            return 1;
        }
        if (!file->truth.empty()) {
            const auto name = path.filename().string();
            evaluate(*file, name, scores[group_of(name)], verbose);
        }
    }
    print(scores);
    return 0;
}
