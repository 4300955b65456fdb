#include "llm/playback.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace gumshoe::llm {
namespace {

/// "E7" of a line such as "[E7] log checkout ..." or "- [E7] ...".
std::optional<std::string> id_of(std::string_view line) {
    const auto open = line.find("[E");
    if (open == std::string_view::npos || open > 4) return std::nullopt;
    const auto close = line.find(']', open);
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view id = line.substr(open + 1, close - open - 1);
    if (id.size() < 2 || id.find_first_not_of("0123456789", 1) != std::string_view::npos) return std::nullopt;
    return std::string(id);
}

/// The id of the first evidence line that has all of "a & b"; of several wordings "x | y" the first that is found.
std::optional<std::string> evidence_id(std::string_view wanted, const std::vector<std::string>& prompt_lines) {
    for (const std::string& wording : split(wanted, '|')) {
        const std::vector<std::string> parts = split(wording, '&');
        for (const std::string& line : prompt_lines) {
            const auto id = id_of(line);
            if (id && std::ranges::all_of(parts, [&](const std::string& part) { return icontains(line, trim(part)); })) return id;
        }
    }
    return std::nullopt;
}

struct Stage {
    std::vector<std::string> prompt_lines;
    Timestamp zero;
};

/// The marks {{E:text}} (an evidence id) and {{T:seconds}} (a time of the play) replaced; nullopt when an id is not to be had.
std::optional<std::string> expand(std::string text, const Stage& stage) {
    for (auto open = text.find("{{"); open != std::string::npos; open = text.find("{{", open)) {
        const auto close = text.find("}}", open);
        if (close == std::string::npos) break;
        const std::string mark = text.substr(open + 2, close - open - 2);
        std::string value;
        if (mark.starts_with("E:")) {
            auto id = evidence_id(std::string_view(mark).substr(2), stage.prompt_lines);
            if (!id) return std::nullopt;
            value = std::move(*id);
        } else if (mark.starts_with("T:")) {
            value = format_rfc3339(stage.zero + seconds(std::atoll(mark.c_str() + 2)));
        }
        text.replace(open, close + 2 - open, value);
        open += value.size();
    }
    return text;
}

/// Strings of a list whose evidence is not there fall out, and so does a claim that cites nothing.
json expand(const json& value, const Stage& stage) {
    if (value.is_string()) return expand(value.get<std::string>(), stage).value_or("");
    if (value.is_array()) {
        json out = json::array();
        for (const json& item : value) {
            if (item.is_string()) {
                if (auto text = expand(item.get<std::string>(), stage)) out.push_back(std::move(*text));
                continue;
            }
            json expanded = expand(item, stage);
            const json* cites = find(expanded, "cites");
            if (cites == nullptr || !cites->empty()) out.push_back(std::move(expanded));
        }
        return out;
    }
    if (!value.is_object()) return value;
    json out = json::object();
    for (const auto& [key, member] : value.items()) out[key] = expand(member, stage);
    return out;
}

constexpr auto numbered = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"s01", "bad-key"},
    {"s02", "deactivated"},
    {"s03", "quota"},
    {"s04", "billing-limit"},
    {"s05", "spend-limit"},
    {"s06", "429-soon"},
    {"s07", "429-bare"},
    {"s08", "429-long"},
    {"s09", "overloaded"},
    {"s10", "500"},
    {"s10-500", "500"},
    {"s10-502", "502"},
    {"s10-503", "503"},
    {"s10-504", "504"},
    {"s11", "424"},
    {"s11-424", "424"},
    {"s11-408", "408"},
    {"s12", "no-model"},
    {"s13", "forbidden"},
    {"s14", "context"},
    {"s14-1", "context-1"},
    {"s14-2", "context-2"},
    {"s14-3", "context-3"},
    {"s14-4", "context-4"},
    {"s14-5", "context-5"},
    {"s14-6", "context-6"},
    {"s14-7", "context-7"},
    {"s14-8", "context-8"},
    {"s14-9", "context-9"},
    {"s15", "content-filter"},
    {"s15-200", "filtered"},
    {"s15-400", "content-filter"},
    {"s15-refusal", "refusal"},
    {"s16", "unsupported-param"},
    {"s28", "error-first"},
    {"s29", "error-in-stream"},
    {"s30", "empty"},
    {"s33", "error-in-200"},
    {"s35", "bad-schema"},
    {"s36", "length"},
    {"s37", "bad-call"},
});

