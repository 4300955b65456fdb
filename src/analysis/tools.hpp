// What a model may ask for: read-only, arguments that are enums, ids and bounded numbers. Never a URL, a query or a shell.
#pragma once

#include <string>
#include <vector>

#include "evidence/condense.hpp"
#include "evidence/gather.hpp"
#include "llm/request.hpp"

namespace gumshoe {

/// The tools' definitions for this subject: services and kinds that can be asked, as enums.
std::vector<llm::Tool> tools_for(const Subject& subject, const std::vector<Source*>& sources);

/// A call as understood, or what is wrong with it (told back to the model).
struct ToolRequest {
    bool detail = false;  // get_evidence_detail
    std::string evidence_id;
    QueryKind kind = QueryKind::logs;
    std::string service;
    Window window{};
};
result<ToolRequest> read_tool_call(const llm::ToolCall& call, const Subject& subject);

/// All that is kept of one item, as text for the model.
std::string detail_text(const std::vector<Evidence>& items, const std::string& id);

}  // namespace gumshoe
