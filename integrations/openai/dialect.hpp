// The Chat Completions dialect: OpenAI's own, Azure's, and that of the servers that speak it with an accent.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "llm/dialect.hpp"

namespace gumshoe::openai {

/// Who speaks it, and how.
struct Flavour {
    std::string_view provider;
    std::string_view default_api_url = {};
    bool needs_key = true;
    bool azure = false;  // deployments in the path, `api-key`, `api-version`
    bool says_no_role_developer = false;
    bool schema_beside_tools = true;  // takes response_format and tools in one request
    bool stream_options = true;
    std::string_view probe = "/models";
};

inline constexpr Flavour chat{.provider = "openai", .default_api_url = "https://api.openai.com/v1"};
inline constexpr Flavour azure{.provider = "azure", .azure = true};
// Its models are shown to anybody; `/key` asks for the key.
inline constexpr Flavour openrouter{.provider = "openrouter", .default_api_url = "https://openrouter.ai/api/v1", .probe = "/key"};
inline constexpr Flavour groq{
    .provider = "groq", .default_api_url = "https://api.groq.com/openai/v1", .says_no_role_developer = true, .schema_beside_tools = false};
inline constexpr Flavour vllm{.provider = "vllm", .needs_key = false, .says_no_role_developer = true};
inline constexpr Flavour llamacpp{.provider = "llamacpp", .needs_key = false, .says_no_role_developer = true, .schema_beside_tools = false};

std::unique_ptr<llm::Dialect> make_dialect(const Flavour& flavour);

/// "none", "auto" or "required".
std::string_view choice_of(llm::ToolChoice choice);

/// Models that think first: they take developer messages and max_completion_tokens, and no temperature.
bool reasons(std::string_view model);

}  // namespace gumshoe::openai
