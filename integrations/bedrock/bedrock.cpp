// Amazon Bedrock as a vendor: a dialect and a simulation. Keys belong to the targets of the `llm` section.
#include "integrations/bedrock/bedrock.hpp"

#include "integrations/bedrock/dialect.hpp"
#include "integrations/bedrock/sandbox.hpp"

namespace gumshoe {

Vendor bedrock_vendor() {
    return {
        .name = "bedrock",
        .title = "Amazon Bedrock",
        .connect = nullptr,
        .dialect = bedrock::make_dialect,
        .simulation = bedrock::make_simulation,
        .environment = {{"AWS_BEARER_TOKEN_BEDROCK", "api_key", true}, {"BEDROCK_MODEL", "model", false}, {"AWS_REGION", "region", false}},
        .default_model = "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
    };
}

}  // namespace gumshoe
