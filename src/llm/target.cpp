// What a target makes of a request: overrides, history that any vendor accepts, price.
#include "llm/target.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/digest.hpp"

namespace gumshoe::llm {
namespace {

constexpr std::size_t longest_call_id = 40;  // OpenAI's limit; Anthropic's is longer

bool valid_everywhere(std::string_view id) {
    if (id.empty() || id.size() > longest_call_id) return false;
    return std::ranges::all_of(id, [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

/// Ids of calls and results, renamed together where a vendor would refuse them or where one id names two calls.
class CallIds {
public:
    std::string rename(const std::string& id) {
        std::string name = id;
        for (int n = next_; !valid_everywhere(name) || used_.contains(name); ++n) {
            name = "call_" + std::to_string(n);
            next_ = n + 1;
        }
        used_.insert(name);
        return name;
    }

private:
    std::set<std::string> used_;
    int next_ = 1;
};

struct OpenCall {
    std::string id;    // as the history has it
    std::string name;  // as it goes out
};

/// Every call gets its one result: results nobody asked for are dropped, missing ones are said to be missing.
std::vector<Message> paired(std::vector<Message> messages) {
    std::vector<Message> out;
    std::vector<OpenCall> open;
    CallIds ids;
    const auto close_open_calls = [&] {
        for (OpenCall& call : open) {
            out.push_back({.role = Role::tool, .text = "There is no result.", .tool_call_id = std::move(call.name), .is_error = true});
        }
        open.clear();
    };
    for (Message& message : messages) {
        if (message.role == Role::tool) {
            const auto call = std::ranges::find(open, message.tool_call_id, &OpenCall::id);
            if (call == open.end()) continue;
            message.tool_call_id = std::move(call->name);
            open.erase(call);
        } else {
            close_open_calls();
            for (ToolCall& call : message.tool_calls) {
                std::string name = ids.rename(call.id);
                if (name != call.id) message.opaque.clear();  // the signed blocks hold the old id
                open.push_back({std::exchange(call.id, name), name});
            }
        }
        out.push_back(std::move(message));
    }
    close_open_calls();
    return out;
}

}  // namespace

std::string_view to_string(Strategy strategy) {
    switch (strategy) {
        case Strategy::ordered:
            return "ordered";
        case Strategy::weighted:
            return "weighted";
        case Strategy::least_latency:
            return "least_latency";
        case Strategy::least_cost:
            return "least_cost";
    }
    return "ordered";
}

Chain in_order(const Targets& targets) {
    Chain chain;
    for (const auto& target : targets) chain.push_back({.target = target});
    return chain;
}

Request patched(const Request& original, const Overrides& overrides) {
    Request request = original;
    if (overrides.max_output_tokens) request.max_output_tokens = *overrides.max_output_tokens;
    if (overrides.temperature) request.temperature = overrides.temperature;
    if (overrides.reasoning_effort) request.reasoning_effort = overrides.reasoning_effort;
    return request;
}

Request for_target(const Request& original, const Target& target) {
    Request request = patched(original, target.overrides);
    for (Message& message : request.messages) {
        if (message.opaque_target != target.name) message.opaque.clear();
    }
    request.messages = paired(std::move(request.messages));
    return request;
}

double cost_usd(const Price& price, const Usage& usage) {
    const auto fresh = std::max<std::int64_t>(0, usage.input_tokens - usage.cached_tokens);
    return (static_cast<double>(fresh) * price.input_per_million + static_cast<double>(usage.cached_tokens) * price.cached_per_million +
            static_cast<double>(usage.output_tokens) * price.output_per_million) /
           1e6;
}

double cost_usd(const Target& target, const Reply& reply) {
    const Price* answered = find_price(target.prices, reply.model);
    return cost_usd(answered == nullptr ? target.price : *answered, reply.usage);
}

std::string key_fingerprint(const Target& target) {
    if (target.api_key.empty()) return {};
    // Asked for several times a call, of the few keys of a configuration.
    static thread_local std::map<std::string, std::string, std::less<>> known;
    constexpr std::size_t many = 256;  // keys that are lent anew each hour would add up
    if (known.size() > many) known.clear();
    const auto found = known.find(target.api_key.reveal());
    if (found != known.end()) return found->second;
    std::string print = hmac_sha256_hex(target.api_key.reveal(), "gumshoe llm key").substr(0, 8);
    return known.emplace(target.api_key.reveal(), std::move(print)).first->second;
}

}  // namespace gumshoe::llm
