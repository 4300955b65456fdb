// UTF-8 cleaning and cutting, splitting, near words.
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace gumshoe {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view ellipsis = "\xE2\x80\xA6";

struct CodePoint {
    std::uint32_t value;
    std::size_t size;  // bytes
    bool valid;
};

bool continues(std::string_view text, std::size_t at) {
    return at < text.size() && (text[at] & 0xC0) == 0x80;
}

// The code point at `at`. Invalid ones have the size of the broken sequence's longest valid beginning, at least one byte.
CodePoint decode(std::string_view text, std::size_t at) {
    auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) return {lead, 1, true};
    std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4) return {0, 1, false};
    // The second byte's range excludes overlong forms, surrogates and what lies above U+10FFFF.
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    auto second = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0;
    if (second < low || second > high) return {0, 1, false};
    std::uint32_t value = (lead & (0x7Fu >> size)) << 6 | (second & 0x3Fu);
    for (std::size_t i = 2; i < size; ++i) {
        if (!continues(text, at + i)) return {0, i, false};
        value = value << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3Fu);
    }
    return {value, size, true};
}

bool invisible(std::uint32_t c) {
    if (c < 0x20) return c != '\n' && c != '\t';
    struct Range {
        std::uint32_t first, last;
    };
    static constexpr std::array hidden{
        Range{0x7F, 0x9F},       // DEL, C1 controls
        Range{0xAD, 0xAD},       // soft hyphen
        Range{0x34F, 0x34F},     // combining grapheme joiner
        Range{0x61C, 0x61C},     // Arabic letter mark
        Range{0x115F, 0x1160},   // Hangul fillers
        Range{0x180B, 0x180F},   // Mongolian variation selectors, vowel separator
        Range{0x200B, 0x200F},   // zero width, direction marks
        Range{0x202A, 0x202E},   // bidi embeddings and overrides
        Range{0x2060, 0x206F},   // word joiner, invisible operators, bidi isolates
        Range{0x3164, 0x3164},   // Hangul filler
        Range{0xFE00, 0xFE0F},   // variation selectors
        Range{0xFEFF, 0xFEFF},   // zero width no-break space
        Range{0xFFA0, 0xFFA0},   // half-width Hangul filler
        Range{0xFFF9, 0xFFFB},   // interlinear annotation
        Range{0xE0000, 0xE0FFF}  // tags, variation selectors supplement
    };
    return std::any_of(hidden.begin(), hidden.end(), [c](Range range) { return range.first <= c && c <= range.last; });
}

template <class Keep>
std::string rewrite(std::string_view text, Keep keep) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        CodePoint point = decode(text, at);
        if (!point.valid) {
            out += replacement;
        } else if (keep(point.value)) {
            out += text.substr(at, point.size);
        }
        at += point.size;
    }
    return out;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
bool same_letter(char a, char b) {
    return lower(a) == lower(b);
}

// Edit distance with transpositions of neighbours counted once.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            std::size_t swap = previous[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
            current[j] = std::min({previous[j] + 1, current[j - 1] + 1, swap});
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1])) {
                current[j] = std::min(current[j], before[j - 2] + 1);
            }
        }
        before = std::exchange(previous, current);
    }
    return previous[b.size()];
}

}  // namespace

std::string sanitize_utf8(std::string_view text) {
    return rewrite(text, [](std::uint32_t) { return true; });
}

std::string strip_invisible(std::string_view text) {
    return rewrite(text, [](std::uint32_t c) { return !invisible(c); });
}

std::string truncate(std::string_view text, std::size_t max_bytes) {
    if (text.size() <= max_bytes) return std::string(text);
    bool marked = max_bytes >= ellipsis.size();
    std::size_t end = marked ? max_bytes - ellipsis.size() : max_bytes;
    while (end > 0 && continues(text, end)) --end;
    std::string out(text.substr(0, end));
    if (marked) out += ellipsis;
    return out;
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n\v\f";
    std::size_t first = text.find_first_not_of(blank);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

bool iequals(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_letter);
}

bool icontains(std::string_view haystack, std::string_view needle) {
    return needle.empty() || std::search(haystack.begin(), haystack.end(), needle.begin(), needle.end(), same_letter) != haystack.end();
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (true) {
        std::size_t end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == text.npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::vector<std::string> lines(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        out.emplace_back(line);
        text = end == text.npos ? std::string_view() : text.substr(end + 1);
    }
    return out;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) out += separator;
        out += parts[i];
    }
    return out;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
    if (from.empty()) return text;
    for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
    return text;
}

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string& candidate : known) {
        bool shortened = word.size() >= 3 && candidate.starts_with(word);  // "warn" for "warning"
        std::size_t d = shortened ? 1 : distance(word, candidate);
        if (d < best_distance && d < candidate.size()) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

}  // namespace gumshoe
