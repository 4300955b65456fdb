// Readers of the sections, one a file; config.cpp calls them in the order of the example.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/config.hpp"

namespace gumshoe {

/// A null section leaves the defaults. Paths of files in it start at `folder`.
LlmConfig read_llm(Section* section, const std::string& folder);
/// `chains`, `tasks` and `teams` of the section `llm`, once its targets are read. `names`: of all targets, unreadable ones too.
void read_chains(Section& llm, LlmConfig& config, const std::vector<std::string>& names);

std::vector<llm::ConfiguredClass> read_classes(Section& llm);

/// Prices by provider: the file's rows, if one is named, before those of this build.
using PriceTables = std::map<std::string, std::vector<llm::ModelPrice>>;
PriceTables read_prices(Section* llm, const std::string& folder);
llm::Price read_price(Section& section);

/// The names of this build's providers of models.
std::vector<std::string> provider_names();

/// Errors: it is a folder, it cannot be read.
result<std::string> read_text_file(const std::string& path);

/// Absent without a section.
std::optional<GatewayConfig> read_gateway(Section* section, const LlmConfig& llm);

std::vector<RouteRule> read_routes(Section& root, const LlmConfig& llm);

/// The document that environment variables make.
ConfigDocument environment_document(const Environment& environment);

/// Records an error for a word that is not among the known ones, with the one that may be meant.
void refuse_unknown_word(Section& section, const std::string& key, const std::string& what, const std::string& word,
                         const std::vector<std::string>& known);

/// "hosts[1]", or "hosts" where the value is no list of several.
std::string item_key(const std::string& key, std::size_t index, std::size_t count);

}  // namespace gumshoe
