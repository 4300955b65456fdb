// Prints messages; remembers what it printed so that an edit shows only what is new.
#include "delivery/terminal_channel.hpp"

#include <map>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "finding/render.hpp"

namespace gumshoe {
namespace {

constexpr std::size_t remembered = 1000;

class TerminalChannel final : public Channel {
public:
    TerminalChannel(std::function<void(std::string)> print, bool colour, std::size_t width)
        : print_(std::move(print)), colour_(colour), width_(width) {}

    std::string_view name() const override { return "terminal"; }

    awaitable<PostOutcome> post(std::string channel, std::string, Document document, std::string key, bool, Deadline) override {
        const std::string text = render_terminal(document, colour_, width_);
        print_(text);
        co_return shown(std::move(channel), std::move(key), text);
    }

    awaitable<PostOutcome> update(std::string channel, std::string ts, Document document, bool, Deadline) override {
        const std::string text = render_terminal(document, colour_, width_);
        const std::vector<std::string> before = lines(printed_[ts]);
        const std::set<std::string> known(before.begin(), before.end());
        std::string fresh;
        for (const auto& line : lines(text)) {
            const bool blank = trim(line).empty();
            if (blank ? !fresh.empty() && !fresh.ends_with("\n\n") : !known.contains(line)) fresh += line + "\n";
        }
        if (!trim(fresh).empty()) print_(fresh);
        co_return shown(std::move(channel), std::move(ts), text);
    }

    task<std::vector<FoundMessage>> find(std::string, std::string, std::string, Timestamp, Deadline) override {
        co_return std::vector<FoundMessage>();
    }

    task<void> remove(std::string, std::string ts, Deadline) override {
        printed_.erase(ts);
        co_return result<void>();
    }

    task<std::string> probe(Deadline) override { co_return std::string("prints to the terminal"); }

private:
    PostOutcome shown(std::string channel, std::string ts, const std::string& text) {
        if (printed_.size() >= remembered) printed_.erase(printed_.begin());
        printed_[ts] = text;
        PostOutcome out;
        out.kind = PostOutcome::Kind::posted;
        out.channel = std::move(channel);
        out.ts = std::move(ts);
        return out;
    }

    std::function<void(std::string)> print_;
    bool colour_;
    std::size_t width_;
    std::map<std::string, std::string> printed_;  // by ts
};

}  // namespace

std::unique_ptr<Channel> make_terminal_channel(std::function<void(std::string)> print, bool colour, std::size_t width) {
    return std::make_unique<TerminalChannel>(std::move(print), colour, width);
}

}  // namespace gumshoe
