// ConverseStream: frames to events, events to blocks by index.
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "integrations/bedrock/converse.hpp"
#include "integrations/bedrock/dialect.hpp"
#include "integrations/bedrock/event_stream.hpp"
#include "llm/classify.hpp"

namespace gumshoe::bedrock {
namespace {

class ConverseReader final : public llm::StreamReader {
public:
    bool feed(std::string_view bytes) override {
        bool content = false;
        for (const Frame& frame : frames_.feed(bytes)) content = take(frame) || content;
        // Behind the stop reason nothing but usage can be lost.
        if (frames_.broken() && !failure_ && !stop_reason_) failure_ = broken("Bedrock sent a piece of its answer that cannot be read");
        return content;
    }

    std::variant<llm::Reply, Failure> finish() override {
        if (failure_) return *failure_;
        if (!stop_reason_) return broken("Bedrock's answer ended in the middle");
        json content = json::array();
        for (auto& [index, block] : blocks_) content.push_back(close(block));
        llm::Reply reply = reply_of(content);
        for (std::size_t i = 0; i < reply.tool_calls.size() && i < arguments_.size(); ++i) reply.tool_calls[i].arguments = arguments_[i];
        set_stop(reply, *stop_reason_);
        reply.usage = usage_;
        return reply;
    }

private:
    struct Block {
        json call;  // {toolUseId, name}; null for text and reasoning
        std::string text;
        std::string input;
        std::string reasoning;
        std::string signature;
        std::string redacted;
    };

    static Failure broken(std::string reason) {
        return {.failure = FailureClass::truncated_stream, .reason = std::move(reason), .status = 200};
    }

    bool take(const Frame& frame) {
        const auto header = [&](const char* name) {
            const auto found = frame.headers.find(name);
            return found == frame.headers.end() ? std::string() : found->second;
        };
        if (failure_ || stopped_fully_) return false;
        const auto data = parse_json(frame.payload);
        const std::string kind = header(":message-type");
        if (kind == "exception" || kind == "error") {
            llm::VendorError error{.type = header(kind == "error" ? ":error-code" : ":exception-type")};
            error.message = data ? own_words(string_or_empty(*data, "message")) : header(":error-message");
            failure_ = llm::classify_error(provider_name, 0, error, {});
            return false;
        }
        if (!data || !data->is_object()) {
            failure_ = broken("Bedrock sent a piece of its answer that cannot be read");
            return false;
        }
        const std::string event = header(":event-type");
        if (event == "contentBlockStart") {
            if (const json* call = find(*data, "start.toolUse")) block_of(*data).call = *call;
        } else if (event == "contentBlockDelta") {
            return take_delta(*data);
        } else if (event == "messageStop") {
            stop_reason_ = string_or_empty(*data, "stopReason");
        } else if (event == "metadata") {
            if (const json* usage = find(*data, "usage")) usage_ = usage_of(*usage);
            stopped_fully_ = stop_reason_.has_value();
        }
        return false;
    }

    Block& block_of(const json& data) { return blocks_[get_int(data, "contentBlockIndex").value_or(0)]; }

    bool take_delta(const json& data) {
        Block& block = block_of(data);
        const std::string text = string_or_empty(data, "delta.text");
        const std::string input = string_or_empty(data, "delta.toolUse.input");
        const std::string reasoning = string_or_empty(data, "delta.reasoningContent.text");
        block.text += text;
        block.input += input;
        block.reasoning += reasoning;
        block.signature += string_or_empty(data, "delta.reasoningContent.signature");
        block.redacted += string_or_empty(data, "delta.reasoningContent.redactedContent");
        return !text.empty() || !input.empty() || !reasoning.empty();
    }

    /// The block as a buffered answer would have it. Arguments are kept as the model wrote them, broken ones too.
    json close(const Block& block) {
        if (block.call.is_object()) {
            const std::string written = trim(block.input).empty() ? "{}" : block.input;
            auto input = parse_json(written);
            json call = block.call;
            call["input"] = input && input->is_object() ? std::move(*input) : json::object();
            arguments_.push_back(written);
            return {{"toolUse", std::move(call)}};
        }
        if (!block.redacted.empty()) return {{"reasoningContent", {{"redactedContent", block.redacted}}}};
        if (!block.reasoning.empty() || !block.signature.empty()) {
            return {{"reasoningContent", {{"reasoningText", {{"text", block.reasoning}, {"signature", block.signature}}}}}};
        }
        return {{"text", block.text}};
    }

    FrameReader frames_;
    std::map<std::int64_t, Block> blocks_;
    std::vector<std::string> arguments_;  // of the tool calls in order
    llm::Usage usage_;
    std::optional<std::string> stop_reason_;
    std::optional<Failure> failure_;
    bool stopped_fully_ = false;
};

}  // namespace

std::unique_ptr<llm::StreamReader> make_stream_reader() {
    return std::make_unique<ConverseReader>();
}

}  // namespace gumshoe::bedrock
