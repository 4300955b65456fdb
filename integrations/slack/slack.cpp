// Slack's configuration section and the roles it gives.
#include "integrations/slack/slack.hpp"

#include <algorithm>
#include <utility>

#include "integrations/slack/channel.hpp"
#include "integrations/slack/evidence.hpp"
#include "integrations/slack/sandbox.hpp"

namespace gumshoe {
namespace {

bool channel_id(std::string_view text) {
    const bool kind = text.size() >= 3 && (text[0] == 'C' || text[0] == 'G' || text[0] == 'D');
    return kind && std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

/// Reading a channel's history takes its id, not its name.
std::string channel_of(Section& section, std::string_view key) {
    std::string id = section.text(key);
    if (!id.empty() && !channel_id(id))
        section.error(key, "is not a channel id such as C0123456789 (it stands at the end of the channel's details)");
    return id;
}

VendorRoles connect(Section& section, VendorServices services) {
    VendorRoles roles;
    const Secret token = section.secret("bot_token");
    const Secret signing = section.secret("signing_secret");
    const std::string url = section.url("api_url", "https://slack.com/api");
    roles.default_channel = channel_of(section, "channel");
    roles.ops_channel = channel_of(section, "ops_channel");
    std::vector<std::string> history = section.texts("history");
    for (const auto& id : history)
        if (!channel_id(id)) section.error("history", "\"" + id + "\" is not a channel id such as C0123456789");
    if (!token.empty() && !token.reveal().starts_with("xoxb-"))
        section.warning("bot_token", "does not begin with xoxb-: Slack's other tokens cannot post as the app");
    if (token.empty()) {
        section.error("bot_token", "is missing: Slack cannot be used without it");
        return roles;
    }
    if (roles.default_channel.empty()) section.warning("channel", "is missing: only routes that name a channel will be told of anything");
    if (roles.ops_channel.empty()) roles.ops_channel = roles.default_channel;
    roles.secrets = {token, signing};
    if (!services.http || !services.clock) return roles;
    roles.channel = slack::make_channel(*services.http, token, url);
    if (!history.empty()) roles.source = slack::make_source(*services.http, token, url, std::move(history));
    return roles;
}

}  // namespace

Vendor slack_vendor() {
    Vendor vendor;
    vendor.name = "slack";
    vendor.title = "Slack";
    vendor.connect = connect;
    vendor.simulation = slack::make_simulation;
    vendor.environment = {{"SLACK_BOT_TOKEN", "bot_token", true},
                          {"SLACK_SIGNING_SECRET", "signing_secret", true},
                          {"SLACK_CHANNEL", "channel", false},
                          {"SLACK_OPS_CHANNEL", "ops_channel", false}};
    return vendor;
}

}  // namespace gumshoe
