#include "tests/wall/expected.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace gumshoe::test {
namespace {

using enum FailureClass;
using enum After;

constexpr auto rows = std::to_array<Expected>({
    {"fb-s01", auth_bad, 1, key},
    {"fb-s02", account_dead, 1, account},
    {"fb-s03", account_dead, 1, account},
    {"fb-s04", account_dead, 1, account},
    {"fb-s05", account_dead, 1, account},
    {"fb-s06", rate_limit, 1, gate},
    {"fb-s07", rate_limit, 1, gate},
    {"fb-s08", rate_limit, 1, gate},
    {"fb-s09", overloaded, 1, counted},
    {"fb-s10-500", server_error, 1, counted},
    {"fb-s10-502", server_error, 1, counted},
    {"fb-s10-503", overloaded, 1, counted},
    {"fb-s10-504", server_error, 1, counted},
    {"fb-s11-424", server_error, 1, counted},
    {"fb-s11-408", timeout, 1, counted},
    {"fb-s12", model_gone, 1, model},
    {"fb-s13", forbidden, 1, model},
    {"fb-s14-1", context_overflow, 1, nothing},
    {"fb-s14-2", context_overflow, 1, nothing},
    {"fb-s14-3", context_overflow, 1, nothing},
    {"fb-s14-4", context_overflow, 1, nothing},
    {"fb-s14-5", context_overflow, 1, nothing},
    {"fb-s14-6", context_overflow, 1, nothing},
    {"fb-s14-7", context_overflow, 1, nothing},
    {"fb-s14-8", context_overflow, 1, nothing},
    {"fb-s14-9", context_overflow, 1, nothing},
    {"fb-s15-400", content_filter, 1, nothing},
    {"fb-s15-200", content_filter, 1, nothing},
    {"fb-s15-refusal", refusal, 1, nothing},
    {"fb-s16", unsupported_param, 2, nothing, true},
    {"fb-s17", network, 1, counted},
    {"fb-s20", timeout, 1, counted},
    {"fb-s21", timeout, 1, counted},
    {"fb-s22", timeout, 1, counted},
    {"fb-s23", timeout, 1, counted},
    {"fb-s24", timeout, 1, counted},
    {"fb-s25", truncated_stream, 1, counted},
    {"fb-s26", truncated_stream, 1, counted},
    {"fb-s27-json", truncated_stream, 1, counted},
    {"fb-s27-utf8", truncated_stream, 1, counted},
    {"fb-s28", server_error, 1, counted},
    {"fb-s29", server_error, 1, counted},
    {"fb-s30", empty, 2, nothing},
    {"fb-s31", bad_body, 1, counted},
    {"fb-s32", bad_body, 1, counted},
    {"fb-s33", server_error, 1, counted},
    {"fb-s34-type", none, 1, nothing, true},
    {"fb-s34-encoding", network, 1, counted},
    {"fb-s35", schema_invalid, 2, nothing},
    {"fb-s36", output_truncated, 2, nothing},
    {"fb-s37", schema_invalid, 2, nothing},
    {"fb-s38-body", bad_body, 1, counted},
    {"fb-s38-headers", bad_body, 1, counted},
    {"fb-s39", bad_body, 1, counted},
    {"fb-s40-status", network, 1, counted},
    {"fb-s40-code", bad_request_unknown, 1, nothing},
    {"fb-s41", unsupported_param, 2, nothing, true},  // signed again with the vendor's time
});

struct Exception {
    std::string_view provider;  // "": any
    std::string_view mode;      // "": either
    Expected instead;
};

constexpr auto exceptions = std::to_array<Exception>({
    {"", "buffered", {"fb-s25", network, 1, counted}},       // nothing of it was read yet
    {"anthropic", "", {"fb-s15-200", refusal, 1, nothing}},  // its filter speaks as the model
    {"anthropic", "", {"fb-s28", overloaded, 1, counted}},
    {"anthropic", "", {"fb-s29", overloaded, 1, counted}},
    {"anthropic", "", {"fb-s33", overloaded, 1, counted}},
    {"gemini", "", {"fb-s10-504", timeout, 1, counted}},             // DEADLINE_EXCEEDED
    {"gemini", "", {"fb-s15-refusal", content_filter, 1, nothing}},  // it refuses by its filter alone
    {"gemini", "", {"fb-s28", overloaded, 1, counted}},
    {"gemini", "", {"fb-s29", overloaded, 1, counted}},
    {"gemini", "", {"fb-s33", overloaded, 1, counted}},
    {"anthropic", "", {"fb-s10-504", timeout, 1, counted}},           // timeout_error
    {"bedrock", "", {"fb-s15-refusal", content_filter, 1, nothing}},  // a guardrail's
    {"gemini", "", {"fb-s37", schema_invalid, 1, nothing}},           // MALFORMED_FUNCTION_CALL in place of an answer
    {"bedrock", "", {"fb-s33", bad_body, 1, counted}},
    {"ollama", "", {"fb-s28", bad_body, 1, counted}},  // its errors are words without a code
    {"ollama", "", {"fb-s29", bad_body, 1, counted}},
    {"ollama", "", {"fb-s33", bad_body, 1, counted}},
    {"ollama", "", {"fb-s37", schema_invalid, 1, nothing}},  // a 500: there is no answer that could be mended
    {"groq", "", {"fb-s35", schema_invalid, 1, nothing}},    // it checks itself: an error, and no answer that could be mended
    {"groq", "", {"fb-s37", schema_invalid, 1, nothing}},
    {"llamacpp", "", {"fb-s37", schema_invalid, 1, nothing}},
    {"openrouter", "", {"fb-s05", auth_bad, 1, key}},  // the limit is the key's
});

}  // namespace

Expected expected(std::string_view model, std::string_view provider, std::string_view mode) {
    for (const Exception& one : exceptions) {
        const bool its = (one.provider.empty() || one.provider == provider) && (one.mode.empty() || one.mode == mode);
        if (its && one.instead.model == model) return one.instead;
    }
    const auto row = std::ranges::find(rows, model, &Expected::model);
    if (row == rows.end()) throw std::logic_error("nothing is expected of " + std::string(model));
    return *row;
}

}  // namespace gumshoe::test
