// Amazon Bedrock as a vendor: a dialect. Keys belong to the targets of the `llm` section.
#include "integrations/bedrock/bedrock.hpp"

#include "integrations/bedrock/dialect.hpp"

namespace gumshoe {

Vendor bedrock_vendor() {
    return {
        .name = "bedrock",
        .title = "Amazon Bedrock",
        .connect = nullptr,
        .dialect = bedrock::make_dialect,
        .environment = {{"AWS_BEARER_TOKEN_BEDROCK", "api_key", true}, {"BEDROCK_MODEL", "model", false}},
        .default_model = "anthropic.claude-sonnet-4-5-20250929-v1:0",
    };
}

}  // namespace gumshoe
