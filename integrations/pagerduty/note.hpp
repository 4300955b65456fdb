// The form of our notes on incidents: a first line by which the annotator finds a note again and the receiver and the source know it for
// ours.
#pragma once

#include <string>
#include <string_view>

namespace gumshoe::pagerduty {

inline constexpr std::size_t note_bytes = 25'000;
inline constexpr std::size_t notes_per_incident = 2000;

/// The marker stands first: webhooks cut long notes.
std::string note_content(std::string_view text, std::string_view key);
bool is_own_note(std::string_view content);
bool is_note_of(std::string_view content, std::string_view key);

}  // namespace gumshoe::pagerduty
