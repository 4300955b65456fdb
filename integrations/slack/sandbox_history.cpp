// History of the simulated Slack: the scenario's "slack" block on the play's clock.
#include "integrations/slack/sandbox_history.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/slack/api.hpp"

namespace gumshoe::slack {
namespace {

json scenario_channels(const sandbox::World& world) {
    const json* listed = world.scenario ? find(*world.scenario, "slack.channels") : nullptr;
    if (listed && listed->is_array()) return *listed;
    return json::array({{{"id", "C0INCIDENTS"}, {"name", "incidents"}}, {{"id", "C0OPS"}, {"name", "gumshoe-ops"}}});
}

/// As Slack stores what a person typed.
std::string escaped(std::string text) {
    return replace_all(replace_all(replace_all(std::move(text), "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

json scenario_message(const sandbox::World& world, const json& entry, std::size_t index) {
    const auto at = [&](double t) {
        const std::string ts = to_ts(world.zero + milliseconds(static_cast<std::int64_t>(t * 1000)));
        return ts.substr(0, ts.size() - 3) + std::to_string(100 + index % 900);
    };
    const auto t = get_number(entry, "t").value_or(0);
    json out = {{"type", "message"}, {"ts", at(t)}, {"team", team_id}, {"text", escaped(string_or_empty(entry, "text"))}};
    if (const auto raw = get_string(entry, "mrkdwn")) out["text"] = *raw;
    if (const auto bot = get_string(entry, "bot")) {
        out["subtype"] = "bot_message";
        out["bot_id"] = "B0" + *bot;
        out["username"] = *bot;
    } else {
        out["user"] = string_or_empty(entry, "user");
    }
    for (const char* key : {"attachments", "blocks", "subtype"})
        if (entry.contains(key)) out[key] = entry[key];
    if (const auto parent = get_int(entry, "reply_to")) out["reply_to"] = *parent;
    return out;
}

void count_replies(json& parent, const std::vector<json>& all) {
    const std::string ts = string_or_empty(parent, "ts");
    int replies = 0;
    for (const auto& m : all)
        if (string_or_empty(m, "thread_ts") == ts && string_or_empty(m, "ts") != ts) {
            ++replies;
            parent["latest_reply"] = m["ts"];
        }
    if (replies == 0) return;
    parent["thread_ts"] = ts;
    parent["reply_count"] = replies;
}

}  // namespace

std::vector<ChannelView> channels_of(const sandbox::World& world) {
    std::vector<ChannelView> out;
    for (const auto& channel : scenario_channels(world))
        out.push_back({string_or_empty(channel, "id"), string_or_empty(channel, "name"), get_bool(channel, "member").value_or(true),
                       get_bool(channel, "private").value_or(false), get_bool(channel, "archived").value_or(false)});
    return out;
}

bool is_ts(std::string_view text) {
    const std::size_t dot = text.find('.');
    const auto digits = [](std::string_view part) {
        return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    };
    return digits(text.substr(0, dot)) && (dot == std::string_view::npos || digits(text.substr(dot + 1)));
}

bool before(std::string_view a, std::string_view b) {
    const auto whole = [](std::string_view ts) { return ts.substr(0, ts.find('.')); };
    if (whole(a).size() != whole(b).size()) return whole(a).size() < whole(b).size();
    return a < b;
}

std::vector<json> standing_messages(const sandbox::World& world, std::string_view channel, const std::vector<json>& posted) {
    std::vector<json> out;
    for (const auto& entry : scenario_channels(world)) {
        const json* messages = find(entry, "messages");
        if (string_or_empty(entry, "id") != channel || !messages) continue;
        for (std::size_t i = 0; i < messages->size(); ++i) out.push_back(scenario_message(world, (*messages)[i], i));
    }
    const std::vector<json> written = out;
    for (auto& m : out)
        if (const auto parent = get_int(m, "reply_to"); parent && *parent >= 0 && static_cast<std::size_t>(*parent) < written.size()) {
            m["thread_ts"] = written[static_cast<std::size_t>(*parent)]["ts"];
            m.erase("reply_to");
        }
    std::erase_if(out, [&](const json& m) { return from_ts(string_or_empty(m, "ts")) > world.now; });
    out.insert(out.end(), posted.begin(), posted.end());
    std::ranges::sort(out, [](const json& a, const json& b) { return before(string_or_empty(a, "ts"), string_or_empty(b, "ts")); });
    for (auto& m : out) count_replies(m, out);
    return out;
}

}  // namespace gumshoe::slack
