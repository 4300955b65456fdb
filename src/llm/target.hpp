// Who may be asked: a model of a provider under an account at an endpoint. Chains are ordered lists of them, immutable once loaded.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
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
    Secret session_token;                         // of a key that was lent for a while
    std::map<std::string, std::string> settings;  // what only this provider knows: "region", "api_version"
    Overrides overrides;
    std::int64_t context_window = 128'000;
    Price price;
    std::vector<ModelPrice> prices;  // of its provider, where `price` came from it; another model may answer. Empty: `price` holds for all
    const Dialect* dialect = nullptr;  // outlives the target

    std::string model_on_wire() const { return overrides.model.value_or(model); }
};

using Chain = std::vector<std::shared_ptr<const Target>>;

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
