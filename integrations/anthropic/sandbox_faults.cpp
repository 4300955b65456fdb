// The bodies in Anthropic's words; numbers of faults and sentences about context are llm/playback.hpp's.
#include "integrations/anthropic/sandbox_faults.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "base/json.hpp"
#include "integrations/anthropic/sandbox_check.hpp"
#include "llm/playback.hpp"

namespace gumshoe::anthropic {
namespace {

struct Fault {
    std::string_view name;
    int status;
    std::string_view type;
    std::string_view message;
    std::string_view header;  // "name: value"
    bool account = false;
};

constexpr auto faults = std::to_array<Fault>({
    {"deactivated", 403, "permission_error", "This organization has been disabled.", "", true},
    {"account-deactivated", 400, "invalid_request_error", "This organization has been disabled.", "", true},
    {"quota", 400, "invalid_request_error",
     "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.", ""},
    {"billing-limit", 400, "invalid_request_error",
     "You have reached your specified API usage limits. You will regain access on 2031-01-01 at 00:00 UTC.", ""},
    {"billing-inactive", 402, "billing_error", "There is an issue with your organization's billing.", ""},
    {"bad-key", 401, "authentication_error", "invalid x-api-key", "", true},
    {"forbidden", 403, "permission_error", "Your API key does not have permission to use the specified resource.", ""},
    {"no-model", 404, "not_found_error", "model: sim", ""},
    {"429", 429, "rate_limit_error", "This request would exceed your organization's rate limit of 30,000 input tokens per minute.",
     "retry-after: 2"},
    {"429-soon", 429, "rate_limit_error", "Number of requests has exceeded your per-minute rate limit.", "retry-after: 1"},
    {"429-bare", 429, "rate_limit_error", "Number of requests has exceeded your rate limit.", ""},
    {"429-long", 429, "rate_limit_error", "This request would exceed your organization's rate limit.", "retry-after: 3600"},
    {"500", 500, "api_error", "Internal server error", ""},
    {"502", 502, "api_error", "Bad gateway", ""},
    {"504", 504, "timeout_error", "The request timed out while processing. Consider using streaming for long requests.", ""},
    {"424", 424, "api_error", "Failed dependency", ""},
    {"408", 408, "timeout_error", "Request timed out", ""},
    {"overloaded", 529, "overloaded_error", "Overloaded", ""},
    {"503", 529, "overloaded_error", "Overloaded", ""},
    {"529", 529, "overloaded_error", "Overloaded", ""},
    {"context", 400, "invalid_request_error", "prompt is too long: 209303 tokens > 200000 maximum", ""},
    {"unsupported-param", 400, "invalid_request_error", "output_config: Extra inputs are not permitted", ""},
    {"content-filter", 400, "invalid_request_error", "Output blocked by content filtering policy", ""},
    {"400", 400, "invalid_request_error", "messages: Input should be a valid list", ""},
    {"413", 413, "request_too_large", "Request exceeds the maximum size", ""},
});

constexpr std::array<std::string_view, 10> inside{"truncated-stream", "error-first", "error-in-stream", "empty",    "length",
                                                  "refusal",          "filtered",    "broken-json",     "bad-call", "bad-schema"};

/// A spend limit set by the organisation says so in details, and no retry-after.
HttpReply spend_limit() {
    const json error{{"type", "rate_limit_error"},
                     {"message", "Your organization has reached its spend limit."},
                     {"details", {{"error_code", "enforced_spend_limit_reached"}}}};
    return json_reply(429, dump_json({{"type", "error"}, {"error", error}, {"request_id", "req_sim"}}));
}

}  // namespace

std::optional<HttpReply> fault_reply(std::string_view name) {
    if (name == "html") {
        HttpReply page;
        page.headers.add("Content-Type", "text/html");
        page.body = "<html><body>Please sign in to the guest network.</body></html>";
        return page;
    }
    if (name == "spend-limit") return spend_limit();
    if (name == "error-in-200") return error_reply(200, "overloaded_error", "Overloaded");
    if (const auto text = llm::overflow_text(name); !text.empty()) return error_reply(400, "invalid_request_error", std::string(text));
    const auto fault = std::ranges::find(faults, name, &Fault::name);
    if (fault == faults.end()) return std::nullopt;
    HttpReply reply = error_reply(fault->status, std::string(fault->type), std::string(fault->message));
    if (const auto colon = fault->header.find(": "); colon != std::string_view::npos) {
        reply.headers.add(std::string(fault->header.substr(0, colon)), std::string(fault->header.substr(colon + 2)));
    }
    return reply;
}

bool fault_of_account(std::string_view name) {
    const auto fault = std::ranges::find(faults, name, &Fault::name);
    return fault != faults.end() && fault->account;
}

std::vector<std::string_view> fault_names() {
    std::vector<std::string_view> names{"html", "spend-limit", "error-in-200", "context-2"};
    for (const Fault& fault : faults) names.push_back(fault.name);
    names.insert(names.end(), inside.begin(), inside.end());
    return names;
}

}  // namespace gumshoe::anthropic
