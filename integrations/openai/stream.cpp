// Puts chunks together: text, tool calls by index, the finish reason, usage in a chunk of its own at the end.
#include "integrations/openai/stream.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "integrations/openai/dialect.hpp"
#include "io/sse.hpp"
#include "llm/classify.hpp"

namespace gumshoe::openai {
namespace {

constexpr std::int64_t most_calls = 64;

class ChunkReader final : public llm::StreamReader {
public:
    explicit ChunkReader(std::string_view provider) : provider_(provider) {}

    bool feed(std::string_view bytes) override {
        bool content = false;
        for (const SseEvent& event : sse_.feed(bytes)) content = take(event) || content;
        return content;
    }

    std::variant<llm::Reply, Failure> finish() override {
        for (const SseEvent& event : sse_.finish()) take(event);
        if (failure_) return *failure_;
        if (!finish_reason_) return broken("'s answer ended in the middle");
        reply_.stop = stop_of(*finish_reason_);
        if (!refusal_.empty()) {
            reply_.text = refusal_;
            reply_.stop = llm::Stop::refusal;
        }
        for (auto& [index, call] : calls_) {
            if (trim(call.arguments).empty()) call.arguments = "{}";
            reply_.tool_calls.push_back(std::move(call));
        }
        calls_.clear();
        return reply_;
    }

private:
    Failure broken(std::string_view what) const {
        return {.failure = FailureClass::truncated_stream, .reason = llm::vendor_name(provider_) + std::string(what), .status = 200};
    }

    bool take(const SseEvent& event) {
        if (failure_ || done_ || trim(event.data).empty()) return false;
        if (trim(event.data) == "[DONE]") {
            done_ = true;
            return false;
        }
        const auto chunk = json_.read(event.data);
        if (!chunk) {
            // Behind the finish reason nothing but usage can be lost.
            if (!finish_reason_) failure_ = broken(" sent a piece of its answer that cannot be read");
            return false;
        }
        if (const auto error = llm::vendor_error(*chunk)) {
            failure_ = llm::classify_error(provider_, 0, *error, {});
            return false;
        }
        const auto [model, usage, choices] = chunk->members<3>({"model", "usage", "choices"});
        if (reply_.model.empty()) reply_.model = model.text();
        if (usage.find("prompt_tokens")) reply_.usage = usage_of(*chunk);
        const JsonView choice = choices.front();
        return choice && take_choice(choice);
    }

    bool take_choice(const JsonView& choice) {
        if (const auto error = llm::vendor_error(choice)) {  // a gateway tells of its upstream's failure here
            failure_ = llm::classify_error(provider_, 0, *error, {});
            return false;
        }
        const auto [delta, reason] = choice.members<2>({"delta", "finish_reason"});
        // Reasoning, of compatible servers, is progress and no answer.
        const auto [text, refusal, reasoning, calls] = delta.members<4>({"content", "refusal", "reasoning_content", "tool_calls"});
        reply_.text += text.text();
        refusal_ += refusal.text();
        bool content = !text.text().empty() || !refusal.text().empty() || !reasoning.text().empty();
        for (const JsonView& call : calls.items()) content = take_call(call) || content;
        if (const auto word = reason.string()) finish_reason_ = *word;
        return content;
    }

    /// Deltas of one call share an index. Servers that leave it out send a new id with each new call.
    bool take_call(const JsonView& delta) {
        const std::string_view id = delta.text("id");
        std::int64_t index = delta.integer("index").value_or(-1);
        if (index < 0) {
            index = calls_.empty() ? 0 : calls_.rbegin()->first;
            if (!id.empty() && !calls_.empty() && calls_.rbegin()->second.id != id) ++index;
        }
        if (index >= most_calls) return false;
        llm::ToolCall& call = calls_[index];
        if (call.id.empty()) call.id = id;
        if (call.name.empty()) call.name = delta.text("function.name");
        const std::string_view arguments = delta.text("function.arguments");
        call.arguments += arguments;
        return !arguments.empty() || !id.empty();
    }

    std::string_view provider_;
    SseReader sse_;
    JsonReader json_;
    llm::Reply reply_;
    std::string refusal_;
    std::map<std::int64_t, llm::ToolCall> calls_;
    std::optional<std::string> finish_reason_;
    std::optional<Failure> failure_;
    bool done_ = false;
};

}  // namespace

std::unique_ptr<llm::StreamReader> make_stream_reader(std::string_view provider) {
    return std::make_unique<ChunkReader>(provider);
}

}  // namespace gumshoe::openai
