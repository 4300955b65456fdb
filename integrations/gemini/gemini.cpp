// Gemini as a vendor: a dialect and a simulation. Keys belong to the targets of the `llm` section.
#include "integrations/gemini/gemini.hpp"

#include "integrations/gemini/dialect.hpp"
#include "integrations/gemini/sandbox.hpp"

namespace gumshoe {

Vendor gemini_vendor() {
    return {
        .name = "gemini",
        .title = "Gemini",
        .connect = nullptr,
        .dialect = gemini::make_dialect,
        .simulation = gemini::make_simulation,
        .environment = {{"GEMINI_API_KEY", "api_key", true}, {"GEMINI_MODEL", "model", false}},
        .default_model = "gemini-2.5-pro",
    };
}

}  // namespace gumshoe
