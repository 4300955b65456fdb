// Any document as blocks: within every limit of Slack, and read as mrkdwn it holds no mention and no link but to the web.
#include <fuzzer/FuzzedDataProvider.h>

#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "integrations/slack/blocks.hpp"
#include "integrations/slack/sandbox.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/unit/integrations/slack/markup.hpp"

namespace {

using namespace gumshoe;

Document document_of(FuzzedDataProvider& bytes) {
    Document document;
    document.fallback = bytes.ConsumeRandomLengthString();
    while (bytes.remaining_bytes() > 0) {
        if (document.blocks.empty() || bytes.ConsumeIntegralInRange(0, 3) == 0) {
            document.blocks.push_back({static_cast<Block::Kind>(bytes.ConsumeIntegralInRange(0, 5)), {}});
        }
        auto& lines = document.blocks.back().lines;
        if (lines.empty() || bytes.ConsumeBool()) lines.emplace_back();
        const auto style = static_cast<Span::Style>(bytes.ConsumeIntegralInRange(0, 4));
        std::string text = bytes.ConsumeRandomLengthString();
        for (int i = bytes.ConsumeIntegralInRange(0, 4); i > 0; --i) text += text;  // limits are further than a mutation goes
        std::string url = style == Span::Style::link ? bytes.ConsumeRandomLengthString() : std::string();
        lines.back().push_back({std::move(text), style, std::move(url)});
    }
    return document;
}

void must_be_inert(const std::string& text) {
    const auto markup = test::read_markup(text);
    fuzz::must(sanitize_utf8(text) == text && markup.mentions.empty() && markup.broken.empty() && markup.bare.empty());
    for (const std::string& url : markup.links) fuzz::must(url.starts_with("https://") || url.starts_with("http://"));
}

void check_texts(const json& value) {
    if (string_or_empty(value, "type") == "mrkdwn") must_be_inert(string_or_empty(value, "text"));
    if (value.is_structured()) {
        for (const json& item : value) check_texts(item);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider bytes(data, size);
    const Document document = document_of(bytes);
    const json blocks = slack::to_blocks(document);
    fuzz::must(slack::block_errors(blocks).empty() && slack::block_characters(blocks) <= limits::slack_message_chars);
    check_texts(blocks);
    for (const std::string& text : {slack::to_text(document), slack::to_whole_text(document)}) {
        fuzz::must(!text.empty() && slack::utf16_units(text) <= limits::slack_text_chars);
        must_be_inert(text);
    }
    for (const Block& block : document.blocks) {
        for (const Line& line : block.lines) {
            for (const std::size_t budget : {0, 1, 10, 50}) fuzz::must(slack::utf16_units(slack::mrkdwn(line, budget)) <= budget);
        }
    }
    return 0;
}
