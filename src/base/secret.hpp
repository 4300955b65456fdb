// A value that cannot print itself: no stream operator, no formatter, no conversion. Ask by name for the bytes.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace gumshoe {

class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value, std::string file = {}) : value_(std::move(value)), file_(std::move(file)) {}

    std::string_view reveal() const { return value_; }
    bool empty() const { return value_.empty(); }
    /// The path it was read from, "" where it was not: what is lent for a while is put there anew.
    const std::string& file() const { return file_; }

private:
    std::string value_;
    std::string file_;
};

/// Takes the same time wherever the two differ (compares SHA-256 digests). False when the secret is empty.
bool matches(const Secret& secret, std::string_view candidate);

}  // namespace gumshoe
