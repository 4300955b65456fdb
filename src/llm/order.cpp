// A group's members are ranked by one number each, least first.
#include "llm/order.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace gumshoe::llm {
namespace {

double rank_of(const Link& link, const Request& request, const Memory& memory, Random& random) {
    const Target& target = *link.target;
    switch (link.strategy) {
        case Strategy::ordered:
            return 0;
        case Strategy::weighted: {
            // The first of exponentially distributed times is each one's with a probability of its weight's share.
            const double u = std::uniform_real_distribution<double>(std::numeric_limits<double>::min(), 1)(random);
            return link.weight > 0 ? -std::log(u) / link.weight : std::numeric_limits<double>::infinity();
        }
        case Strategy::least_latency: {
            const Latency& latency = memory.look_at(target).latency;
            const auto first = latency.first_content.quantile(0.95);
            const auto span = first ? first : latency.total.quantile(0.95);
            return span ? static_cast<double>(span->count()) : -1;  // whoever is not known yet is tried
        }
        case Strategy::least_cost:
            return estimated_usd(target, estimated_tokens(request), target.overrides.max_output_tokens.value_or(request.max_output_tokens));
    }
    return 0;
}

}  // namespace

std::int64_t estimated_tokens(const Request& request) {
    std::size_t bytes = request.schema.size();
    for (const Message& message : request.messages) {
        bytes += message.text.size() + message.opaque.size();
        for (const ToolCall& call : message.tool_calls) bytes += call.name.size() + call.arguments.size();
    }
    for (const Tool& tool : request.tools) bytes += tool.name.size() + tool.description.size() + tool.parameters.size();
    return static_cast<std::int64_t>(bytes / 3 + 1);
}

double estimated_usd(const Target& target, std::int64_t prompt_tokens, std::int64_t max_output_tokens) {
    Usage usage;
    usage.input_tokens = prompt_tokens;
    usage.output_tokens = max_output_tokens;
    return cost_usd(target.price, usage);
}

Chain in_turn(const Chain& chain, const Request& request, const Memory& memory, Random& random) {
    Chain out;
    for (auto link = chain.begin(); link != chain.end();) {
        std::multimap<double, Chain> members;  // of one group, each with its keys; equals stay in their order
        auto last = members.end();
        for (const int group = link->group; link != chain.end() && link->group == group; ++link) {
            const bool another_key = last != members.end() && last->second.back().target->name == link->target->name;
            if (!another_key) last = members.emplace(rank_of(*link, request, memory, random), Chain());
            last->second.push_back(*link);
        }
        for (auto& [rank, keys] : members) std::ranges::move(keys, std::back_inserter(out));
    }
    return out;
}

}  // namespace gumshoe::llm
