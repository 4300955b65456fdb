// The family of Chat Completions and Responses as vendors: dialects, and simulations. Keys belong to the targets of the `llm` section.
#include "integrations/openai/openai.hpp"

#include "integrations/openai/dialect.hpp"
#include "integrations/openai/responses.hpp"
#include "integrations/openai/sandbox.hpp"

namespace gumshoe {
namespace {

/// A template argument cannot hold views: the flavour is found by address.
template <const openai::Flavour& flavour>
std::unique_ptr<llm::Dialect> dialect() {
    return openai::make_dialect(flavour);
}

}  // namespace

Vendor openai_vendor() {
    return {
        .name = "openai",
        .title = "OpenAI",
        .connect = nullptr,
        .dialect = dialect<openai::chat>,
        .simulation = openai::make_simulation,
        .environment = {{"OPENAI_API_KEY", "api_key", true}, {"OPENAI_MODEL", "model", false}},
        .default_model = "gpt-5.1",
    };
}

Vendor openai_responses_vendor() {
    return {.name = "openai_responses",
            .title = "OpenAI Responses",
            .connect = nullptr,
            .dialect = openai::make_responses_dialect,
            // The key is there for Chat Completions too: the model connects it.
            .environment = {{"OPENAI_RESPONSES_MODEL", "model", true}, {"OPENAI_API_KEY", "api_key", false}}};
}

Vendor azure_vendor() {
    return {
        .name = "azure",
        .title = "Azure OpenAI",
        .connect = nullptr,
        .dialect = dialect<openai::azure>,
        .simulation = openai::make_azure_simulation,
        .environment = {{"AZURE_OPENAI_API_KEY", "api_key", true},
                        {"AZURE_OPENAI_ENDPOINT", "api_url", false},
                        {"AZURE_OPENAI_API_VERSION", "api_version", false},
                        {"AZURE_OPENAI_DEPLOYMENT", "model", false}},
    };
}

Vendor groq_vendor() {
    return {
        .name = "groq",
        .title = "Groq",
        .connect = nullptr,
        .dialect = dialect<openai::groq>,
        .simulation = openai::make_groq_simulation,
        .environment = {{"GROQ_API_KEY", "api_key", true}, {"GROQ_MODEL", "model", false}},
        .default_model = "openai/gpt-oss-120b",
    };
}

Vendor llamacpp_vendor() {
    return {.name = "llamacpp",
            .title = "llama.cpp",
            .connect = nullptr,
            .dialect = dialect<openai::llamacpp>,
            .simulation = openai::make_llamacpp_simulation,
            .environment = {}};
}

Vendor openrouter_vendor() {
    return {
        .name = "openrouter",
        .title = "OpenRouter",
        .connect = nullptr,
        .dialect = dialect<openai::openrouter>,
        .simulation = openai::make_openrouter_simulation,
        .environment = {{"OPENROUTER_API_KEY", "api_key", true}, {"OPENROUTER_MODEL", "model", false}},
        .default_model = "openai/gpt-5.1",
    };
}

Vendor vllm_vendor() {
    return {.name = "vllm",
            .title = "vLLM",
            .connect = nullptr,
            .dialect = dialect<openai::vllm>,
            .simulation = openai::make_vllm_simulation,
            .environment = {}};
}

}  // namespace gumshoe
