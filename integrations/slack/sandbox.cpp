// The Slack Web API of the simulated company: history from the scenario's "slack" block, posts kept in memory, requests checked as
// strictly as our contract with Slack (and unknown arguments refused, which Slack itself would ignore).
#include "integrations/slack/sandbox.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "integrations/slack/api.hpp"
#include "integrations/slack/blocks.hpp"
#include "integrations/slack/sandbox_history.hpp"
#include "integrations/slack/screen.hpp"

namespace gumshoe::slack {
namespace {

using sandbox::World;

constexpr std::size_t all_blocks_characters = 13200;
constexpr std::string_view own_user = "U0GUMSHOE";
constexpr std::string_view own_bot = "B0GUMSHOE";
constexpr std::string_view default_scopes = "chat:write,chat:write.public,channels:read,groups:read,channels:history,groups:history";

/// An "ok": false.
struct Refusal {
    std::string error;
    std::vector<std::string> messages;
    json more = json::object();
};

HttpReply answer(json body) {
    body["ok"] = true;
    return json_reply(200, dump_json(body));
}

HttpReply refuse(const Refusal& refusal) {
    json body = refusal.more;
    body["ok"] = false;
    body["error"] = refusal.error;
    if (!refusal.messages.empty()) body["response_metadata"] = {{"messages", refusal.messages}};
    return json_reply(200, dump_json(body));
}

struct Method {
    std::string_view name;
    bool takes_json;
    std::string_view scope;
    std::set<std::string_view> arguments;
};

const std::vector<Method>& methods() {
    static const std::vector<Method> all{
        {"auth.test", true, "", {}},
        {"chat.postMessage",
         true,
         "chat:write",
         {"channel", "text", "blocks", "attachments", "thread_ts", "reply_broadcast", "unfurl_links", "unfurl_media", "metadata", "mrkdwn",
          "parse", "link_names", "username", "icon_emoji", "icon_url", "client_msg_id", "team_id"}},
        {"chat.update",
         true,
         "chat:write",
         {"channel", "ts", "text", "blocks", "attachments", "metadata", "parse", "link_names", "reply_broadcast"}},
        {"chat.delete", true, "chat:write", {"channel", "ts"}},
        {"chat.getPermalink", false, "", {"channel", "message_ts"}},
        {"conversations.history",
         false,
         "channels:history",
         {"channel", "oldest", "latest", "inclusive", "limit", "cursor", "include_all_metadata"}},
        {"conversations.replies",
         false,
         "channels:history",
         {"channel", "ts", "oldest", "latest", "inclusive", "limit", "cursor", "include_all_metadata"}}};
    return all;
}

bool is_form(const RawRequest& request) {
    return to_lower(std::string(request.headers.find("Content-Type").value_or(""))).starts_with("application/x-www-form-urlencoded");
}

/// The header's token; a form may carry it as an argument instead, as the clients of old did.
std::string token_of(const RawRequest& request) {
    const auto header = request.headers.find("Authorization");
    if (header) return std::string(header->starts_with("Bearer ") ? header->substr(7) : std::string_view());
    if (!is_form(request)) return {};
    for (const auto& [key, value] : parse_form(request.body))
        if (key == "token") return value;
    return {};
}

bool truthy(const json& args, const char* key) {
    const std::string text = string_or_empty(args, key);
    return get_bool(args, key).value_or(text == "true" || text == "1");
}

class SlackSimulation final : public sandbox::Simulation {
public:
    std::string_view name() const override { return "slack"; }

    HttpReply handle(const RawRequest& request, const World& world) override {
        world_ = world;
        const auto found =
            std::ranges::find(methods(), std::string_view(request.path).substr(request.path.starts_with('/') ? 1 : 0), &Method::name);
        if (found == methods().end()) return refuse({"unknown_method", {}});
        if (auto refusal = authenticate(request, *found)) return refuse(*refusal);
        auto args = arguments(request, *found);
        if (!args.is_object()) return refuse({args.get<std::string>(), {}});
        for (const auto& [key, value] : args.items())
            if (!found->arguments.contains(key)) return refuse({"invalid_arguments", {"[ERROR] unknown argument: " + key}});
        HttpReply reply = dispatch(found->name, args);
        reply.headers.add("X-OAuth-Scopes", scopes());
        return reply;
    }

