// Ollama as a vendor: a dialect. It has no keys; a target says which model of which server.
#include "integrations/ollama/ollama.hpp"

#include "integrations/ollama/dialect.hpp"

namespace gumshoe {

Vendor ollama_vendor() {
    return {
        .name = "ollama",
        .title = "Ollama",
        .connect = nullptr,
        .dialect = ollama::make_dialect,
        .environment = {{"OLLAMA_MODEL", "model", false}, {"OLLAMA_API_URL", "api_url", false}},
    };
}

}  // namespace gumshoe
