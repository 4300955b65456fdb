// Errors in the words of AWS; numbers of faults and sentences about context are llm/playback.hpp's.
#include "integrations/bedrock/sandbox_faults.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "llm/playback.hpp"

namespace gumshoe::bedrock {
namespace {

struct Fault {
    std::string_view name;
    int status;
    std::string_view type;
    std::string_view message;
};

constexpr auto faults = std::to_array<Fault>({
    {"bad-key", 403, "UnrecognizedClientException", "The security token included in the request is invalid."},
    {"deactivated", 400, "ValidationException", "Operation not allowed"},
    {"quota", 400, "ServiceQuotaExceededException", "You have exceeded your account quota for this model."},
    {"billing-limit", 403, "AccessDeniedException",
     "Model access is denied due to INVALID_PAYMENT_INSTRUMENT:A valid payment instrument must be provided. Your AWS Marketplace "
     "subscription for this model cannot be completed at this time."},
    {"spend-limit", 429, "ThrottlingException", "Too many tokens per day, please wait before trying again."},
    {"429", 429, "ThrottlingException", "Too many requests, please wait before trying again."},
    {"429-soon", 429, "ThrottlingException", "Too many requests, please wait before trying again."},
    {"429-bare", 429, "ThrottlingException", "Too many tokens, please wait before trying again."},
    {"429-long", 429, "ThrottlingException", "Too many requests, please wait before trying again."},
    {"overloaded", 429, "ModelNotReadyException", "Model is not ready for inference. Wait and try your request again."},
    {"500", 500, "InternalServerException", "The system encountered an unexpected error during processing. Try your request again."},
    {"502", 502, "", "Bad Gateway"},
    {"503", 503, "ServiceUnavailableException", "Bedrock is unable to process your request."},
    {"504", 504, "", "Endpoint request timed out"},
    {"424", 424, "ModelErrorException", "The model returned an error while processing the request. Try your request again."},
    {"408", 408, "ModelTimeoutException", "Model has timed out in processing the request. Try your request again."},
    {"no-model", 400, "ValidationException", "The provided model identifier is invalid."},
    {"forbidden", 403, "AccessDeniedException", "You don't have access to the model with the specified model ID."},
    {"context", 400, "ValidationException", "Input is too long for requested model."},
    {"content-filter", 400, "ValidationException", "The model returned the following errors: Output blocked by content filtering policy"},
    {"unsupported-param", 400, "ValidationException",
     "This model doesn't support the outputConfig.textFormat field. Remove outputConfig.textFormat and try again."},
    {"400", 400, "ValidationException", "The provided request is not valid"},
    {"413", 413, "RequestEntityTooLargeException", "HTTP content length exceeded 20971520 bytes."},
});

/// Faults inside an answer, made where the answer is made.
constexpr std::array<std::string_view, 10> inside{"truncated-stream", "error-first", "error-in-stream", "empty",    "length",
                                                  "refusal",          "filtered",    "broken-frame",    "bad-call", "bad-schema"};

}  // namespace

HttpReply error_reply(int status, const std::string& type, const std::string& message) {
    HttpReply reply = json_reply(status, dump_json({{"message", message}}));
    if (!type.empty()) reply.headers.add("x-amzn-errortype", type);
    return reply;
}

std::optional<HttpReply> fault_reply(std::string_view name) {
    if (name == "error-in-200")
        return json_reply(200, R"({"Output":{"__type":"com.amazon.coral.service#InternalFailure"},"Version":"1.0"})");
    if (const auto text = llm::overflow_text(name); !text.empty())
        return error_reply(400, "ValidationException", "The model returned the following errors: " + std::string(text));
    const auto fault = std::ranges::find(faults, name, &Fault::name);
    if (fault == faults.end()) return std::nullopt;
    HttpReply reply = error_reply(fault->status, std::string(fault->type), std::string(fault->message));
    // The service itself sends no Retry-After; a proxy before it may.
    if (name == "429-soon") reply.headers.add("Retry-After", "1");
    if (name == "429-long") reply.headers.add("Retry-After", "3600");
    return reply;
}

std::vector<std::string_view> fault_names() {
    std::vector<std::string_view> names{"error-in-200", "context-2"};
    for (const Fault& fault : faults) names.push_back(fault.name);
    names.insert(names.end(), inside.begin(), inside.end());
    return names;
}

}  // namespace gumshoe::bedrock
