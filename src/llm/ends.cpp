// Notes are for people: targets by name, each once however many keys it has.
#include "llm/ends.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace gumshoe::llm {
namespace {

std::string ordinal(std::size_t n) {
    constexpr std::array<std::string_view, 3> endings{"st", "nd", "rd"};
    const bool teens = n % 100 >= 11 && n % 100 <= 13;
    const std::size_t last = n % 10;
    return std::to_string(n) + std::string(!teens && last >= 1 && last <= 3 ? endings[last - 1] : "th");
}

/// "main: the OpenAI account is deactivated", one for each name in order, `but` left out.
std::vector<std::string> words_by_name(std::span<const Slot> slots, std::string_view but) {
    std::vector<std::pair<std::string, std::string>> said;
    for (const Slot& slot : slots) {
        if (slot.target->name == but) continue;
        const bool another_key = !said.empty() && said.back().first == slot.target->name;
        if (!another_key) said.emplace_back(slot.target->name, "not asked");
        if (!slot.last_words.empty()) said.back().second = slot.last_words;
    }
    std::vector<std::string> words;
    words.reserve(said.size());
    for (const auto& [name, why] : said) words.push_back(name + ": " + why);
    return words;
}

std::string note_of(std::string note, const std::vector<std::string>& words, const Journey& journey) {
    for (const std::string& one : words) note += "; " + one;
    if (*journey.journal_failures == 0) return note;
    if (!note.empty()) note += "; ";
    return note + "the attempts could not all be journaled";
}

}  // namespace

Answer answer_of(Journey journey, std::size_t answered_by, Reply reply) {
    Answer answer;
    answer.target = journey.slots[answered_by].target->name;
    const auto words = words_by_name(std::span(journey.slots).first(answered_by), answer.target);
    answer.note = note_of(words.empty() ? "" : ordinal(words.size() + 1) + " choice", words, journey);
    answer.reply = std::move(reply);
    answer.cost_usd = journey.spent_usd;
    answer.hops = std::move(journey.hops);
    return answer;
}

NoAnswer no_answer_of(Journey journey, const Memory& memory, Timestamp wall) {
    NoAnswer none;
    for (const Slot& slot : journey.slots) {
        none.window = std::max(none.window.value_or(0), memory.window(*slot.target, wall));
        if (slot.last_failure != FailureClass::none) none.failure = slot.last_failure;
    }
    for (const FailureClass telling : {FailureClass::budget_exceeded, FailureClass::context_overflow}) {
        const bool some = std::ranges::any_of(journey.slots, [&](const Slot& slot) { return slot.last_failure == telling; });
        if (some) none.failure = telling;
    }
    if (journey.caller_fault) none.failure = FailureClass::caller_fault;
    if (journey.cancelled) none.failure = FailureClass::cancelled;
    if (none.failure != FailureClass::context_overflow) none.window.reset();
    const bool nobody = journey.slots.empty();
    none.note = nobody ? "no model is configured" : note_of("no model answered", words_by_name(journey.slots, ""), journey);
    none.cost_usd = journey.spent_usd;
    none.hops = std::move(journey.hops);
    none.best_rejected = std::move(journey.best_rejected);
    return none;
}

}  // namespace gumshoe::llm
