// Streamed messages: blocks by index, whole only after message_stop. Pings are no progress.
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "integrations/anthropic/blocks.hpp"
#include "integrations/anthropic/dialect.hpp"
#include "io/sse.hpp"
#include "llm/classify.hpp"

namespace gumshoe::anthropic {
namespace {

class EventReader final : public llm::StreamReader {
public:
    bool feed(std::string_view bytes) override {
        bool content = false;
        for (const SseEvent& event : sse_.feed(bytes)) content = take(event) || content;
        return content;
    }

    std::variant<llm::Reply, Failure> finish() override {
        for (const SseEvent& event : sse_.finish()) take(event);
        if (failure_) return *failure_;
        if (!stopped_) return truncated("Anthropic's answer ended in the middle");
        json content = json::array();
        for (auto& [index, block] : blocks_) content.push_back(close(std::move(block)));
        llm::Reply reply = reply_of(content);
        for (std::size_t i = 0; i < reply.tool_calls.size() && i < arguments_.size(); ++i) reply.tool_calls[i].arguments = arguments_[i];
        set_stop(reply, stop_reason_, explanation_);
        reply.usage = usage_;
        reply.model = model_;
        return reply;
    }

private:
    struct Block {
        json start;
        std::string text;       // of text or thinking
        std::string signature;  // of thinking
        std::string input;      // of tool_use, JSON in pieces
    };

    static Failure truncated(std::string reason) {
        return {.failure = FailureClass::truncated_stream, .reason = std::move(reason), .status = 200};
    }

    bool take(const SseEvent& event) {
        if (failure_ || stopped_ || trim(event.data).empty()) return false;
        const auto data = parse_json(event.data);
        if (!data) {
            failure_ = truncated("Anthropic sent a piece of its answer that cannot be read");
            return false;
        }
        const std::string type = string_or_empty(*data, "type");
        if (type == "content_block_delta") return take_delta(*data);
        if (type == "content_block_start") {
            const json* block = find(*data, "content_block");
            if (block != nullptr && block->is_object()) blocks_[get_int(*data, "index").value_or(0)].start = *block;
        } else if (type == "message_start") {
            model_ = string_or_empty(*data, "message.model");
            if (const json* message = find(*data, "message")) add_usage(usage_, *message);
        } else if (type == "message_delta") {
            stop_reason_ = string_or_empty(*data, "delta.stop_reason");
            explanation_ = string_or_empty(*data, "delta.stop_details.explanation");
            add_usage(usage_, *data);
        } else if (type == "message_stop") {
            stopped_ = true;
        } else if (type == "error") {
            failure_ = llm::classify_error(provider_name, 0, llm::vendor_error(*data).value_or(llm::VendorError{}), {});
        }
        return false;
    }

    bool take_delta(const json& data) {
        Block& block = blocks_[get_int(data, "index").value_or(0)];
        const std::string text = string_or_empty(data, "delta.text");
        const std::string thinking = string_or_empty(data, "delta.thinking");
        const std::string input = string_or_empty(data, "delta.partial_json");
        block.text += text;
        block.text += thinking;
        block.input += input;
        block.signature += string_or_empty(data, "delta.signature");
        return !text.empty() || !thinking.empty() || !input.empty();
    }

    /// The block as a buffered answer would have it. Arguments are kept as the model wrote them, broken ones too.
    json close(Block block) {
        json out = block.start.is_object() ? std::move(block.start) : json{{"type", "text"}};
        const std::string type = string_or_empty(out, "type");
        if (type == "text") {
            out["text"] = string_or_empty(out, "text") + block.text;
        } else if (type == "thinking") {
            out["thinking"] = string_or_empty(out, "thinking") + block.text;
            out["signature"] = string_or_empty(out, "signature") + block.signature;
        } else if (type == "tool_use") {
            std::string written = trim(block.input).empty() ? dump_json(out.value("input", json::object())) : std::move(block.input);
            auto input = parse_json(written);
            out["input"] = input && input->is_object() ? std::move(*input) : json::object();
            arguments_.push_back(std::move(written));
        }
        return out;
    }

    SseReader sse_;
    std::map<std::int64_t, Block> blocks_;
    std::vector<std::string> arguments_;  // of the tool calls in order
    llm::Usage usage_;
    std::string model_;
    std::string stop_reason_;
    std::string explanation_;
    std::optional<Failure> failure_;
    bool stopped_ = false;
};

}  // namespace

std::unique_ptr<llm::StreamReader> make_stream_reader() {
    return std::make_unique<EventReader>();
}

}  // namespace gumshoe::anthropic
