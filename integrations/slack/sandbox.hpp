// Slack of the simulated company.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "sandbox/simulation.hpp"

namespace gumshoe::slack {

std::unique_ptr<sandbox::Simulation> make_simulation();

/// What Slack would find wrong with a `blocks` array, each with its JSON pointer; empty when it would take it.
std::vector<std::string> block_errors(const json& blocks);
/// Characters of all text in the blocks: together they have a limit of their own.
std::size_t block_characters(const json& blocks);

}  // namespace gumshoe::slack
