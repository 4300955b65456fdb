#pragma once

#include "integrations/vendor.hpp"

namespace gumshoe {

Vendor openai_vendor();
Vendor openai_responses_vendor();

// Those that speak Chat Completions too.
Vendor azure_vendor();
Vendor groq_vendor();
Vendor llamacpp_vendor();
Vendor openrouter_vendor();
Vendor vllm_vendor();

}  // namespace gumshoe
