// Frames of application/vnd.amazon.eventstream from a byte stream cut anywhere.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gumshoe::bedrock {

struct Frame {
    std::map<std::string, std::string> headers;  // those of type string: ":message-type", ":event-type", ":exception-type"
    std::string payload;
};

class FrameReader {
public:
    /// Frames completed by these bytes.
    std::vector<Frame> feed(std::string_view bytes);
    /// A checksum, a length or a header could not be: nothing is read after it.
    bool broken() const { return broken_; }

private:
    std::string buffer_;
    bool broken_ = false;
};

/// One frame as it stands on the wire: for the simulation and for tests.
std::string frame_bytes(const std::map<std::string, std::string>& headers, std::string_view payload);

}  // namespace gumshoe::bedrock
