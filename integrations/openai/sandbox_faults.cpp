#include "integrations/openai/sandbox_faults.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "integrations/openai/sandbox_check.hpp"

namespace gumshoe::openai {
namespace {

struct Fault {
    std::string_view name;
    int status;
    std::string_view message;
    std::string_view type;
    std::string_view param;
    std::string_view code;
    std::string_view header;  // "name: value"
    bool account = false;
};

constexpr auto faults = std::to_array<Fault>({
    {"deactivated", 401,
     "The OpenAI account associated with this API key has been deactivated. If you are the developer of this application, check your email "
     "for more "
     "information.",
     "invalid_request_error", "", "account_deactivated", "", true},
    {"account-deactivated", 401, "Your OpenAI account has been deactivated", "requests", "", "", "", true},
    {"quota", 429, "You exceeded your current quota, please check your plan and billing details.", "insufficient_quota", "",
     "insufficient_quota", ""},
    {"billing-limit", 400, "Billing hard limit has been reached", "invalid_request_error", "", "billing_hard_limit_reached", ""},
    {"billing-inactive", 429, "Your account is not active, please check your billing details on our website.", "billing_not_active", "",
     "billing_not_active", ""},
    {"bad-key", 401,
     "Incorrect API key provided: sk-si****************0000. You can find your API key at https://platform.openai.com/account/api-keys.",
     "invalid_request_error", "", "invalid_api_key", "", true},
    {"forbidden", 403, "Country, region, or territory not supported", "request_forbidden", "", "unsupported_country_region_territory", ""},
    {"no-model", 404, "The model `sim` does not exist or you do not have access to it.", "invalid_request_error", "", "model_not_found",
     ""},
    {"429", 429,
     "Rate limit reached for sim in organization org-sim on tokens per min (TPM): Limit 30000, Used 29000, Requested 3645. Please try "
     "again in 1.289s.",
     "tokens", "", "rate_limit_exceeded", "retry-after: 2"},
    {"429-bare", 429, "Too many requests.", "", "", "", ""},
    {"429-long", 429, "Rate limit reached for sim on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s.",
     "requests", "", "rate_limit_exceeded", "retry-after: 3600"},
    {"500", 500, "The server had an error while processing your request. Sorry about that!", "server_error", "", "", ""},
    {"503", 503, "That model is currently overloaded with other requests. Please retry.", "service_unavailable_error", "",
     "server_is_overloaded", ""},
    {"context", 400,
     "This model's maximum context length is 8192 tokens. However, your messages resulted in 9301 tokens. Please reduce the length of the "
     "messages.",
     "invalid_request_error", "messages", "context_length_exceeded", ""},
    {"unsupported-param", 400, "Unsupported value: 'response_format' is not supported with this model.", "invalid_request_error",
     "response_format", "unsupported_value", ""},
    {"content-filter", 400, "Invalid prompt: your prompt was flagged as potentially violating our usage policy.", "invalid_request_error",
     "", "invalid_prompt", ""},
    {"400", 400, "Invalid value for 'messages'.", "invalid_request_error", "messages", "invalid_value", ""},
    {"413", 413, "Maximum content size limit exceeded.", "invalid_request_error", "", "", ""},
});

/// Faults inside an answer, made where the answer is made.
constexpr std::array<std::string_view, 6> inside{"truncated-stream", "error-in-stream", "empty", "length", "refusal", "broken-json"};

}  // namespace

std::optional<HttpReply> fault_reply(std::string_view name) {
    if (name == "html") {
        HttpReply page;
        page.headers.add("Content-Type", "text/html");
        page.body = "<html><body>Please sign in to the guest network.</body></html>";
        return page;
    }
    if (name == "error-in-200") return error_reply(200, "Provider returned error", "server_error", "", "");
    const auto fault = std::ranges::find(faults, name, &Fault::name);
    if (fault == faults.end()) return std::nullopt;
    HttpReply reply = error_reply(fault->status, std::string(fault->message), std::string(fault->type), std::string(fault->param),
                                  std::string(fault->code));
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
    std::vector<std::string_view> names{"html", "error-in-200"};
    for (const Fault& fault : faults) names.push_back(fault.name);
    names.insert(names.end(), inside.begin(), inside.end());
    return names;
}

}  // namespace gumshoe::openai
