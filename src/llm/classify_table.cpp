// The classification table. Rows of a group may stand in any order unless a row refines the one after it.
#include <array>

#include "llm/classify.hpp"

namespace gumshoe::llm {
namespace {

using enum FailureClass;

constexpr auto rows = std::to_array<ClassRow>({
    // The code decides, whatever type and status say: a deactivated account comes as 401 invalid_request_error.
    {0, "account_deactivated", "", "", account_dead, "the {vendor} account is deactivated"},
    {0, "insufficient_quota", "", "", account_dead, "the {vendor} account has used up its quota"},
    {0, "billing_hard_limit_reached", "", "", account_dead, "the {vendor} account has reached its billing limit"},
    {0, "billing_not_active", "", "", account_dead, "billing is not active for the {vendor} account"},
    {0, "credit_balance_exhausted", "", "", account_dead, "the {vendor} account has no credit left"},
    {0, "enforced_spend_limit_reached", "", "", account_dead, "the {vendor} account has reached its spend limit"},
    {0, "organization_restricted", "", "", account_dead, "the {vendor} organisation is restricted"},
    {0, "blocked_api_access", "", "", account_dead, "{vendor} has blocked the account"},
    {0, "invalid_api_key", "", "*deactivated account", account_dead, "the {vendor} account is deactivated"},
    {0, "invalid_api_key", "", "", auth_bad, "{vendor} does not accept the API key"},
    {0, "ip_not_authorized", "", "", forbidden, "{vendor} does not allow calls from our address"},
    {0, "unsupported_country_region_territory", "", "", forbidden, "{vendor} does not serve the region we call from"},
    {0, "model_not_found", "", "", model_gone, "{vendor} has no such model for this account"},
    {0, "model_decommissioned", "", "", model_gone, "{vendor} has withdrawn the model"},
    {0, "rate_limit_exceeded", "", "^Request too large", context_overflow, "the request is larger than the {vendor} account's token limit"},
    {0, "rate_limit_exceeded", "", "", rate_limit, "{vendor} limits our rate"},
    {0, "slow_down", "", "", overloaded, "{vendor} asks for fewer calls"},
    {0, "server_is_overloaded", "", "", overloaded, "{vendor} is overloaded"},
    {0, "context_length_exceeded", "", "", context_overflow, "the request does not fit the model's context window"},
    {0, "string_above_max_length", "", "", bad_request_unknown, "{vendor} found a field of the request too long"},
    {0, "unsupported_parameter", "", "", unsupported_param, "the model does not take a parameter of the request"},
    {0, "unsupported_value", "", "", unsupported_param, "the model does not take a value in the request"},
    {0, "unknown_parameter", "", "", unsupported_param, "{vendor} does not know a parameter of the request"},
    {0, "invalid_prompt", "", "", content_filter, "{vendor}'s content filter stopped the request"},
    {0, "content_filter", "", "", content_filter, "{vendor}'s content filter stopped the request"},
    {0, "content_policy_violation", "", "", content_filter, "{vendor}'s content filter stopped the request"},
    {0, "tool_use_failed", "", "", schema_invalid, "the model wrote a tool call that cannot be read"},
    {0, "json_validate_failed", "", "", schema_invalid, "the model's answer is not of the schema"},
    {0, "invalid_function_parameters", "", "", bad_request_unknown, "{vendor} does not accept a tool's schema"},
    {0, "invalid_type", "", "", bad_request_unknown, "{vendor} does not accept a field of the request"},
    {0, "invalid_value", "", "", bad_request_unknown, "{vendor} does not accept a field of the request"},
    {0, "server_error", "", "", server_error, "{vendor} had an error of its own"},

    // The type decides where it is specific. invalid_request_error says nothing and has no row.
    {0, "", "insufficient_quota", "", account_dead, "the {vendor} account has used up its quota"},
    {0, "", "billing_error", "", account_dead, "{vendor} has a billing problem with the account"},
    {0, "", "permission_error", "*organization has been disabled", account_dead, "the {vendor} organisation is disabled"},
    {0, "", "authentication_error", "", auth_bad, "{vendor} does not accept the API key"},
    {0, "", "permission_error", "", forbidden, "the {vendor} key may not do this"},
    {0, "", "request_forbidden", "", forbidden, "{vendor} forbids the call"},
    {0, "", "not_found_error", "", model_gone, "{vendor} has no such model for this account"},
    {0, "", "rate_limit_error", "", rate_limit, "{vendor} limits our rate"},
    {0, "", "overloaded_error", "", overloaded, "{vendor} is overloaded"},
    {0, "", "service_unavailable_error", "", overloaded, "{vendor} is overloaded"},
    {0, "", "api_error", "", server_error, "{vendor} had an error of its own"},
    {0, "", "server_error", "", server_error, "{vendor} had an error of its own"},
    {0, "", "conflict_error", "", server_error, "{vendor} had a conflict of its own"},
    {0, "", "timeout_error", "", timeout, "{vendor} gave up on its own timeout"},
    {0, "", "request_too_large", "", too_large, "the request is too large for {vendor}"},
    {0, "", "exceed_context_size_error", "", context_overflow, "the request does not fit the model's context window"},
    {429, "", "tokens", "^Request too large", context_overflow, "the request is larger than the {vendor} account's token limit"},

    // The message decides between the meanings of one 4xx. Anchored where the vendor's wording allows it.
    {4, "", "", "^The OpenAI account associated with this API key has been deactivated", account_dead,
     "the {vendor} account is deactivated"},
    {4, "", "", "^This key is associated with a deactivated account", account_dead, "the {vendor} account is deactivated"},
    {4, "", "", "^Your OpenAI account has been deactivated", account_dead, "the {vendor} account is deactivated"},
    {4, "", "", "^This organization has been disabled", account_dead, "the {vendor} organisation is disabled"},
    {4, "", "", "^Billing hard limit has been reached", account_dead, "the {vendor} account has reached its billing limit"},
    {4, "", "", "^You exceeded your current quota", account_dead, "the {vendor} account has used up its quota"},
    {4, "", "", "^Your account is not active", account_dead, "billing is not active for the {vendor} account"},
    {4, "", "", "^Your credit balance is too low", account_dead, "the {vendor} account has no credit left"},
    {4, "", "", "^You have reached your specified API usage limits", account_dead, "the {vendor} account has reached its usage limit"},
    {4, "", "", "^Incorrect API key provided", auth_bad, "{vendor} does not accept the API key"},
    {4, "", "", "^You must be a member of an organization", forbidden, "the {vendor} key belongs to no organisation"},
    {4, "", "", "^Your IP*not authorized", forbidden, "{vendor} does not allow calls from our address"},
    {4, "", "", "^Country, region, or territory not supported", forbidden, "{vendor} does not serve the region we call from"},
    {4, "", "", "^The model*does not exist", model_gone, "{vendor} has no such model for this account"},
    {4, "", "", "^model*not found", model_gone, "{vendor} has no such model"},
    {4, "", "", "^Output blocked by content filtering policy", content_filter, "{vendor}'s content filter stopped the answer"},
    {4, "", "", "`tool_use` ids were found without `tool_result` blocks", caller_fault, "our request lacks the result of a tool call"},
    {4, "", "", "Invalid `signature` in `thinking` block", unsupported_param, "{vendor} does not take the signed reasoning back"},
    {4, "", "", "does not support assistant message prefill", unsupported_param, "the model does not take a begun answer"},
    {4, "", "", "^Unsupported parameter: ", unsupported_param, "the model does not take a parameter of the request"},
    {4, "", "", "^Unsupported value: ", unsupported_param, "the model does not take a value in the request"},
    {4, "", "", "^Unrecognized request argument supplied: ", unsupported_param, "{vendor} does not know a parameter of the request"},
    {4, "", "", "Extra inputs are not permitted", unsupported_param, "{vendor} does not know a parameter of the request"},
    {4, "", "", "is deprecated for this model", unsupported_param, "the model does not take a parameter of the request"},
    {4, "", "", "model does not support the*parameter", unsupported_param, "the model does not take a parameter of the request"},
    {4, "", "", "^prompt is too long", context_overflow, "the request does not fit the model's context window"},
    {4, "", "", "exceed context limit", context_overflow, "prompt and answer together do not fit the model's context window"},
    {4, "", "", "^This model's maximum context length is", context_overflow, "the request does not fit the model's context window"},
    {4, "", "", "model's maximum context limit", context_overflow, "the request does not fit the model's context window"},
    {4, "", "", "is longer than the model's context length", context_overflow, "the request does not fit the model's context window"},
    {4, "", "", "input tokens exceed the configured limit", context_overflow, "the request does not fit the model's context window"},
    {4, "", "", "`inputs` tokens + `max_new_tokens` must be", context_overflow, "the request does not fit the model's context window"},
    {4, "", "", "exceeds the available context size", context_overflow, "the request does not fit the model's context window"},
    {4, "", "", "exceeds the maximum number of tokens allowed", context_overflow, "the request does not fit the model's context window"},
    {4, "", "", "^input is too long", context_overflow, "the request does not fit the model's context window"},
    {4, "", "", "reduce the length of the messages", context_overflow, "the request does not fit the model's context window"},

    // The status alone.
    {401, "", "", "", auth_bad, "{vendor} does not accept the API key"},
    {402, "", "", "", account_dead, "{vendor} asks for a payment"},
    {403, "", "", "", forbidden, "{vendor} forbids the call"},
    {404, "", "", "", model_gone, "{vendor} has no such model or path"},
    {408, "", "", "", timeout, "{vendor} gave up on its own timeout"},
    {409, "", "", "", server_error, "{vendor} had a conflict of its own"},
    {410, "", "", "", model_gone, "{vendor} has withdrawn the model"},
    {413, "", "", "", too_large, "the request is too large for {vendor}"},
    {424, "", "", "", server_error, "{vendor} had an error of its own"},
    {429, "", "", "", rate_limit, "{vendor} limits our rate"},
    {503, "", "", "", overloaded, "{vendor} is not available"},
    {529, "", "", "", overloaded, "{vendor} is overloaded"},
});

}  // namespace

std::span<const ClassRow> classification_table() {
    return rows;
}

}  // namespace gumshoe::llm
