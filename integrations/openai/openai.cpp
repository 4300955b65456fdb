// OpenAI as a vendor: a dialect and a simulation. Keys belong to the targets of the `llm` section.
#include "integrations/openai/openai.hpp"

#include "integrations/openai/dialect.hpp"
#include "integrations/openai/sandbox.hpp"

namespace gumshoe {

Vendor openai_vendor() {
    return {
        .name = "openai",
        .title = "OpenAI",
        .connect = nullptr,
        .dialect = openai::make_dialect,
        .simulation = openai::make_simulation,
        .environment = {{"OPENAI_API_KEY", "api_key", true}, {"OPENAI_MODEL", "model", false}},
        .default_model = "gpt-5.1",
    };
}

}  // namespace gumshoe
