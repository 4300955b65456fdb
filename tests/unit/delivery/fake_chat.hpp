// A channel with a history, and with every way in which a post can go wrong.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "delivery/channel.hpp"

namespace gumshoe::test {

enum class Fault {
    none,
    commit_then_drop,    // posted, the connection died
    commit_then_500,     // posted, the answer says nothing
    commit_then_hang,    // posted, no answer before the deadline
    drop_before_commit,  // not posted, and we cannot know
    hang_before_commit,
    not_sent,      // connection refused
    rate_limited,  // refused: wait 7 s
    bad_blocks,
    not_in_channel
};

struct PostedMessage {
    std::string channel;
    std::string thread_ts;
    std::string ts;
    std::string key;
    Document document;
    bool plain = false;
    Timestamp visible_at{};
    int edits = 0;
};

class FakeChat final : public Channel {
public:
    explicit FakeChat(Clock& clock) : clock_(clock) {}

    std::deque<Fault> post_faults;  // one a call; then none
    std::deque<PostOutcome> edit_outcomes;
    milliseconds visible_after{0};
    bool readable = true;
    std::vector<PostedMessage> messages;
    std::vector<Timestamp> post_times;
    std::vector<Timestamp> edit_times;
    int posts = 0;
    int edits = 0;
    int looks = 0;
    std::function<void()> after_commit;  // the message stands, nobody has been told

    std::string_view name() const override { return "fake"; }

    awaitable<PostOutcome> post(std::string channel, std::string thread_ts, Document document, std::string key, bool plain_only,
                                Deadline deadline) override {
        ++posts;
        post_times.push_back(clock_.now());
        Fault fault = Fault::none;
        if (!post_faults.empty()) {
            fault = post_faults.front();
            post_faults.pop_front();
        }
        PostOutcome out = refusal(fault);
        const bool commits =
            fault == Fault::none || fault == Fault::commit_then_drop || fault == Fault::commit_then_500 || fault == Fault::commit_then_hang;
        if (commits) {
            const std::string ts = std::to_string(to_seconds(clock_.now())) + "." + std::to_string(100000 + posts);
            messages.push_back({channel, thread_ts, ts, key, std::move(document), plain_only, clock_.now() + visible_after, 0});
            if (after_commit) after_commit();
            out.channel = channel;
            out.ts = ts;
        }
        const bool hangs = fault == Fault::commit_then_hang || fault == Fault::hang_before_commit;
        if (hangs) {
            co_await clock_.sleep_until(deadline.at);
        }
        if (fault == Fault::none) out.kind = PostOutcome::Kind::posted;
        co_return out;
    }

    awaitable<PostOutcome> update(std::string channel, std::string ts, Document document, bool plain_only, Deadline) override {
        ++edits;
        edit_times.push_back(clock_.now());
        PostOutcome out;
        out.kind = PostOutcome::Kind::posted;
        if (!edit_outcomes.empty()) {
            out = edit_outcomes.front();
            edit_outcomes.pop_front();
        }
        if (out.kind != PostOutcome::Kind::posted) co_return out;
        const auto found = std::ranges::find(messages, ts, &PostedMessage::ts);
        if (found == messages.end()) {
            out.kind = PostOutcome::Kind::refused;
            out.code = "message_not_found";
            out.gone = true;
            co_return out;
        }
        found->document = std::move(document);
        found->plain = plain_only;
        ++found->edits;
        out.channel = channel;
        out.ts = ts;
        co_return out;
    }

    task<std::vector<FoundMessage>> find(std::string channel, std::string thread_ts, std::string key, Timestamp, Deadline) override {
        ++looks;
        if (!readable) co_return Error{errc::forbidden, "the app lacks a scope (missing_scope)"};
        std::vector<FoundMessage> out;
        for (const auto& m : messages)
            if (m.channel == channel && m.thread_ts == thread_ts && m.key == key && m.visible_at <= clock_.now())
                out.push_back({m.channel, m.ts});
        std::ranges::reverse(out);  // newest first, as Slack
        co_return out;
    }

    task<void> remove(std::string, std::string ts, Deadline) override {
        std::erase_if(messages, [&](const PostedMessage& m) { return m.ts == ts; });
        co_return result<void>();
    }

    task<std::string> probe(Deadline) override { co_return std::string("fake"); }

private:
    static PostOutcome refusal(Fault fault) {
        PostOutcome out;
        out.detail = "no answer";
        out.kind = PostOutcome::Kind::refused;
        switch (fault) {
            case Fault::not_sent:
                out.kind = PostOutcome::Kind::not_sent;
                break;
            case Fault::rate_limited:
                out.retryable = true;
                out.retry_after = seconds(7);
                break;
            case Fault::bad_blocks:
                out.bad_blocks = true;
                break;
            case Fault::not_in_channel:
                out.detail = "the app is not in the channel: /invite it there (not_in_channel)";
                break;
            default:
                out.kind = PostOutcome::Kind::unknown;
                break;
        }
        return out;
    }

    Clock& clock_;
};

}  // namespace gumshoe::test
