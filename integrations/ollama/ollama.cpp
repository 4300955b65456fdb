// Ollama as a vendor: a dialect and a simulation. It has no keys; a target says which model of which server.
#include "integrations/ollama/ollama.hpp"

#include "integrations/ollama/dialect.hpp"
#include "integrations/ollama/sandbox.hpp"

namespace gumshoe {

Vendor ollama_vendor() {
    return {
        .name = "ollama",
        .title = "Ollama",
        .connect = nullptr,
        .dialect = ollama::make_dialect,
        .simulation = ollama::make_simulation,
        // With no key to ask for, the model's name is what connects it.
        .environment = {{"OLLAMA_MODEL", "model"}, {"OLLAMA_API_URL", "api_url", false}, {"OLLAMA_API_KEY", "api_key", false}},
    };
}

}  // namespace gumshoe
