// The bodies, in Gemini's words; the numbers of faults are llm/playback.hpp's.
#include "integrations/gemini/sandbox_faults.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "base/text.hpp"
#include "integrations/gemini/sandbox_check.hpp"

namespace gumshoe::gemini {
namespace {

struct Fault {
    std::string_view name;
    int status;
    std::string_view word;
    std::string_view message;
    std::string_view reason = {};  // of an ErrorInfo
    std::string_view delay = {};   // of a RetryInfo
    std::string_view quota = {};   // of a QuotaFailure
    bool account = false;
};

constexpr std::string_view over_quota =
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: "
    "https://ai.google.dev/gemini-api/docs/rate-limits.";
constexpr std::string_view too_long = "The input token count (9301) exceeds the maximum number of tokens allowed (8192).";

constexpr auto faults = std::to_array<Fault>({
    {"bad-key", 400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", "API_KEY_INVALID", "", "", true},
    {"deactivated", 403, "PERMISSION_DENIED", "Permission denied: Consumer 'api_key:{key}' has been suspended.", "CONSUMER_SUSPENDED", "",
     "", true},
    {"account-deactivated", 403, "PERMISSION_DENIED", "Your project has been suspended. Please contact support.", "", "", "", true},
    {"quota", 429, "RESOURCE_EXHAUSTED",
     "Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing."},
    {"billing-limit", 400, "FAILED_PRECONDITION",
     "Gemini API free tier is not available in your country. Please enable billing on your project in Google AI Studio."},
    {"billing-inactive", 403, "PERMISSION_DENIED", "This API method requires billing to be enabled.", "BILLING_DISABLED", "", "", true},
    {"spend-limit", 429, "RESOURCE_EXHAUSTED",
     "Your project has exceeded its monthly spending cap. Please go to AI Studio at https://ai.studio/spend to manage your cap."},
    {"429", 429, "RESOURCE_EXHAUSTED", over_quota, "", "34s", "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"},
    {"429-soon", 429, "RESOURCE_EXHAUSTED", over_quota, "", "1s", "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"},
    {"429-bare", 429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."},
    {"429-long", 429, "RESOURCE_EXHAUSTED", over_quota, "", "3600s", "GenerateRequestsPerDayPerProjectPerModel-FreeTier"},
    {"overloaded", 503, "UNAVAILABLE", "The model is overloaded. Please try again later."},
    {"500", 500, "INTERNAL",
     "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting"},
    {"503", 503, "UNAVAILABLE", "The service is currently unavailable."},
    {"504", 504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."},
    {"408", 408, "DEADLINE_EXCEEDED", "The request timed out. Please try again."},
    {"424", 424, "FAILED_DEPENDENCY", "A dependency of the service failed."},
    {"no-model", 404, "NOT_FOUND",
     "models/sim is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of "
     "available models and their supported methods."},
    {"forbidden", 400, "FAILED_PRECONDITION", "User location is not supported for the API use."},
    {"context", 400, "INVALID_ARGUMENT", too_long},
    {"context-2", 400, "INVALID_ARGUMENT", "The input token count exceeds the maximum number of tokens allowed (8192)."},
    {"400", 400, "INVALID_ARGUMENT", "Request contains an invalid argument."},
    {"413", 413, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes."},
});

/// Faults inside an answer, made where the answer is made.
constexpr std::array<std::string_view, 10> inside{"content-filter", "filtered",   "refusal",     "empty",           "length",
                                                  "bad-call",       "bad-schema", "error-first", "error-in-stream", "unsupported-param"};

json details_of(const Fault& fault) {
    json details = json::array();
    const auto add = [&](const char* type, json detail) {
        detail["@type"] = std::string("type.googleapis.com/google.rpc.") + type;
        details.push_back(std::move(detail));
    };
    if (!fault.reason.empty()) add("ErrorInfo", {{"reason", fault.reason}, {"domain", "googleapis.com"}});
    if (!fault.quota.empty()) add("QuotaFailure", {{"violations", json::array({{{"quotaId", fault.quota}}})}});
    if (!fault.delay.empty()) add("RetryInfo", {{"retryDelay", fault.delay}});
    return details;
}

}  // namespace

std::optional<HttpReply> fault_reply(std::string_view name, const std::string& key) {
    if (name == "error-in-200") {
        HttpReply reply = *fault_reply("overloaded", key);
        reply.status = 200;
        return reply;
    }
    if (name == "502") {  // of the front end, which speaks no JSON
        HttpReply page;
        page.status = 502;
        page.headers.add("Content-Type", "text/html; charset=UTF-8");
        page.body = "<!DOCTYPE html>\n<html lang=en>\n<title>Error 502 (Server Error)!!1</title>\n";
        return page;
    }
    if (name.starts_with("context-") && name != "context-2") name = "context";  // it has two wordings
    const auto fault = std::ranges::find(faults, name, &Fault::name);
    if (fault == faults.end()) return std::nullopt;
    return error_reply(fault->status, replace_all(std::string(fault->message), "{key}", key), fault->word, details_of(*fault));
}

std::optional<HttpReply> refuse_parameter(const json& body, std::string_view model) {
    std::string message;
    if (const json* level = find(body, "generationConfig.thinkingConfig")) {
        message = "Thinking level " + string_or_empty(*level, "thinkingLevel") +
                  " is not supported for this model. Please retry with other thinking level.";
    } else if (find(body, "generationConfig.responseSchema") != nullptr) {
        message = "JSON mode is not enabled for models/" + std::string(model);
    } else if (find(body, "generationConfig.temperature") != nullptr) {
        message = "Invalid JSON payload received. Unknown name \"temperature\" at 'generation_config': Cannot find field.";
    }
    if (message.empty()) return std::nullopt;
    return error_reply(400, message, "INVALID_ARGUMENT", json::array());
}

bool fault_of_account(std::string_view name) {
    const auto fault = std::ranges::find(faults, name, &Fault::name);
    return fault != faults.end() && fault->account;
}

std::vector<std::string_view> fault_names() {
    std::vector<std::string_view> names{"error-in-200", "502", "context-9"};
    for (const Fault& fault : faults) names.push_back(fault.name);
    names.insert(names.end(), inside.begin(), inside.end());
    return names;
}

}  // namespace gumshoe::gemini
