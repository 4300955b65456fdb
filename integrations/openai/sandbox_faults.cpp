// The bodies, in the words of each vendor; numbers of faults and sentences about context are llm/playback.hpp's.
#include "integrations/openai/sandbox_faults.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "integrations/openai/sandbox_check.hpp"
#include "llm/playback.hpp"

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
    {"spend-limit", 429, "Your credit balance is exhausted.", "insufficient_quota", "", "credit_balance_exhausted", ""},
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
    {"429-soon", 429, "Rate limit reached for sim in organization org-sim on requests per min (RPM): Limit 3, Used 3, Requested 1.",
     "requests", "", "rate_limit_exceeded", "retry-after: 1"},
    {"429-bare", 429, "Too many requests.", "", "", "", ""},
    {"429-long", 429, "Rate limit reached for sim on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s.",
     "requests", "", "rate_limit_exceeded", "retry-after: 3600"},
    {"500", 500, "The server had an error while processing your request. Sorry about that!", "server_error", "", "", ""},
    {"502", 502, "Bad gateway.", "cf_bad_gateway", "", "", ""},
    {"504", 504, "Gateway timeout.", "cf_gateway_timeout", "", "", ""},
    {"408", 408, "Request timed out.", "timeout", "", "", ""},
    {"424", 424, "An upstream service failed.", "server_error", "", "", ""},
    {"overloaded", 503, "That model is currently overloaded with other requests. Please retry.", "service_unavailable_error", "",
     "server_is_overloaded", ""},
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

/// Where Azure has words of its own; for the rest it passes OpenAI's on.
constexpr auto azure_faults = std::to_array<Fault>({
    {"bad-key", 401,
     "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and "
     "use a correct regional API endpoint for your resource.",
     "", "", "401", "", true},
    {"deactivated", 403, "Your resource has been temporarily blocked because we detected unusual behavior.", "", "", "Forbidden", "", true},
    {"billing-limit", 403, "The subscription is disabled and therefore marked as read only.", "", "", "ReadOnlyDisabledSubscription", "",
     true},
    {"spend-limit", 403, "Out of call volume quota. Quota will be replenished in 12 days.", "", "", "403", ""},
    {"forbidden", 403, "Access denied due to Virtual Network/Firewall rules.", "", "", "AccessDenied", "", true},
    {"no-model", 404,
     "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment "
     "and try again.",
     "", "", "DeploymentNotFound", ""},
    {"429-soon", 429,
     "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded call rate limit of your "
     "current OpenAI S0 pricing tier. Please retry after 1 second.",
     "", "", "429", "retry-after-ms: 1000"},
    {"429-bare", 429, "The service is experiencing high demand.", "", "", "429", ""},
    {"429-long", 429,
     "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded token rate limit of your "
     "current OpenAI S0 pricing tier. Please retry after 3600 seconds.",
     "", "", "RateLimitReached", "retry-after: 3600"},
    {"500", 500, "The server had an error while processing your request.", "", "", "InternalServerError", ""},
    {"503", 503, "The service is temporarily unable to process your request. Please try again later.", "", "", "ServiceUnavailable", ""},
    {"overloaded", 503, "The service is temporarily unable to process your request. Please try again later.", "", "", "ServiceUnavailable",
     ""},
    {"408", 408, "The operation was timeout.", "", "", "Timeout", ""},
    {"context", 400,
     "Input tokens exceed the configured limit of 8192 tokens. Your messages resulted in 9301 tokens. Please reduce the length of the "
     "messages.",
     "invalid_request_error", "messages", "context_length_exceeded", ""},
});

/// Faults inside an answer, made where the answer is made.
constexpr std::array<std::string_view, 10> inside{"truncated-stream", "error-first", "error-in-stream", "empty",    "length",
                                                  "refusal",          "filtered",    "broken-json",     "bad-call", "bad-schema"};

/// A prompt that Azure's filter stopped, with what it found.
HttpReply filtered_prompt() {
    const json found{{"violence", {{"filtered", true}, {"severity", "medium"}}}, {"jailbreak", {{"filtered", false}, {"detected", false}}}};
    return json_reply(
        400, dump_json({{"error",
                         {{"message", "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."},
                          {"type", nullptr},
                          {"param", "prompt"},
                          {"code", "content_filter"},
                          {"status", 400},
                          {"innererror", {{"code", "ResponsibleAIPolicyViolation"}, {"content_filter_result", found}}}}}}));
}

const Fault* fault_called(std::string_view name, Words words) {
    if (words == Words::of_azure) {
        const auto own = std::ranges::find(azure_faults, name, &Fault::name);
        if (own != azure_faults.end()) return &*own;
    }
    const auto fault = std::ranges::find(faults, name, &Fault::name);
    return fault == faults.end() ? nullptr : &*fault;
}

}  // namespace

std::optional<HttpReply> fault_reply(std::string_view name, Words words) {
    if (name == "html") {
        HttpReply page;
        page.headers.add("Content-Type", "text/html");
        page.body = "<html><body>Please sign in to the guest network.</body></html>";
        return page;
    }
    if (name == "error-in-200") return error_reply(200, "Provider returned error", "server_error", "", "");
    if (name == "content-filter" && words == Words::of_azure) return filtered_prompt();
    if (const auto text = llm::overflow_text(name); !text.empty())
        return error_reply(400, std::string(text), "invalid_request_error", "", "");
    const Fault* fault = fault_called(name, words);
    if (fault == nullptr) return std::nullopt;
    HttpReply reply = error_reply(fault->status, std::string(fault->message), std::string(fault->type), std::string(fault->param),
                                  std::string(fault->code));
    if (const auto colon = fault->header.find(": "); colon != std::string_view::npos) {
        reply.headers.add(std::string(fault->header.substr(0, colon)), std::string(fault->header.substr(colon + 2)));
    }
    return reply;
}

std::optional<HttpReply> fault_of_request(std::string_view fault, const json& body, Words words) {
    if (fault == "unsupported-param" && find(body, "text.format") != nullptr) {
        return error_reply(400, "Unsupported parameter: 'text.format' is not supported with this model.", "invalid_request_error",
                           "text.format", "unsupported_parameter");
    }
    const bool well = fault == "unsupported-param" && !body.contains("response_format");
    return well ? std::nullopt : fault_reply(fault, words);
}

bool fault_of_account(std::string_view name) {
    const auto fault = std::ranges::find(faults, name, &Fault::name);
    return fault != faults.end() && fault->account;
}

std::vector<std::string_view> fault_names() {
    std::vector<std::string_view> names{"html", "error-in-200", "context-9"};
    for (const Fault& fault : faults) names.push_back(fault.name);
    names.insert(names.end(), inside.begin(), inside.end());
    return names;
}

}  // namespace gumshoe::openai
