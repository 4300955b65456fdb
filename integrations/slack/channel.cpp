// chat.postMessage, chat.update and the look-up by metadata. Whether a post went through decides everything: what is not certain is
// unknown.
#include "integrations/slack/channel.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "integrations/slack/api.hpp"
#include "integrations/slack/blocks.hpp"

namespace gumshoe::slack {
namespace {

constexpr std::string_view event_type = "gumshoe_message";
constexpr int find_pages = 10;

bool any_of(std::string_view code, std::initializer_list<std::string_view> codes) {
    return std::ranges::find(codes, code) != codes.end();
}

/// The post may stand there: Slack says so itself, or says nothing definite.
bool ambiguous(std::string_view code) {
    return any_of(code, {"fatal_error", "internal_error", "request_timeout", "service_unavailable", "duplicate_message_not_found",
                         "duplicate_channel_not_found"});
}

PostOutcome of_error(const Error& error) {
    PostOutcome out;
    out.code = std::string(to_string(error.code));
    out.detail = error.message;
    // The client reports network and tls only for what failed before the request was sent.
    if (error.code == errc::network || error.code == errc::tls) {
        out.kind = PostOutcome::Kind::not_sent;
        out.retryable = true;
    } else if (error.code == errc::invalid_argument) {
        out.kind = PostOutcome::Kind::refused;
    }
    return out;
}

PostOutcome wait(milliseconds span) {
    PostOutcome out;
    out.kind = PostOutcome::Kind::refused;
    out.code = "ratelimited";
    out.detail = "Slack asks us to wait " + format_duration(span);
    out.retryable = true;
    out.retry_after = span;
    return out;
}

PostOutcome of_answer(const json& body, const HttpResponse& response) {
    PostOutcome out;
    if (*get_bool(body, "ok")) {
        out.channel = string_or_empty(body, "channel");
        out.ts = string_or_empty(body, "ts");
        const bool complete = !out.channel.empty() && !out.ts.empty();
        out.kind = complete ? PostOutcome::Kind::posted : PostOutcome::Kind::unknown;
        if (!complete) out.detail = "Slack's answer names no message";
        return out;
    }
    out.code = string_or_empty(body, "error");
    out.detail = error_words(body);
    if (out.code == "ratelimited" || out.code == "rate_limited") return wait(retry_after(response));
    if (out.code.empty() || ambiguous(out.code)) return out;
    out.kind = PostOutcome::Kind::refused;
    out.bad_blocks = any_of(out.code, {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "block_mismatch"});
    out.gone = any_of(out.code, {"message_not_found", "cant_update_message", "edit_window_closed"});
    out.retryable = out.bad_blocks || any_of(out.code, {"team_added_to_org", "update_failed"});
    return out;
}

class SlackChannel final : public Channel {
public:
    SlackChannel(HttpClient& http, Secret token, std::string url) : api_(http, std::move(token), std::move(url)) {}

    std::string_view name() const override { return "slack"; }

    awaitable<PostOutcome> post(std::string channel, std::string thread_ts, Document document, std::string key, bool plain_only,
                                Deadline deadline) override {
        json body = content(document, plain_only);
        body["channel"] = channel;
        body["unfurl_links"] = false;
        body["unfurl_media"] = false;
        // Slack may drop a repeat of the same id; nothing here relies on it.
        body["client_msg_id"] = key;
        body["metadata"] = {{"event_type", event_type}, {"event_payload", {{"k", key}}}};
        if (!thread_ts.empty()) body["thread_ts"] = thread_ts;
        HttpRequest request = api_.json_request("chat.postMessage", body);
        auto response = co_await api_.send(std::move(request), deadline);
        co_return classify(response);
    }

    awaitable<PostOutcome> update(std::string channel, std::string ts, Document document, bool plain_only, Deadline deadline) override {
        json body = content(document, plain_only);
        body["channel"] = channel;
        body["ts"] = ts;
        HttpRequest request = api_.json_request("chat.update", body);
        auto response = co_await api_.send(std::move(request), deadline);
        co_return classify(response);
    }

