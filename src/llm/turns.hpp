// History as vendors with alternating turns want it: neighbours of one role become one turn, results of tools come first in theirs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "llm/request.hpp"

namespace gumshoe::llm {

/// How one vendor writes a turn.
struct TurnWords {
    std::string_view user = "user";
    std::string_view assistant = "assistant";
    std::string_view content = "content";     // the key of a turn's blocks
    std::string_view result = "tool_result";  // the key or the `type` that marks a block as the result of a tool
};

class Turns {
public:
    explicit Turns(TurnWords words);
    ~Turns();
    void add(std::string_view role, json blocks);
    /// The first turn is the user's: `opening` is put before a history that begins with the model.
    json take(json opening);

private:
    bool is_result(const json& block) const;

    TurnWords words_;
    std::vector<json> turns_;
};

/// All system messages as one text.
std::string system_text(const std::vector<Message>& messages);

/// The history with its tool calls and results told in plain words: for vendors that take neither without a list of tools.
std::vector<Message> without_tools(const std::vector<Message>& messages);

}  // namespace gumshoe::llm
