#include "llm/playback.hpp"

#include <algorithm>
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

bool unknown_model(const json& scenario, std::string_view provider, std::string_view model) {
    const json* block = provider_block(scenario, provider);
    const json* models = block == nullptr ? nullptr : find(*block, "models");
    return models != nullptr && models->is_object() && !models->empty() && !models->contains(std::string(model)) &&
           !model.starts_with("fb-");
}

}  // namespace gumshoe::llm