    std::string settings(const World& world) const override {
        std::vector<std::string> ids;
        std::string ops;
        for (const ChannelView& channel : channels_of(world)) {
            ids.push_back(channel.id);
            if (channel.name.ends_with("ops")) ops = channel.id;
        }
        json section = {{"api_url", world.base_url},
                        {"bot_token", "xoxb-sandbox-bot-token"},
                        {"channel", ids.empty() ? "" : ids.front()},
                        {"history", ids}};
        if (!ops.empty()) section["ops_channel"] = ops;
        return dump_json(section);
    }

    std::vector<std::string> screen() const override {
        std::vector<std::string> texts;
        for (const ChannelView& channel : channels_of(world_)) {
            for (const auto& message : history(channel.id)) {
                if (string_or_empty(message, "bot_id") != own_bot) continue;
                texts.push_back("#" + channel.name + (message.contains("edited") ? "  (edited)" : "") + "\n" + screen_text(message));
            }
        }
        return texts;
    }

    json state() const override {
        json channels = json::array();
        for (const ChannelView& channel : channels_of(world_)) {
            json messages = json::array();
            for (const auto& m : history(channel.id)) messages.push_back(m);
            const auto removed = deleted_.find(channel.id);
            channels.push_back({{"id", channel.id},
                                {"name", channel.name},
                                {"messages", std::move(messages)},
                                {"deleted", removed == deleted_.end() ? 0 : removed->second}});
        }
        return {{"channels", std::move(channels)}};
    }

private:
    std::string scopes() const {
        const auto own = world_.scenario ? get_string(*world_.scenario, "slack.scopes") : std::nullopt;
        return own.value_or(std::string(default_scopes));
    }

    std::optional<Refusal> authenticate(const RawRequest& request, const Method& method) const {
        const std::string token = token_of(request);
        if (token.empty()) return Refusal{"not_authed", {}};
        if (token.starts_with("xoxp-") || token.starts_with("xapp-")) return Refusal{"not_allowed_token_type", {}};
        if (!token.starts_with("xoxb-") || token.size() < 8) return Refusal{"invalid_auth", {}};
        const std::vector<std::string> granted = split(scopes(), ',');
        if (!method.scope.empty() && std::ranges::find(granted, method.scope) == granted.end())
            return Refusal{"missing_scope", {}, {{"needed", method.scope}, {"provided", scopes()}}};
        return std::nullopt;
    }

    /// The arguments as an object, or the name of an error.
    static json arguments(const RawRequest& request, const Method& method) {
        json args = json::object();
        for (const auto& [key, value] : parse_form(request.query)) args[key] = value;
        if (request.method == "GET") return method.takes_json && method.name != "auth.test" ? json("invalid_post_type") : args;
        if (request.method != "POST") return "invalid_post_type";
        const std::string type = to_lower(std::string(request.headers.find("Content-Type").value_or("")));
        if (type.empty()) return request.body.empty() ? args : json("missing_post_type");
        if (type.starts_with("application/json")) {
            if (!method.takes_json) return args;  // the body is not looked at: arguments are missing
            const auto body = parse_json(request.body);
            return body && body->is_object() ? *body : json("invalid_json");
        }
        if (!is_form(request)) return "invalid_post_type";
        for (const auto& [key, value] : parse_form(request.body)) {
            if (key == "token") continue;
            const bool structured = key == "blocks" || key == "metadata" || key == "attachments";
            const auto parsed = structured ? parse_json(value) : result<json>(json(value));
            args[key] = parsed ? *parsed : json(value);
        }
        return args;
    }

    HttpReply dispatch(std::string_view method, const json& args) {
        if (method == "auth.test") return auth_test();
        const auto channel = channel_of(args, method == "chat.postMessage");
        if (!channel) return refuse({"channel_not_found", {}});
        if (method == "chat.postMessage") return post(*channel, args);
        if (method == "chat.update") return update(*channel, args);
        if (method == "chat.delete") return remove(*channel, args);
        if (method == "chat.getPermalink") return permalink(*channel, args);
        if (!channel->member) return refuse({"not_in_channel", {}});
        return read(*channel, args, method == "conversations.replies");
    }

    std::optional<ChannelView> channel_of(const json& args, bool by_name) const {
        const std::string wanted = string_or_empty(args, "channel");
        for (const ChannelView& channel : channels_of(world_)) {
            const bool named = by_name && (wanted == channel.name || wanted == "#" + channel.name);
            if (!wanted.empty() && (wanted == channel.id || named) && (channel.member || !channel.is_private)) return channel;
        }
        return std::nullopt;
    }

