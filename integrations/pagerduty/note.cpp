// "Finding by Gumshoe (gumshoe-note:KEY)", a blank line, the text.
#include "integrations/pagerduty/note.hpp"

#include "base/text.hpp"

namespace gumshoe::pagerduty {
namespace {

constexpr std::string_view opening = "Finding by Gumshoe (gumshoe-note:";

std::string first_line(std::string_view key) {
    return std::string(opening) + std::string(key) + ")";
}

}  // namespace

std::string note_content(std::string_view text, std::string_view key) {
    return truncate(first_line(key) + "\n\n" + std::string(text), note_bytes);
}

bool is_own_note(std::string_view content) {
    return trim(content).starts_with(opening);
}

bool is_note_of(std::string_view content, std::string_view key) {
    return trim(content).starts_with(first_line(key));
}

}  // namespace gumshoe::pagerduty
