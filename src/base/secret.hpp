// A value that cannot print itself: no stream operator, no formatter, no conversion. Ask by name for the bytes.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace gumshoe {

class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}

    std::string_view reveal() const { return value_; }
    bool empty() const { return value_.empty(); }

private:
    std::string value_;
};

/// Takes the same time wherever the two differ (compares SHA-256 digests). False when the secret is empty.
bool matches(const Secret& secret, std::string_view candidate);

}  // namespace gumshoe
