// The bodies, as these vendors were seen to send them; the numbers of faults are llm/playback.hpp's.
#include "integrations/openai/sandbox_compatible_faults.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/json.hpp"
#include "integrations/openai/dialect.hpp"
#include "integrations/openai/sandbox_answer.hpp"

namespace gumshoe::openai {
namespace {

enum class Shape {
    own,   // the vendor's error object
    flat,  // that of older vLLM: not wrapped
    word,  // {"error": message}
    page   // the message and nothing else
};
using enum Shape;

struct CompatibleFault {
    std::string_view provider;
    std::string_view name;
    int status;
    Shape shape;
    std::string_view message;
    std::string_view type = {};
    std::string_view code = {};  // "": the status, and none at Groq
    std::string_view more = {};  // members of the error object
    std::string_view retry_after = {};
    bool account = false;
};

// What stands before a server of one's own.
constexpr std::string_view bad_gateway = "<html><head><title>502 Bad Gateway</title></head><body></body></html>";
constexpr std::string_view gateway_timeout = "<html><head><title>504 Gateway Time-out</title></head><body></body></html>";

constexpr std::string_view spent =
    "Organization has blocked API access because a spend alert threshold was met. Please visit https://console.groq.com/settings/billing "
    "to manage your spend alerts.";
constexpr std::string_view passed_on = "Provider returned error";
constexpr std::string_view host_down = R"({"metadata":{"provider_name":"Sim","error_type":"provider_unavailable"}})";
constexpr std::string_view engine_dead = "EngineCore encountered an issue. See stack trace (above) for the root cause.";

constexpr auto compatible_faults = std::to_array<CompatibleFault>({
    {"groq", "bad-key", 401, own, "Invalid API Key", "invalid_request_error", "invalid_api_key", "", "", true},
    {"groq", "deactivated", 400, own, "Organization has been restricted. Please reach out to support if you believe this was in error.",
     "invalid_request_error", "organization_restricted", "", "", true},
    {"groq", "billing-limit", 400, own, spent, "invalid_request_error", "spend_limit_reached"},
    {"groq", "spend-limit", 400, own, spent, "invalid_request_error", "spend_limit_reached"},
    {"groq", "429", 429, own,
     "Rate limit reached for model `sim` in organization `org_sim` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Used "
     "5034, Requested 1443. Please try again in 4.77s. Need more tokens? Upgrade to Dev Tier today at "
     "https://console.groq.com/settings/billing",
     "tokens", "rate_limit_exceeded", "", "5"},
    {"groq", "429-soon", 429, own,
     "Rate limit reached for model `sim` in organization `org_sim` service tier `on_demand` on requests per minute (RPM): Limit 30, Used "
     "30, Requested 1. Please try again in 1s.",
     "requests", "rate_limit_exceeded", "", "1"},
    {"groq", "429-long", 429, own,
     "Rate limit reached for model `sim` in organization `org_sim` service tier `on_demand` on tokens per day (TPD): Limit 100000, Used "
     "97050, Requested 3619. Please try again in 1h0m0s.",
     "tokens", "rate_limit_exceeded", "", "3600"},
    {"groq", "overloaded", 503, own,
     "sim is currently over capacity. Please try again and back off exponentially. Visit https://groqstatus.com to see if there is an "
     "active incident.",
     "internal_server_error"},
    {"groq", "500", 500, own, "Internal Server Error", "internal_server_error"},
    {"groq", "502", 502, page, "error code: 502"},  // what stands before Groq and OpenRouter
    {"groq", "504", 504, page, "error code: 504"},
    {"groq", "no-model", 404, own, "The model `sim` does not exist or you do not have access to it.", "invalid_request_error",
     "model_not_found"},
    {"groq", "forbidden", 403, own, "The model `sim` is blocked at the organization level.", "permissions_error",
     "model_permission_blocked_org"},
    {"groq", "context", 400, own, "Please reduce the length of the messages or completion.", "invalid_request_error",
     "context_length_exceeded", R"({"param":"messages"})"},
    {"groq", "context-2", 413, own,
     "Request too large for model `sim` in organization `org_sim` service tier `on_demand` on tokens per minute (TPM): Limit 6000, "
     "Requested 6294, please reduce your message size and try again.",
     "tokens", "rate_limit_exceeded"},
    {"groq", "unsupported-param", 400, own, "This model does not support response format `json_schema`.", "invalid_request_error"},
    {"groq", "bad-call", 400, own, "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.",
     "invalid_request_error", "tool_use_failed", R"({"failed_generation":"<function=get_logs>"})"},
    {"groq", "bad-schema", 400, own, "Failed to validate JSON. Please adjust your prompt. See 'failed_generation' for more details.",
     "invalid_request_error", "json_validate_failed", R"({"failed_generation":""})"},
    {"groq", "error-in-200", 500, own, "Internal Server Error", "internal_server_error"},
    {"groq", "unknown-path", 404, own,
     "Unknown request URL. Please check the URL for typos, or see the docs at https://console.groq.com/docs/", "invalid_request_error",
     "unknown_url"},

    {"openrouter", "no-key", 401, own, "No cookie auth credentials found"},
    {"openrouter", "bad-key", 401, own, "User not found.", "", "", "", "", true},
    {"openrouter", "quota", 402, own, "Insufficient credits. Add more using https://openrouter.ai/settings/credits"},
    {"openrouter", "spend-limit", 403, own, "Key limit exceeded (monthly limit). Manage it using https://openrouter.ai/settings/keys"},
    {"openrouter", "forbidden", 403, own, "This model is not available in your region."},
    {"openrouter", "429", 429, own, "Rate limit exceeded: free-models-per-min.", "", "", "", "2"},
    {"openrouter", "429-soon", 429, own, "Rate limit exceeded: free-models-per-min.", "", "", "", "1"},
    {"openrouter", "429-bare", 429, own, passed_on, "", "",
     R"({"metadata":{"provider_name":"Sim","raw":"sim is temporarily rate-limited upstream. Please retry shortly"}})"},
    {"openrouter", "429-long", 429, own, "Rate limit exceeded: free-models-per-day.", "", "", "", "3600"},
    {"openrouter", "overloaded", 503, own, passed_on, "", "", R"({"metadata":{"provider_name":"Sim","error_type":"provider_overloaded"}})"},
    {"openrouter", "500", 500, own, "Internal Server Error"},
    {"openrouter", "502", 502, own, passed_on, "", "", host_down},
    {"openrouter", "504", 504, page, "error code: 504"},
    {"openrouter", "424", 502, own, passed_on, "", "", host_down},  // a dependency that failed is a host
    {"openrouter", "408", 408, own, "Your request timed out"},
    {"openrouter", "no-model", 400, own, "sim is not a valid model ID"},
    {"openrouter", "context", 400, own,
     "This endpoint's maximum context length is 8192 tokens. However, you requested about 9301 tokens (5205 of text input, 4096 in the "
     "output). Please reduce the length of either one, or use the \"middle-out\" transform to compress your prompt automatically.",
     "", "", R"({"metadata":{"provider_name":"Sim"}})"},
    {"openrouter", "context-2", 400, own, passed_on, "", "",
     R"({"metadata":{"provider_name":"Anthropic","raw":"{\"error\":{\"message\":\"prompt is too long: 9301 tokens > 8192 maximum\"}}"}})"},
    {"openrouter", "unsupported-param", 400, own, passed_on, "", "",
     R"({"metadata":{"provider_name":"OpenAI","raw":"{\"error\":{\"code\":\"unsupported_value\",\"param\":\"response_format\"}}"}})"},
    {"openrouter", "content-filter", 403, own, "Your input was flagged", "", "",
     R"({"metadata":{"reasons":["violence"],"flagged_input":"kill -9","provider_name":"OpenAI","model_slug":"sim"}})"},
    {"openrouter", "error-in-200", 502, own, passed_on, "", "", host_down},
    {"openrouter", "unknown-path", 404, page, "<!DOCTYPE html><html><body>Not Found</body></html>"},