constexpr std::array<std::string_view, 9> overflows{
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9301 tokens. Please reduce the length of the "
    "messages.",
    "prompt is too long: 9301 tokens > 8192 maximum",
    "input length and `max_tokens` exceed context limit: 8100 + 4096 > 8192, decrease input length or `max_tokens` and try again",
    "The input token count (9301) exceeds the maximum number of tokens allowed (8192).",
    "Input is too long for requested model.",
    "Input tokens exceed the configured limit of 8192 tokens. Your messages resulted in 9301 tokens.",
    "the request exceeds the available context size. try increasing the context size or enable context shift",
    "The input (9301 tokens) is longer than the model's context length (8192 tokens).",
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8192. Given: 9301 `inputs` tokens and 64 `max_new_tokens`",
};

bool playable(const json& turn, const Heard& heard) {
    const std::string tool = string_or_empty(turn, "tool");
    return tool.empty() || std::ranges::find(heard.tools, tool) != heard.tools.end();
}

const json* provider_block(const json& scenario, std::string_view provider) {
    return find(scenario, "llm." + std::string(provider));
}

}  // namespace

Said play(const json& script, const Heard& heard, Timestamp zero, std::string_view call_prefix) {
    if (!script.is_array() || script.empty()) return {.text = "This scenario has no script for a model.", .calls = {}};
    std::size_t at = std::min(heard.turns, script.size() - 1);
    while (at + 1 < script.size() && !playable(script[at], heard)) ++at;
    const json& turn = script[at];
    const Stage stage{lines(heard.prompt), zero};
    Said said;
    said.text = expand(string_or_empty(turn, "text"), stage).value_or("");
    if (const json* answer = find(turn, "answer")) said.text = dump_json(expand(*answer, stage));
    const std::string tool = string_or_empty(turn, "tool");
    if (tool.empty() || !playable(turn, heard)) return said;
    const json* arguments = find(turn, "arguments");
    json expanded = arguments == nullptr ? json::object() : expand(*arguments, stage);
    said.calls.push_back({std::string(call_prefix) + "sim_" + std::to_string(heard.turns + 1), tool, dump_json(expanded)});
    return said;
}

const json* script_of(const json& scenario, std::string_view provider) {
    if (const json* block = provider_block(scenario, provider)) {
        if (const json* own = find(*block, "script")) return own;
    }
    return find(scenario, "llm.script");
}

std::string fault_of(const json& scenario, std::string_view provider, std::string_view model) {
    constexpr std::string_view prefix = "fb-";
    if (model.starts_with(prefix)) return std::string(model.substr(prefix.size()));
    const json* block = provider_block(scenario, provider);
    if (block == nullptr) return "ok";
    const std::string account = string_or_empty(*block, "account");
    if (!account.empty() && account != "ok") return account;
    const json* models = find(*block, "models");
    if (models == nullptr || !models->is_object()) return "ok";
    const auto found = models->find(std::string(model));  // names hold dots: no path lookup
    return found != models->end() && found->is_string() ? found->get<std::string>() : "ok";
}

std::string fault_name(std::string fault) {
    const auto found = std::ranges::find(numbered, fault, [](const auto& pair) { return pair.first; });
    return found == numbered.end() ? std::move(fault) : std::string(found->second);
}

std::string_view overflow_text(std::string_view fault) {
    constexpr std::string_view prefix = "context-";
    if (!fault.starts_with(prefix) || fault.size() != prefix.size() + 1) return {};
    const auto number = static_cast<std::size_t>(fault.back() - '1');  // a sign before '1' becomes a large number
    return number < overflows.size() ? overflows[number] : std::string_view();
}

Said spoilt(Said said, std::string_view fault, const Heard& heard) {
    if (fault == "empty" || fault == "refusal" || fault == "filtered") return {};
    if (fault == "length") return {.text = R"({"summary":"it began)", .calls = {}};
    if (fault == "bad-schema") return {.text = R"({"verdict":"it is the database"})", .calls = {}};
    if (fault != "bad-call") return said;
    return {.text = "", .calls = {{"call_sim", heard.tools.empty() ? "get_evidence" : heard.tools.front(), R"({"service": )"}}};
}

std::vector<std::string> pieces_of(std::string_view text) {
    constexpr std::size_t size = 24;
    std::vector<std::string> pieces;
    while (!text.empty()) {
        std::size_t n = std::min(size, text.size());
        while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) ++n;
        pieces.emplace_back(text.substr(0, n));
        text.remove_prefix(n);
    }
    return pieces;
}

bool unknown_model(const json& scenario, std::string_view provider, std::string_view model) {
    const json* block = provider_block(scenario, provider);
    const json* models = block == nullptr ? nullptr : find(*block, "models");
    return models != nullptr && models->is_object() && !models->empty() && !models->contains(std::string(model)) &&
           !model.starts_with("fb-");
}

}  // namespace gumshoe::llm
