// A document as Slack takes it. Text stays literal: no mention, no markup and no address of it comes alive; only link spans are links.
// Lengths are counted in UTF-16 units after escaping.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "finding/document.hpp"

namespace gumshoe::slack {

std::size_t utf16_units(std::string_view text);

/// Text as mrkdwn shows it unchanged, on one line.
std::string literal(std::string_view text);

/// A line as mrkdwn, cut to `budget` units: never inside an entity, a link or a code span.
std::string mrkdwn(const Line& line, std::size_t budget);

/// The Block Kit array: within every limit, never empty, the footer kept when the middle must be cut.
json to_blocks(const Document& document);

/// What notifications and screen readers get beside the blocks; never empty.
std::string to_text(const Document& document);

/// The whole document as one text, for when Slack refused the blocks.
std::string to_whole_text(const Document& document);

}  // namespace gumshoe::slack
