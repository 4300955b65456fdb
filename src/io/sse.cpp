// Server-sent events: lines out of bytes cut anywhere, events out of lines.
#include "io/sse.hpp"

#include <algorithm>

namespace gumshoe {

std::vector<SseEvent> SseReader::feed(std::string_view bytes) {
    std::vector<SseEvent> out;
    while (!bytes.empty()) {
        if (after_cr_ && bytes.front() == '\n') {
            after_cr_ = false;
            bytes.remove_prefix(1);
            continue;
        }
        after_cr_ = false;
        // Not find_first_of: of a body without end, every byte is looked at here.
        const std::size_t line_feed = bytes.find('\n');
        const std::size_t end = std::min(line_feed, bytes.substr(0, line_feed).find('\r'));
        if (end == std::string_view::npos) {
            buffer_.append(bytes);
            break;
        }
        if (buffer_.empty()) {
            take_line(bytes.substr(0, end), out);
        } else {
            take_line(buffer_.append(bytes.substr(0, end)), out);
            buffer_.clear();
        }
        after_cr_ = bytes[end] == '\r';
        bytes.remove_prefix(end + 1);
    }
    return out;
}

std::vector<SseEvent> SseReader::finish() {
    std::vector<SseEvent> out;
    if (!buffer_.empty()) take_line(buffer_, out);
    buffer_.clear();
    take_line({}, out);
    return out;
}

void SseReader::take_line(std::string_view line, std::vector<SseEvent>& out) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (at_start_ && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
    at_start_ = false;
    if (line.empty()) {
        if (has_data_) out.push_back({event_.empty() ? "message" : std::move(event_), std::move(data_)});
        event_.clear();
        data_.clear();
        has_data_ = false;
        return;
    }
    const std::size_t colon = line.find(':');
    const std::string_view field = line.substr(0, colon);  // empty for a comment
    std::string_view value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "data") {
        if (has_data_) data_ += '\n';
        data_ += value;
        has_data_ = true;
    } else if (field == "event") {
        event_ = value;
    }
}

}  // namespace gumshoe
