// Text as bytes of UTF-8: cleaning, cutting, splitting, escaping for URLs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gumshoe {

/// Invalid UTF-8 becomes U+FFFD.
std::string sanitize_utf8(std::string_view text);
/// Removes control characters (but \n and \t), bidi overrides, zero-width and tag characters: what hides text from a reader.
std::string strip_invisible(std::string_view text);
/// At most `max_bytes` bytes, never inside a code point; "..." (U+2026) marks a cut and counts.
std::string truncate(std::string_view text, std::size_t max_bytes);

std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);  // ASCII
bool iequals(std::string_view a, std::string_view b);
bool icontains(std::string_view haystack, std::string_view needle);
std::vector<std::string> split(std::string_view text, char separator);
std::vector<std::string> lines(std::string_view text);  // splits on \n, drops \r
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string replace_all(std::string text, std::string_view from, std::string_view to);

std::string url_encode(std::string_view text);  // everything but unreserved characters
std::string url_decode(std::string_view text);  // %XX and + ; malformed escapes stay as they are
/// "a=1&b=2" in order, decoded.
std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text);
/// &amp; &lt; &gt; &quot; &#39; &#x27; and numeric references.
std::string html_unescape(std::string_view text);

/// The known word nearest to `word` by edit distance, "" when none is near enough to be meant.
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

}  // namespace gumshoe