    std::string team_url() const {
        const auto domain = world_.scenario ? get_string(*world_.scenario, "slack.domain") : std::nullopt;
        return "https://" + domain.value_or("acme") + ".slack.com/";
    }

    HttpReply auth_test() const {
        const auto domain = world_.scenario ? get_string(*world_.scenario, "slack.domain") : std::nullopt;
        return answer({{"url", team_url()},
                       {"team", domain.value_or("acme")},
                       {"user", "gumshoe"},
                       {"team_id", team_id},
                       {"user_id", own_user},
                       {"bot_id", own_bot},
                       {"is_enterprise_install", false}});
    }

    /// What is wrong with text, blocks and metadata of a message.
    static std::optional<Refusal> content_error(const json& args) {
        for (const char* key : {"text", "channel", "ts", "thread_ts"})
            if (args.contains(key) && !args[key].is_string())
                return Refusal{"invalid_arguments", {"[ERROR] must be a string [json-pointer:/" + std::string(key) + "]"}};
        const bool blocks = args.contains("blocks") && !(args["blocks"].is_array() && args["blocks"].empty());
        if (string_or_empty(args, "text").empty() && !blocks) return Refusal{"no_text", {}};
        if (blocks) {
            if (!args["blocks"].is_array()) return Refusal{"invalid_blocks_format", {}};
            auto errors = block_errors(args["blocks"]);
            if (!errors.empty()) return Refusal{"invalid_blocks", std::move(errors)};
            if (block_characters(args["blocks"]) > all_blocks_characters) return Refusal{"msg_blocks_too_long", {}};
        }
        if (!args.contains("metadata")) return std::nullopt;
        const json& metadata = args["metadata"];
        const bool shaped = metadata.is_object() && !string_or_empty(metadata, "event_type").empty() &&
                            metadata.contains("event_payload") && metadata["event_payload"].is_object();
        if (!shaped) return Refusal{"invalid_metadata_format", {}};
        if (metadata.dump().size() > 4000) return Refusal{"metadata_too_large", {}};
        return std::nullopt;
    }

    std::string next_ts() {
        std::string ts = to_ts(world_.now);
        ts.replace(ts.size() - 3, 3, "500");
        if (!before(last_ts_, ts)) {
            const std::size_t dot = last_ts_.find('.');
            const long fraction = std::stol(last_ts_.substr(dot + 1)) + 1;
            std::string digits = std::to_string(fraction);
            digits.insert(0, 6 - std::min<std::size_t>(6, digits.size()), '0');
            ts = last_ts_.substr(0, dot + 1) + digits;
        }
        last_ts_ = ts;
        return ts;
    }

    HttpReply post(const ChannelView& channel, const json& args) {
        if (channel.archived) return refuse({"is_archived", {}});
        const bool may = channel.member || scopes().find("chat:write.public") != std::string::npos;
        if (!may) return refuse({"not_in_channel", {}});
        if (auto error = content_error(args)) return refuse(*error);
        json message = {{"type", "message"},
                        {"subtype", "bot_message"},
                        {"ts", next_ts()},
                        {"user", own_user},
                        {"bot_id", own_bot},
                        {"team", team_id},
                        {"text", string_or_empty(args, "text").substr(0, 40000)},
                        {"edits", 0}};
        for (const char* key : {"blocks", "metadata"})
            if (args.contains(key)) message[key] = args[key];
        if (const auto thread = get_string(args, "thread_ts")) {
            if (!is_ts(*thread)) return refuse({"invalid_thread_ts", {}});
            message["thread_ts"] = *thread;
        }
        posted_[channel.id].push_back(message);
        return answer({{"channel", channel.id}, {"ts", message["ts"]}, {"message", message}});
    }

    json* own_message(const std::string& channel, const std::string& ts) {
        auto& messages = posted_[channel];
        const auto found = std::ranges::find_if(messages, [&](const json& m) { return m["ts"] == ts; });
        return found == messages.end() ? nullptr : &*found;
    }

    bool stands(const std::string& channel, const std::string& ts) const {
        const auto all = history(channel);
        return std::ranges::any_of(all, [&](const json& m) { return m["ts"] == ts; });
    }

