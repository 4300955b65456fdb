#include "integrations/registry.hpp"

#include <array>

#include "integrations/alertmanager/alertmanager.hpp"
#include "integrations/anthropic/anthropic.hpp"
#include "integrations/bedrock/bedrock.hpp"
#include "integrations/datadog/datadog.hpp"
#include "integrations/gemini/gemini.hpp"
#include "integrations/git/git.hpp"
#include "integrations/github/github.hpp"
#include "integrations/gitlab/gitlab.hpp"
#include "integrations/newrelic/newrelic.hpp"
#include "integrations/ollama/ollama.hpp"
#include "integrations/openai/openai.hpp"
#include "integrations/pagerduty/pagerduty.hpp"
#include "integrations/signoz/signoz.hpp"
#include "integrations/slack/slack.hpp"

namespace gumshoe {

std::span<const Vendor> vendors() {
    // An address of code is the first vendor's that knows it: a code host tells more than a clone of git.
    static const std::array all{
        alertmanager_vendor(), anthropic_vendor(), azure_vendor(),  bedrock_vendor(), datadog_vendor(),
        gemini_vendor(),       github_vendor(),    gitlab_vendor(), git_vendor(),     groq_vendor(),
        llamacpp_vendor(),     newrelic_vendor(),  ollama_vendor(), openai_vendor(),  openai_responses_vendor(),
        openrouter_vendor(),   pagerduty_vendor(), signoz_vendor(), slack_vendor(),   vllm_vendor(),
    };
    return all;
}

const Vendor* find_vendor(std::string_view name) {
    for (const Vendor& vendor : vendors()) {
        if (vendor.name == name) return &vendor;
    }
    return nullptr;
}

}  // namespace gumshoe
