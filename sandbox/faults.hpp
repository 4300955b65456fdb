// Trouble on order: which requests to a simulated vendor go wrong, and how. In a scenario's "faults" and at PUT /_sandbox/faults.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "io/http_message.hpp"

namespace gumshoe::sandbox {

enum class FaultKind {
    hang,           // the request is read and never answered
    drip,           // the answer comes in pieces of `bytes` (1), `delay_ms` (100) apart
    reset,          // the connection is reset: before the vendor sees the request, or after `bytes` of the answer
    status,         // `status` (503), `headers`, `body` in place of the answer; the vendor sees nothing
    malformed,      // the answer's body is cut in half, or is `body`
    lost_response,  // the vendor handles the request, then the connection is reset
    slow,           // the answer comes after `delay_ms` (1000)
    huge,           // 200 and a body of `bytes` (64 MiB) without end in sight
    trickle,        // the header, then the body in pieces of `bytes` (1), `delay_ms` (1000) apart
    stall,          // the header and `bytes` (half) of the body, then nothing
    pings,          // the header, then every `delay_ms` (200) what keeps a stream of its kind alive, and never content
    headers,        // header fields without end
    no_status       // the status line holds no status
};

struct Fault {
    std::string vendor;       // "" is any
    std::string path_prefix;  // relative to the vendor's root; "" is any
    std::string method;       // "" is any
    std::int64_t after = 0;   // so many matching requests go well first
    std::int64_t times = 0;   // then so many go wrong; 0: all
    FaultKind kind = FaultKind::hang;
    int status = 503;
    std::optional<std::string> body;
    Headers headers;
    std::optional<std::int64_t> bytes;
    std::optional<milliseconds> delay;
};

std::string_view to_string(FaultKind kind);

class FaultPlan {
public:
    /// A list of faults; null is none. Errors (parse) name the entry and the field; unknown fields are errors.
    static result<FaultPlan> parse(const json& list);

    /// Counts the request, and yields the first fault of the list whose turn it is.
    std::optional<Fault> next(std::string_view vendor, std::string_view method, std::string_view path);

    /// The list with how many requests each matched and hit.
    json to_json() const;

private:
    struct Entry {
        Fault fault;
        std::int64_t matched = 0;
        std::int64_t hit = 0;
    };
    std::vector<Entry> entries_;
};

}  // namespace gumshoe::sandbox