    HttpReply update(const ChannelView& channel, const json& args) {
        const std::string ts = string_or_empty(args, "ts");
        json* message = own_message(channel.id, ts);
        if (!message) return refuse({stands(channel.id, ts) ? "cant_update_message" : "message_not_found", {}});
        if (auto error = content_error(args)) return refuse(*error);
        if (utf16_units(string_or_empty(args, "text")) > 4000) return refuse({"msg_too_long", {}});
        if (args.contains("text")) {
            (*message)["text"] = args["text"];
            message->erase("blocks");
        }
        for (const char* key : {"blocks", "metadata"})
            if (args.contains(key)) (*message)[key] = args[key];
        (*message)["edits"] = (*message)["edits"].get<int>() + 1;
        (*message)["edited"] = {{"user", own_user}, {"ts", to_ts(world_.now)}};
        return answer({{"channel", channel.id}, {"ts", ts}, {"text", (*message)["text"]}, {"message", *message}});
    }

    HttpReply remove(const ChannelView& channel, const json& args) {
        const std::string ts = string_or_empty(args, "ts");
        if (!own_message(channel.id, ts)) return refuse({stands(channel.id, ts) ? "cant_delete_message" : "message_not_found", {}});
        std::erase_if(posted_[channel.id], [&](const json& m) { return m["ts"] == ts; });
        ++deleted_[channel.id];
        return answer({{"channel", channel.id}, {"ts", ts}});
    }

    HttpReply permalink(const ChannelView& channel, const json& args) const {
        const std::string ts = string_or_empty(args, "message_ts");
        if (!stands(channel.id, ts)) return refuse({"message_not_found", {}});
        return answer({{"channel", channel.id}, {"permalink", team_url() + "archives/" + channel.id + "/p" + replace_all(ts, ".", "")}});
    }

    std::vector<json> history(const std::string& id) const {
        const auto own = posted_.find(id);
        return standing_messages(world_, id, own == posted_.end() ? std::vector<json>() : own->second);
    }

    HttpReply read(const ChannelView& channel, const json& args, bool replies) const {
        for (const char* key : {"oldest", "latest"})
            if (const auto ts = get_string(args, key); ts && !is_ts(*ts)) return refuse({"invalid_ts_" + std::string(key), {}});
        const std::int64_t limit = get_int(args, "limit").value_or(100);
        if (limit < 1 || limit > (replies ? 1000 : 999)) return refuse({"invalid_limit", {}});
        const std::string parent = string_or_empty(args, "ts");
        if (replies && !stands(channel.id, parent)) return refuse({"thread_not_found", {}});
        std::vector<json> chosen;
        for (auto& m : history(channel.id))
            if (selected(m, args, replies)) chosen.push_back(std::move(m));
        if (!replies) std::ranges::reverse(chosen);
        std::size_t from = 0;
        if (const auto cursor = get_string(args, "cursor"); cursor && !cursor->empty()) {
            const auto place = base64_decode(*cursor);
            const auto at =
                std::ranges::find_if(chosen, [&](const json& m) { return place && "next_ts:" + string_or_empty(m, "ts") == *place; });
            if (at == chosen.end()) return refuse({"invalid_cursor", {}});
            from = static_cast<std::size_t>(at - chosen.begin());
        }
        json messages = json::array();
        std::size_t next = from;
        for (; next < chosen.size() && messages.size() < static_cast<std::size_t>(limit); ++next) {
            chosen[next].erase("edits");
            if (!truthy(args, "include_all_metadata")) chosen[next].erase("metadata");
            messages.push_back(chosen[next]);
        }
        const bool more = next < chosen.size();
        json body = {{"messages", std::move(messages)}, {"has_more", more}};
        body["response_metadata"] = {{"next_cursor", more ? base64_encode("next_ts:" + string_or_empty(chosen[next], "ts")) : ""}};
        return answer(std::move(body));
    }

    static bool selected(const json& m, const json& args, bool replies) {
        const std::string ts = string_or_empty(m, "ts");
        const std::string thread = string_or_empty(m, "thread_ts");
        const std::string parent = string_or_empty(args, "ts");
        if (replies && ts == parent) return true;
        if (replies ? thread != parent : !thread.empty() && thread != ts) return false;
        const bool inclusive = truthy(args, "inclusive");
        const auto outside = [&](const std::string& bound, bool low) {
            if (bound.empty()) return false;
            if (bound == ts) return !inclusive;
            return low ? before(ts, bound) : before(bound, ts);
        };
        return !outside(string_or_empty(args, "oldest"), true) && !outside(string_or_empty(args, "latest"), false);
    }

    World world_;
    std::map<std::string, std::vector<json>> posted_;  // by channel
    std::map<std::string, int> deleted_;
    std::string last_ts_ = "0.000000";
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_simulation() {
    return std::make_unique<SlackSimulation>();
}

}  // namespace gumshoe::slack
