// The history of the configured channels around the onset, threads with fresh replies included.
#include "integrations/slack/evidence.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace gumshoe::slack {
namespace {

constexpr milliseconds before_onset = seconds(2 * 3600);
constexpr int page_limit = 10;
constexpr std::size_t message_limit = 1000;
constexpr std::size_t thread_limit = 5;

class SlackSource final : public Source {
public:
    SlackSource(HttpClient& http, Secret token, std::string url, std::vector<std::string> channels)
        : api_(http, std::move(token), std::move(url)), channels_(std::move(channels)) {}

    std::string_view name() const override { return "slack"; }

    std::vector<Query> plan(const Subject& subject) const override {
        std::vector<Query> out;
        for (const auto& channel : channels_) {
            Query query;
            query.source = "slack";
            query.id = "slack/history/" + channel;
            query.kind = QueryKind::history;
            query.entity = subject.alert.service;
            query.window = {subject.onset - before_onset, std::max(subject.incident.to, subject.onset)};
            query.arguments["channel"] = channel;
            out.push_back(std::move(query));
        }
        return out;
    }

    task<Fetched> fetch(Query query, Deadline deadline) override {
        const auto who = co_await api_.identity(deadline);
        if (!who) co_return who.error();
        const std::string channel = query.arguments["channel"];
        const bool configured = std::ranges::find(channels_, channel) != channels_.end();
        if (!configured) co_return Error{errc::invalid_argument, "the channel is not configured"};
        Fetched out;
        out.query_text = "in:" + channel + " after " + format_rfc3339(query.window.from) + " before " + format_rfc3339(query.window.to);
        if (!who->url.empty()) out.link = who->url + (who->url.ends_with('/') ? "" : "/") + "archives/" + channel;
        const Form window = {{"channel", channel},
                             {"oldest", to_ts(query.window.from)},
                             {"latest", to_ts(query.window.to)},
                             {"inclusive", "true"},
                             {"limit", "200"}};
        auto history = co_await pages("conversations.history", window, query.window, *who, deadline);
        if (!history) co_return history.error();
        const std::vector<std::string> threads = history->threads;
        take(std::move(*history), out);
        for (const auto& thread : threads) {
            Form form = window;
            form.emplace_back("ts", thread);
            auto replies = co_await pages("conversations.replies", std::move(form), query.window, *who, deadline);
            // A thread that cannot be read leaves the rest as it is, marked as incomplete.
            if (replies)
                take(std::move(*replies), out);
            else
                out.truncated = true;
        }
        std::ranges::sort(out.records.messages, {}, &ChatMessage::ts);
        const auto repeats = std::ranges::unique(out.records.messages, {}, &ChatMessage::ts);
        out.records.messages.erase(repeats.begin(), repeats.end());
        co_return out;
    }

    task<std::string> probe(Deadline deadline) override {
        const auto who = co_await api_.identity(deadline);
        if (!who) co_return who.error();
        for (const auto& channel : channels_) {
            Form form = {{"channel", channel}, {"limit", "1"}};
            const auto answer = co_await api_.call("conversations.history", std::move(form), deadline);
            if (!answer) co_return in_context("channel " + channel, answer.error());
        }
        co_return who->team + ": reads " + std::to_string(channels_.size()) + (channels_.size() == 1 ? " channel" : " channels");
    }

private:
    struct Pages {
        std::vector<ChatMessage> messages;
        std::vector<std::string> threads;
        std::string raw;
        bool truncated = false;
    };

    task<Pages> pages(std::string method, Form form, Window window, Identity who, Deadline deadline) {
        Pages out;
        const std::string channel = form.front().second;
        std::string cursor;
        for (int page = 0; page < page_limit; ++page) {
            Form asked = form;
            if (!cursor.empty()) asked.emplace_back("cursor", cursor);
            const auto answer = co_await api_.call(method, std::move(asked), deadline);
            if (!answer) co_return answer.error();
            if (out.raw.size() < limits::raw_bytes_per_query) out.raw += (out.raw.empty() ? "" : "\n") + dump_json(*answer);
            // A thread's parent comes with every page, however old it is.
            for (auto& message : read_messages(*answer, channel, who))
                if (window.from <= from_ts(message.ts)) out.messages.push_back(std::move(message));
            collect_threads(*answer, window, out.threads);
            cursor = string_or_empty(*answer, "response_metadata.next_cursor");
            if (cursor.empty()) co_return out;
            if (out.messages.size() >= message_limit) break;
        }
        out.truncated = true;
        co_return out;
    }

    static void take(Pages pages, Fetched& out) {
        auto& messages = out.records.messages;
        std::ranges::move(pages.messages, std::back_inserter(messages));
        out.truncated = out.truncated || pages.truncated || messages.size() > message_limit;
        if (messages.size() > message_limit) messages.resize(message_limit);
        out.raw = truncate(out.raw + (out.raw.empty() ? "" : "\n") + pages.raw, limits::raw_bytes_per_query);
    }

    /// "rolling back" is often said in a thread: those that were alive inside the window, newest first.
    static void collect_threads(const json& answer, const Window& window, std::vector<std::string>& threads) {
        const json* messages = find(answer, "messages");
        if (!messages || !messages->is_array()) return;
        for (const auto& m : *messages) {
            if (threads.size() == thread_limit) return;
            const std::string latest = string_or_empty(m, "latest_reply");
            const bool alive = get_int(m, "reply_count").value_or(0) > 0 && (latest.empty() || from_ts(latest) >= window.from);
            if (alive) threads.push_back(string_or_empty(m, "ts"));
        }
    }

    Api api_;
    std::vector<std::string> channels_;
};

}  // namespace

std::unique_ptr<Source> make_source(HttpClient& http, Secret bot_token, std::string api_url, std::vector<std::string> channels) {
    return std::make_unique<SlackSource>(http, std::move(bot_token), std::move(api_url), std::move(channels));
}

}  // namespace gumshoe::slack
