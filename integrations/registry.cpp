#include "integrations/registry.hpp"

#include <array>

#include "integrations/alertmanager/alertmanager.hpp"
#include "integrations/anthropic/anthropic.hpp"
#include "integrations/datadog/datadog.hpp"
#include "integrations/github/github.hpp"
#include "integrations/newrelic/newrelic.hpp"
#include "integrations/openai/openai.hpp"
#include "integrations/pagerduty/pagerduty.hpp"
#include "integrations/signoz/signoz.hpp"
#include "integrations/slack/slack.hpp"

namespace gumshoe {

std::span<const Vendor> vendors() {
    static const std::array all{
        alertmanager_vendor(), anthropic_vendor(), datadog_vendor(), github_vendor(), newrelic_vendor(),
        openai_vendor(),       pagerduty_vendor(), signoz_vendor(),  slack_vendor(),
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
