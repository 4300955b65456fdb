// The bodies, in Ollama's words; the numbers of faults are llm/playback.hpp's.
#include "integrations/ollama/sandbox_faults.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/ollama/sandbox_check.hpp"

namespace gumshoe::ollama {
namespace {

struct Fault {
    std::string_view name;
    int status;
    std::string_view message;
    std::string_view retry_after = {};
    bool account = false;
};

constexpr std::string_view busy = "server busy, please try again.  maximum pending requests exceeded";

constexpr auto faults = std::to_array<Fault>({
    {"bad-key", 401, "unauthorized", "", true},
    {"quota", 402,
     "this model requires a subscription or usage credits, upgrade for access at https://ollama.com/upgrade or add usage credits at "
     "https://ollama.com/settings"},
    {"429", 429, "too many requests", "2"},
    {"429-soon", 429, "too many requests", "1"},
    {"429-bare", 429, "you've reached your hourly usage limit, please upgrade to continue"},
    {"429-long", 429, "you've reached your weekly usage limit, please upgrade to continue", "3600"},
    {"overloaded", 503, busy},
    {"500", 500, "llama runner process has terminated: exit status 2"},
    {"502", 502, "cloud model is not reachable"},
    {"503", 503, busy},
    {"504", 504, "timed out waiting for llama runner to start - progress 0.00"},
    {"408", 408, "request timed out"},
    {"424", 424, "upstream model failed"},
    {"no-model", 404, "model \"{model}\" not found, try pulling it first"},
    {"context", 400, "the input length exceeds the context length"},
    {"context-2", 400, "prompt too long; exceeded max context length by 1109 tokens"},
    {"context-3", 400,
     "the prompt is longer than the context length currently available to the model; shorten the prompt, adjust the context length in "
     "settings, or use a model with a longer context length"},
    {"bad-call", 500, "error parsing tool call: raw='{\"service\": ', err=unexpected end of JSON input"},
    {"400", 400, "invalid character 'x' looking for beginning of value"},
    {"413", 413, "http: request body too large"},
});

/// Faults inside an answer, made where the answer is made.
constexpr std::array<std::string_view, 6> inside{"empty", "length", "bad-schema", "error-first", "error-in-stream", "unsupported-param"};

}  // namespace

std::optional<HttpReply> fault_reply(std::string_view name, const std::string& model) {
    if (name == "error-in-200") return error_reply(200, "an error was encountered while running the model: unexpected EOF");
    if (name.starts_with("context-") && name != "context-2" && name != "context-3") name = "context";  // it has three wordings
    const auto fault = std::ranges::find(faults, name, &Fault::name);
    if (fault == faults.end()) return std::nullopt;
    HttpReply reply = error_reply(fault->status, replace_all(std::string(fault->message), "{model}", model));
    if (!fault->retry_after.empty()) reply.headers.add("Retry-After", std::string(fault->retry_after));
    return reply;
}

std::optional<HttpReply> refuse_parameter(const json& body) {
    const json* think = find(body, "think");
    if (think == nullptr || *think == false) return std::nullopt;
    return error_reply(400, "\"" + string_or_empty(body, "model") + "\" does not support thinking");
}

bool fault_of_account(std::string_view name) {
    const auto fault = std::ranges::find(faults, name, &Fault::name);
    return fault != faults.end() && fault->account;
}

std::vector<std::string_view> fault_names() {
    std::vector<std::string_view> names{"error-in-200", "context-9"};
    for (const Fault& fault : faults) names.push_back(fault.name);
    names.insert(names.end(), inside.begin(), inside.end());
    return names;
}

}  // namespace gumshoe::ollama