    {"vllm", "bad-key", 401, word, "Unauthorized", "", "", "", "", true},
    {"vllm", "overloaded", 503, word, "The model is currently scaling. Please try again later."},
    {"vllm", "500", 500, own, engine_dead, "InternalServerError"},
    {"vllm", "502", 502, page, bad_gateway},
    {"vllm", "504", 504, page, gateway_timeout},
    {"vllm", "no-model", 404, own, "The model `sim` does not exist.", "NotFoundError", "", R"({"param":"model"})"},
    {"vllm", "context", 400, flat,
     "This model's maximum context length is 8192 tokens. However, you requested 10301 tokens (9301 in the messages, 1000 in the "
     "completion). Please reduce the length of the messages or completion.",
     "BadRequestError"},
    {"vllm", "context-2", 400, own,
     "You passed 9301 input tokens and requested 1000 output tokens. However, the model's context length is only 8192 tokens, resulting in "
     "a maximum input length of 7192 tokens. Please reduce the length of the input prompt.",
     "BadRequestError", "", R"({"param":"input_tokens"})"},
    {"vllm", "context-3", 400, own,
     "'max_tokens' or 'max_completion_tokens' is too large: 1000. This model's maximum context length is 8192 tokens and your request has "
     "8100 input tokens (1000 > 8192 - 8100).",
     "BadRequestError"},
    {"vllm", "context-4", 400, flat,
     "The decoder prompt (length 9301) is longer than the maximum model length of 8192. Make sure that `max_model_len` is no smaller than "
     "the number of text tokens.",
     "BadRequestError"},
    {"vllm", "unsupported-param", 400, own, "The provided JSON schema contains features not supported by xgrammar.", "BadRequestError"},
    {"vllm", "error-in-200", 500, own, engine_dead, "InternalServerError"},
    {"vllm", "unknown-path", 404, own, "Not Found", "Not Found"},

