// Who may be asked: a model of a provider under an account at an endpoint. Chains say in which order; immutable once loaded.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "llm/price.hpp"
#include "llm/request.hpp"

namespace gumshoe::llm {

class Dialect;

/// Typed patches that a target lays over the original request; absent fields leave it alone.
struct Overrides {
    std::optional<std::string> model;
    std::optional<std::int64_t> max_output_tokens;
    std::optional<double> temperature;
    std::optional<std::string> reasoning_effort;
};

struct Target {
    std::string name;      // "main"
    std::string provider;  // "openai"
    std::string model;
    std::string api_url;  // no trailing slash
    std::string account;  // targets with one account die together; default: the key's fingerprint
    Secret api_key;
    Secret access_key_id;                         // of a pair of keys, of which api_key is the other half
    Secret session_token;                         // of a key that was lent for a while
    std::map<std::string, std::string> settings;  // what only this provider knows: "region", "api_version"
    Overrides overrides;
    std::int64_t context_window = 128'000;
    Price price;
    std::vector<ModelPrice> prices;  // of its provider, where `price` came from it; another model may answer. Empty: `price` holds for all
    const Dialect* dialect = nullptr;  // outlives the target

    std::string model_on_wire() const { return overrides.model.value_or(model); }
};

/// Every one that a target has.
inline constexpr std::array target_secrets{&Target::api_key, &Target::access_key_id, &Target::session_token};

using Targets = std::vector<std::shared_ptr<const Target>>;

/// How the members of a group are put in order, for each request anew.
enum class Strategy { ordered, weighted, least_latency, least_cost };
std::string_view to_string(Strategy strategy);

/// A target's place in a chain. Links of one group number stand side by side and are put in order by their strategy; groups are
/// asked in their order. Links of one name side by side are the keys of one target.
struct Link {
    std::shared_ptr<const Target> target;
    int group = 0;
    Strategy strategy = Strategy::ordered;  // the same in all links of a group
    double weight = 1;                      // weighted: how often it comes first, beside the others of its group
};
using Chain = std::vector<Link>;

/// Each in its turn.
Chain in_order(const Targets& targets);

/// `original` with the target's overrides laid over it. Always from the original, never from an earlier hop.
Request patched(const Request& original, const Overrides& overrides);

/// The request as this target is sent it: patched; signed blocks of other targets dropped; tool-call ids that every vendor takes;
/// each tool call followed by exactly one result.
Request for_target(const Request& original, const Target& target);

double cost_usd(const Price& price, const Usage& usage);
/// By the price of the model that answered where the target's table knows it.
double cost_usd(const Target& target, const Reply& reply);

/// Eight hex digits that tell keys apart and give none away; "" without a key.
std::string key_fingerprint(const Target& target);

}  // namespace gumshoe::llm
