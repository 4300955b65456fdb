#include "sandbox/scenario.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/embedded.hpp"
#include "base/text.hpp"

namespace gumshoe::sandbox {

namespace {

constexpr std::string_view folder = "sandbox/scenarios/";
constexpr std::string_view ending = ".json";
constexpr int deepest = 4;

result<std::string> bytes_of(std::string_view name) {
    if (name.ends_with(ending)) {
        std::ifstream in{std::string(name), std::ios::binary};
        if (!in) return Error{errc::not_found, "cannot read the scenario file " + std::string(name)};
        std::ostringstream text;
        text << in.rdbuf();
        return text.str();
    }
    if (const auto file = embedded_file(std::string(folder) + std::string(name) + std::string(ending))) return std::string(*file);
    std::vector<std::string> known;
    for (const ScenarioTitle& scenario : list_scenarios()) known.push_back(scenario.name);
    return Error{errc::not_found, "there is no scenario \"" + std::string(name) + "\"; known: " + join(known, ", ")};
}

result<json> load(std::string_view name, int depth) {
    if (depth > deepest) return Error{errc::parse, "scenario " + std::string(name) + ": extends goes in a circle"};
    auto bytes = bytes_of(name);
    if (!bytes) return bytes.error();
    auto value = parse_json(*bytes);
    if (!value) return in_context("scenario " + std::string(name), value.error());
    const std::string base = string_or_empty(*value, "extends");
    if (base.empty()) return value;
    auto whole = load(base, depth + 1);
    if (!whole) return whole.error();
    whole->merge_patch(*value);
    whole->erase("extends");
    return whole;
}

}  // namespace

std::vector<ScenarioTitle> list_scenarios() {
    std::vector<ScenarioTitle> titles;
    for (const EmbeddedFile& file : embedded_below(folder)) {
        if (!file.path.ends_with(ending)) continue;
        const auto name = file.path.substr(folder.size(), file.path.size() - folder.size() - ending.size());
        auto value = parse_json(file.bytes);
        titles.push_back({std::string(name), value ? string_or_empty(*value, "title") : ""});
    }
    return titles;
}

result<std::shared_ptr<const json>> load_scenario(std::string_view name) {
    auto value = load(name, 0);
    if (!value) return value.error();
    return std::make_shared<const json>(std::move(*value));
}

}  // namespace gumshoe::sandbox
