// Any document as blocks: within every limit of Slack, and read as mrkdwn it holds no mention and no link but to the web.
#include <fuzzer/FuzzedDataProvider.h>

#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "integrations/slack/blocks.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace gumshoe;
using slack::utf16_units;

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

/// "<http...|label>" is all that may stand in angle brackets; a quotation's mark is ours.
void must_be_inert(std::string_view text) {
    fuzz::must(sanitize_utf8(text) == text);
    for (const std::string& line : lines(text)) {
        std::string_view rest = line;
        if (rest.starts_with("> ")) rest.remove_prefix(2);
        for (std::size_t open = rest.find('<'); open != rest.npos; open = rest.find('<')) {
            fuzz::must(rest.substr(0, open).find('>') == rest.npos);
            rest.remove_prefix(open + 1);
            fuzz::must(rest.starts_with("https://") || rest.starts_with("http://"));
            const std::size_t close = rest.find('>');
            fuzz::must(close != rest.npos && rest.substr(0, close).find('<') == rest.npos);
            rest.remove_prefix(close + 1);
        }
        fuzz::must(rest.find('>') == rest.npos);
    }
}

void check_text(const json& object, std::size_t most) {
    const std::string text = object["text"];
    fuzz::must(!trim(text).empty() && utf16_units(text) <= most);
    if (object["type"] == "mrkdwn") must_be_inert(text);
}

void check_block(const json& block) {
    const std::string type = block["type"];
    if (type == "header") check_text(block["text"], 150);
    if (type == "section") check_text(block["text"], 3000);
    if (type != "context" && type != "actions") return;
    const json& elements = block["elements"];
    fuzz::must(!elements.empty() && elements.size() <= (type == "context" ? 10U : 25U));
    for (const json& element : elements) {
        if (type == "context") {
            check_text(element, 2000);
        } else {
            check_text(element["text"], 75);
            const std::string url = element["url"];
            fuzz::must(url.starts_with("http") && utf16_units(url) <= 3000);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider bytes(data, size);
    const Document document = document_of(bytes);
    const json blocks = slack::to_blocks(document);
    fuzz::must(!blocks.empty() && blocks.size() <= limits::slack_blocks);
    for (const json& block : blocks) check_block(block);
    for (const std::string& text : {slack::to_text(document), slack::to_whole_text(document)}) {
        fuzz::must(!text.empty() && utf16_units(text) <= limits::slack_text_chars);
        must_be_inert(text);
    }
    for (const Block& block : document.blocks) {
        for (const Line& line : block.lines) {
            for (const std::size_t budget : {0, 1, 10, 50}) fuzz::must(utf16_units(slack::mrkdwn(line, budget)) <= budget);
        }
    }
    return 0;
}
