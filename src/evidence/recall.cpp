// Ranks messages and past incidents by shared words, service and age.
#include "evidence/recall.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/text.hpp"
#include "evidence/detect.hpp"
#include "evidence/text_rank.hpp"

namespace gumshoe {

namespace {

using std::chrono::hours;

constexpr std::size_t quote_bytes = 300;
constexpr std::size_t most_items = 3;

std::string what_happens(const Subject& subject, const std::vector<Evidence>& items) {
    std::string text = subject.alert.title + ' ' + subject.alert.service;
    std::size_t taken = 0;
    for (const auto& item : items) {
        if (item.kind == EvidenceKind::log && item.mass >= 0.2 && taken < 10) {
            text += ' ' + item.text;
            ++taken;
        }
    }
    return text;
}

Timestamp time_of(const ChatMessage& message) {
    return from_millis(static_cast<std::int64_t>(std::strtod(message.ts.c_str(), nullptr) * 1000));
}

/// Share of the query's best score over what a document that says all of it would reach: 1 is the alert itself.
std::vector<double> relevance(const TextRank& rank, const std::string& query, std::size_t self) {
    auto scores = rank.score(query);
    const double whole = std::max(scores.at(self), 1e-9);
    scores.pop_back();
    for (auto& score : scores) {
        score /= whole;
    }
    return scores;
}

}  // namespace

std::vector<SimilarPast> similar_incidents(const Subject& subject, const Records& records, const std::vector<Evidence>& items,
                                           std::size_t most) {
    const auto query = what_happens(subject, items);
    TextRank rank;
    for (const auto& incident : records.incidents) {
        rank.add(incident.title + ' ' + incident.service + ' ' + incident.cause);
    }
    rank.add(query);
    const auto scores = relevance(rank, query, records.incidents.size());
    std::vector<SimilarPast> found;
    for (std::size_t i = 0; i < records.incidents.size(); ++i) {
        const auto& incident = records.incidents[i];
        const bool same_service = !incident.service.empty() && incident.service == subject.alert.service;
        const bool same_alert = iequals(incident.title, subject.alert.title);
        const double days = std::max(0.0, static_cast<double>((subject.onset - incident.at).count()) / 86'400'000.0);
        const double fresh = 0.5 + 0.5 * std::exp2(-days / 20);
        const double score = (scores[i] + (same_service ? 0.15 : 0) + (same_alert ? 0.35 : 0)) * fresh;
        constexpr double worth_showing = 0.25;
        if (score >= worth_showing) {
            found.push_back({i, std::min(score, 0.99)});
        }
    }
    std::sort(found.begin(), found.end(),
              [](const SimilarPast& a, const SimilarPast& b) { return a.score != b.score ? a.score > b.score : a.index < b.index; });
    found.resize(std::min(found.size(), most));
    return found;
}

std::vector<Evidence> recalled(const Subject& subject, const Records& records, const std::vector<Evidence>& items) {
    std::vector<Evidence> out;
    for (const auto& similar : similar_incidents(subject, records, items, most_items)) {
        const auto& incident = records.incidents[similar.index];
        Evidence item;
        item.kind = EvidenceKind::incident;
        item.entity = incident.service;
        item.signal = "similar";
        item.mass = 0.6 * similar.score;
        item.from = item.to = incident.at;
        item.link = incident.link;
        item.numbers = {{"score", std::round(similar.score * 100) / 100}};
        item.text =
            "similar incident " + in_words(subject.onset - incident.at) + " earlier" + ": \"" + truncate(incident.title, 120) + "\"";
        item.text += incident.cause.empty() ? "" : "; cause: " + truncate(incident.cause, 160);
        item.text += incident.resolution.empty() ? "" : "; resolved by: " + truncate(incident.resolution, 160);
        out.push_back(std::move(item));
    }
    const auto query = what_happens(subject, items);
    TextRank rank;
    std::vector<const ChatMessage*> messages;
    for (const auto& message : records.messages) {
        const auto at = time_of(message);
        if (at >= subject.onset - hours(2) && at < subject.incident.to) {
            messages.push_back(&message);
            rank.add(message.text);
        }
    }
    rank.add(query);
    const auto scores = relevance(rank, query, messages.size());
    std::vector<std::pair<double, const ChatMessage*>> ranked;
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const bool names_it = !subject.alert.service.empty() && icontains(messages[i]->text, subject.alert.service);
        const double score = std::min(0.9, scores[i] + (names_it ? 0.2 : 0));
        constexpr double worth_showing = 0.12;
        if (score >= worth_showing) {
            ranked.emplace_back(score, messages[i]);
        }
    }
    std::sort(ranked.begin(), ranked.end(),
              [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second->ts < b.second->ts; });
    ranked.resize(std::min(ranked.size(), most_items));
    for (const auto& [score, message] : ranked) {
        Evidence item;
        item.kind = EvidenceKind::message;
        item.entity = subject.alert.service;
        item.signal = "said";
        item.mass = 0.5 * score;
        item.from = item.to = time_of(*message);
        item.link = message->link;
        const auto text = truncate(replace_all(std::string(trim(message->text)), "\n", " "), quote_bytes);
        item.text = "said in " + (message->channel.empty() ? "a channel" : message->channel) + " at " + format_clock(item.from) + ": \"" +
                    text + "\"";
        item.quotes = {text};
        out.push_back(std::move(item));
    }
    return out;
}

}  // namespace gumshoe
