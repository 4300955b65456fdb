// Server-sent events from a byte stream cut anywhere (WHATWG rules: \n, \r\n, \r; comments; joined data lines; BOM).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gumshoe {

struct SseEvent {
    std::string event;  // "message" when not named
    std::string data;   // data lines joined with \n
};

class SseReader {
public:
    /// Events completed by these bytes. Comments yield nothing.
    std::vector<SseEvent> feed(std::string_view bytes);
    /// The last event where the stream ended without a blank line.
    std::vector<SseEvent> finish();

private:
    void take_line(std::string_view line, std::vector<SseEvent>& out);

    std::string buffer_;
    std::string event_;
    std::string data_;
    bool has_data_ = false;
    bool at_start_ = true;
    bool after_cr_ = false;
};

}  // namespace gumshoe
