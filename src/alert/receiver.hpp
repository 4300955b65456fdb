// Role: a monitoring tool's webhook. Both functions are pure: bytes in, values out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.hpp"
#include "io/http_message.hpp"

namespace gumshoe {

struct ParsedDelivery {
    std::string key;            // idempotency key of the delivery; "" means: the hash of the body
    std::vector<Alert> alerts;  // empty when filtered
    std::string filtered;       // why an authentic, understood delivery is not for us ("test notification"); "" otherwise
};

class Receiver {
public:
    virtual ~Receiver() = default;
    /// The path below /webhooks/ and the `source` of its alerts.
    virtual std::string_view name() const = 0;
    /// Credentials over the raw bytes, in constant time, fail closed. Error: unauthorized, with a reason fit for the webhook doctor
    /// (never sent to the caller).
    virtual result<void> verify(const RawRequest& request, Timestamp now) const = 0;
    /// Errors: parse (names the field). The intake keeps the raw bytes either way.
    virtual result<ParsedDelivery> parse(const RawRequest& request, Timestamp now) const = 0;
};

}  // namespace gumshoe
