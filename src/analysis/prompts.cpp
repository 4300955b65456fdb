// Prompt files: front matter between two lines of ---, then the text. Their hash is part of every run's versions.
#include "analysis/prompts.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "base/digest.hpp"
#include "base/embedded.hpp"
#include "base/text.hpp"

namespace gumshoe {

namespace {

constexpr std::string_view schema_file = "finding.schema.json";

struct File {
    std::string name;
    std::string bytes;
};

result<std::vector<File>> read_files(std::string_view directory) {
    std::vector<File> files;
    if (directory.empty()) {
        for (const EmbeddedFile& file : embedded_below("prompts/")) {
            files.push_back({std::string(file.path.substr(std::string_view("prompts/").size())), std::string(file.bytes)});
        }
        return files;
    }
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(directory), failed)) {
        std::ifstream in(entry.path(), std::ios::binary);
        std::ostringstream bytes;
        bytes << in.rdbuf();
        files.push_back({entry.path().filename().string(), bytes.str()});
    }
    if (failed) return Error{errc::not_found, "prompts: cannot read the directory " + std::string(directory) + ": " + failed.message()};
    return files;
}

result<Prompt> parse_prompt(const File& file) {
    auto bad = [&](std::string why) { return Error{errc::parse, "prompt " + file.name + ": " + std::move(why)}; };
    if (!file.bytes.starts_with("---\n")) return bad("the first line must be ---");
    const auto end = file.bytes.find("\n---\n", 3);
    if (end == std::string::npos) return bad("front matter has no closing line ---");
    Prompt prompt;
    for (const std::string& line : lines(std::string_view(file.bytes).substr(4, end - 3))) {
        if (trim(line).empty()) continue;
        const auto colon = line.find(':');
        if (colon == std::string::npos) return bad("front matter line without ':'");
        const auto key = trim(std::string_view(line).substr(0, colon));
        const auto value = trim(std::string_view(line).substr(colon + 1));
        if (key == "id") prompt.id = value;
        if (key == "version") prompt.version = value;
    }
    if (prompt.id.empty() || prompt.version.empty()) return bad("front matter needs id and version");
    prompt.text = file.bytes.substr(end + 5);
    return prompt;
}

}  // namespace

result<Prompts> load_prompts(std::string_view directory) {
    auto files = read_files(directory);
    if (!files) return files.error();
    std::sort(files->begin(), files->end(), [](const File& a, const File& b) { return a.name < b.name; });
    Prompts prompts;
    std::string everything;
    for (const File& file : *files) {
        if (file.name == schema_file) {
            prompts.finding_schema = file.bytes;
        } else if (file.name.ends_with(".md") && file.name != "README.md") {
            auto prompt = parse_prompt(file);
            if (!prompt) return prompt.error();
            prompts.by_id[prompt->id] = *prompt;
        } else {
            continue;
        }
        everything += file.name + '\0' + file.bytes + '\0';
    }
    if (prompts.finding_schema.empty()) return Error{errc::not_found, "prompts: " + std::string(schema_file) + " is missing"};
    for (const char* id : {"analyse", "case", "repair"}) {
        if (!prompts.by_id.contains(id)) return Error{errc::not_found, "prompts: no prompt with id " + std::string(id)};
    }
    prompts.hash = sha256_hex(everything).substr(0, 12);
    return prompts;
}

result<std::string> fill(const Prompt& prompt, const std::map<std::string, std::string>& values) {
    // One pass over the prompt's own text: a value that holds {{name}} is data and stays as it is.
    std::string out;
    std::size_t at = 0;
    std::map<std::string, bool> used;
    while (true) {
        const auto open = prompt.text.find("{{", at);
        if (open == std::string::npos) break;
        const auto close = prompt.text.find("}}", open);
        if (close == std::string::npos) return Error{errc::parse, "prompt " + prompt.id + ": {{ without }}"};
        const std::string name = prompt.text.substr(open + 2, close - open - 2);
        const auto value = values.find(name);
        if (value == values.end()) return Error{errc::invalid_argument, "prompt " + prompt.id + ": no value for " + name};
        used[name] = true;
        out += prompt.text.substr(at, open - at) + value->second;
        at = close + 2;
    }
    out += prompt.text.substr(at);
    for (const auto& [name, value] : values) {
        if (!used[name]) return Error{errc::invalid_argument, "prompt " + prompt.id + " has no input " + name};
    }
    return out;
}

}  // namespace gumshoe
