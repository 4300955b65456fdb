// Anthropic as a vendor: a dialect and a simulation. Keys belong to the targets of the `llm` section.
#include "integrations/anthropic/anthropic.hpp"

#include "integrations/anthropic/dialect.hpp"
#include "integrations/anthropic/sandbox.hpp"

namespace gumshoe {

Vendor anthropic_vendor() {
    return {
        .name = "anthropic",
        .title = "Anthropic",
        .connect = nullptr,
        .dialect = anthropic::make_dialect,
        .simulation = anthropic::make_simulation,
        .environment = {{"ANTHROPIC_API_KEY", "api_key", true}, {"ANTHROPIC_MODEL", "model", false}},
        .default_model = "claude-sonnet-5",
    };
}

}  // namespace gumshoe
