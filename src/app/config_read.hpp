// Readers of the sections, one a file; config.cpp calls them in the order of the example.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/config.hpp"

namespace gumshoe {

/// A null section leaves the defaults.
LlmConfig read_llm(Section* section);
std::vector<RouteRule> read_routes(Section& root, const LlmConfig& llm);

/// The document that environment variables make.
ConfigDocument environment_document(const Environment& environment);

/// Records an error for a word that is not among the known ones, with the one that may be meant.
void refuse_unknown_word(Section& section, const std::string& key, const std::string& what, const std::string& word,
                         const std::vector<std::string>& known);

/// "hosts[1]", or "hosts" where the value is no list of several.
std::string item_key(const std::string& key, std::size_t index, std::size_t count);

}  // namespace gumshoe
