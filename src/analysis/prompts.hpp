// Prompt texts: files of prompts/ with front matter, built into the binary, hashed into every run.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gumshoe {

struct Prompt {
    std::string id;
    std::string version;
    std::string text;  // {{name}} marks an input
};

struct Prompts {
    std::map<std::string, Prompt> by_id;
    std::string finding_schema;  // JSON Schema text
    std::string hash;            // 12 hex over all of it
};

/// Those built in; or from a directory, for work on prompts. Errors name the file and what is wrong with its front matter.
result<Prompts> load_prompts(std::string_view directory = {});

/// The text with every {{name}} replaced. Errors: an input without value, a value without input.
result<std::string> fill(const Prompt& prompt, const std::map<std::string, std::string>& values);

}  // namespace gumshoe