    {"llamacpp", "bad-key", 401, own, "Invalid API Key", "authentication_error", "", "", "", true},
    {"llamacpp", "overloaded", 503, own, "Loading model", "unavailable_error"},
    {"llamacpp", "500", 500, own, "Compute error.", "server_error"},
    {"llamacpp", "502", 502, page, bad_gateway},
    {"llamacpp", "504", 504, page, gateway_timeout},
    {"llamacpp", "context", 400, own, "request (9301 tokens) exceeds the available context size (8192 tokens), try increasing it",
     "exceed_context_size_error", "", R"({"n_prompt_tokens":9301,"n_ctx":8192})"},
    {"llamacpp", "context-2", 400, own,
     "the request exceeds the available context size. try increasing the context size or enable context shift", "invalid_request_error"},
    {"llamacpp", "unsupported-param", 400, own, "Failed to initialize samplers: failed to parse grammar", "invalid_request_error"},
    {"llamacpp", "bad-call", 500, own, "Failed to parse input at pos 13: get_logs{", "server_error"},
    {"llamacpp", "error-in-200", 500, own, "Compute error.", "server_error"},
    {"llamacpp", "unknown-path", 404, own, "File Not Found", "not_found_error"},
});

/// Inside an answer, made where the answer is made.
constexpr std::array<std::string_view, 8> inside_of_all{"truncated-stream", "broken-json", "error-first", "error-in-stream", "empty",
                                                        "length",           "bad-call",    "bad-schema"};
constexpr std::array<std::string_view, 2> inside_of_openrouter{"refusal", "filtered"};

const CompatibleFault* fault_called(std::string_view provider, std::string_view name) {
    const auto called = [&](std::string_view wanted) {
        const auto found = std::ranges::find_if(
            compatible_faults, [&](const CompatibleFault& fault) { return fault.provider == provider && fault.name == wanted; });
        return found == compatible_faults.end() ? nullptr : &*found;
    };
    if (name == "503") name = "overloaded";
    const CompatibleFault* fault = called(name);
    return fault == nullptr && name.starts_with("context-") ? called("context") : fault;  // it has a few wordings
}

json document_of(const CompatibleFault& fault) {
    if (fault.shape == word) return {{"error", std::string(fault.message)}};
    json error{{"message", std::string(fault.message)}};
    if (!fault.type.empty()) error["type"] = std::string(fault.type);
    if (!fault.code.empty()) error["code"] = std::string(fault.code);
    if (fault.code.empty() && fault.provider != groq.provider) error["code"] = fault.status;
    if (fault.provider == vllm.provider) error["param"] = nullptr;
    if (const auto more = parse_json(fault.more)) error.update(*more);
    if (fault.shape != flat) return {{"error", std::move(error)}};
    error["object"] = "error";
    return error;
}

HttpReply page_of(const CompatibleFault& fault) {
    HttpReply reply = text_reply(fault.status, std::string(fault.message));
    if (fault.message.starts_with('<')) reply.headers = {{"Content-Type", "text/html"}};
    return reply;
}

}  // namespace

std::optional<HttpReply> compatible_fault(std::string_view provider, std::string_view name, bool streamed) {
    const CompatibleFault* fault = fault_called(provider, name);
    if (fault == nullptr) return std::nullopt;
    if (fault->shape == page) return page_of(*fault);
    json document = document_of(*fault);
    if (streamed && name == "bad-call") {
        if (provider == groq.provider) document["error"]["status_code"] = fault->status;
        return event_stream(compatible_error_event(provider, std::move(document)));
    }
    HttpReply reply = json_reply(name == "error-in-200" ? 200 : fault->status, dump_json(document));
    if (!fault->retry_after.empty()) reply.headers.add("Retry-After", std::string(fault->retry_after));
    return reply;
}

bool compatible_fault_of_account(std::string_view provider, std::string_view name) {
    const CompatibleFault* fault = fault_called(provider, name);
    return fault != nullptr && fault->account;
}

std::vector<std::string_view> compatible_fault_names(std::string_view provider) {
    std::vector<std::string_view> names(inside_of_all.begin(), inside_of_all.end());
    if (provider == openrouter.provider) names.insert(names.end(), inside_of_openrouter.begin(), inside_of_openrouter.end());
    for (const CompatibleFault& fault : compatible_faults) {
        if (fault.provider == provider && std::ranges::find(names, fault.name) == names.end()) names.push_back(fault.name);
    }
    return names;
}

HttpReply compatible_error(std::string_view provider, int status, const std::string& message) {
    const std::string_view type = provider == vllm.provider         ? "BadRequestError"
                                  : provider == openrouter.provider ? ""
                                                                    : "invalid_request_error";
    return json_reply(status, dump_json(document_of({provider, "", status, own, message, type})));
}

std::string compatible_error_event(std::string_view provider, json document) {
    std::string event = provider == groq.provider ? "event: error\n" : "";
    if (provider == openrouter.provider) {
        document["id"] = "gen-sim";
        document["object"] = "chat.completion.chunk";
        document["provider"] = "Sim";
        document["choices"] = json::array({{{"index", 0}, {"delta", {{"content", ""}}}, {"finish_reason", "error"}}});
    }
    event += "data: " + dump_json(document) + "\n\n";
    return provider == vllm.provider ? event + "data: [DONE]\n\n" : event;
}

}  // namespace gumshoe::openai