    task<std::vector<FoundMessage>> find(std::string channel, std::string thread_ts, std::string key, Timestamp since,
                                         Deadline deadline) override {
        const auto who = co_await api_.identity(deadline);
        if (!who) co_return who.error();
        std::vector<FoundMessage> found;
        std::string cursor;
        for (int page = 0; page < find_pages; ++page) {
            Form form = {
                {"channel", channel}, {"oldest", to_ts(since)}, {"inclusive", "true"}, {"limit", "200"}, {"include_all_metadata", "true"}};
            if (!thread_ts.empty()) form.emplace_back("ts", thread_ts);
            if (!cursor.empty()) form.emplace_back("cursor", cursor);
            std::string method = thread_ts.empty() ? "conversations.history" : "conversations.replies";
            const auto answer = co_await api_.call(std::move(method), std::move(form), deadline);
            if (!answer) co_return answer.error();
            collect(*answer, channel, key, *who, found);
            cursor = string_or_empty(*answer, "response_metadata.next_cursor");
            if (cursor.empty()) co_return found;
        }
        co_return Error{errc::too_large, "the channel's history is too long to look through"};
    }

    task<void> remove(std::string channel, std::string ts, Deadline deadline) override {
        const json body = {{"channel", channel}, {"ts", ts}};
        HttpRequest request = api_.json_request("chat.delete", body);
        const auto response = co_await api_.send(std::move(request), deadline);
        if (!response) co_return response.error();
        const auto answer = read_answer(*response);
        if (!answer && answer.error().code != errc::not_found) co_return in_context("slack chat.delete", answer.error());
        co_return result<void>();
    }

    task<std::string> probe(Deadline deadline) override {
        const auto who = co_await api_.identity(deadline);
        if (!who) co_return who.error();
        std::string text = who->team + " as " + who->user + " (" + who->user_id + ")";
        if (who->scopes.empty()) co_return text;
        const auto has = [&](std::string_view scope) { return std::ranges::find(who->scopes, scope) != who->scopes.end(); };
        if (!has("chat:write"))
            co_return Error{errc::forbidden,
                            text + ": the app lacks the scope chat:write: add it under OAuth & Permissions and reinstall the app"};
        std::string missing;
        for (const std::string_view scope : {"channels:history", "groups:history"})
            if (!has(scope)) missing += (missing.empty() ? "" : ", ") + std::string(scope);
        if (!missing.empty())
            text += "; without the scope " + missing + " channels of that kind can be neither read nor checked for lost posts";
        co_return text;
    }

private:
    static json content(const Document& document, bool plain_only) {
        json body = json::object();
        body["text"] = plain_only ? to_whole_text(document) : to_text(document);
        if (!plain_only) body["blocks"] = to_blocks(document);
        return body;
    }

    static void collect(const json& answer, const std::string& channel, const std::string& key, const Identity& who,
                        std::vector<FoundMessage>& found) {
        const json* messages = gumshoe::find(answer, "messages");
        if (!messages || !messages->is_array()) return;
        for (const auto& m : *messages) {
            const bool ours =
                (!who.bot_id.empty() && string_or_empty(m, "bot_id") == who.bot_id) || string_or_empty(m, "user") == who.user_id;
            const bool keyed =
                string_or_empty(m, "metadata.event_type") == event_type && string_or_empty(m, "metadata.event_payload.k") == key;
            const std::string ts = string_or_empty(m, "ts");
            // The first message of a thread is on every page of it.
            const bool seen = std::ranges::any_of(found, [&](const FoundMessage& f) { return f.ts == ts; });
            if (ours && keyed && !ts.empty() && !seen) found.push_back({channel, ts});
        }
    }

    Api api_;
};

}  // namespace

PostOutcome classify(const result<HttpResponse>& response) {
    if (!response) return of_error(response.error());
    if (response->status == 429) return wait(retry_after(*response));
    const auto body = parse_json(response->body);
    const bool slack = body && body->is_object() && get_bool(*body, "ok").has_value();
    if (slack && response->status < 500) return of_answer(*body, *response);
    PostOutcome out;
    out.code = "http_" + std::to_string(response->status);
    out.detail = "Slack answered HTTP " + std::to_string(response->status) + " without its JSON";
    // A proxy's 4xx or a redirect never reached Slack; a 2xx without JSON or a 5xx may have.
    const bool definite = response->status >= 300 && response->status < 500 && response->status != 408;
    if (definite) {
        out.kind = PostOutcome::Kind::refused;
        out.detail += ": check slack.api_url and the proxy";
    }
    return out;
}

std::unique_ptr<Channel> make_channel(HttpClient& http, Secret bot_token, std::string api_url) {
    return std::make_unique<SlackChannel>(http, std::move(bot_token), std::move(api_url));
}

}  // namespace gumshoe::slack
