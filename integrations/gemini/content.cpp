// A request as generateContent takes it.
#include "integrations/gemini/content.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "llm/schema.hpp"
#include "llm/turns.hpp"

namespace gumshoe::gemini {
namespace {

/// Stands for the signature of a call that another vendor's model made; without one the third generation refuses the history.
constexpr std::string_view unsigned_call = "skip_thought_signature_validator";

/// Of "gemini-3-pro-preview" 3; 0 where the name tells none ("gemini-flash-latest").
int generation(std::string_view model) {
    constexpr std::string_view family = "gemini-";
    const auto at = model.find(family);
    if (at == std::string_view::npos || at + family.size() == model.size()) return 0;
    const char digit = model[at + family.size()];
    return digit >= '1' && digit <= '9' ? digit - '0' : 0;
}

json text_part(const std::string& text) {
    return {{"text", text}};
}

/// Signed parts go back as they came; a turn that this model did not make is told anew.
json model_parts(const llm::Message& message, std::string_view model) {
    if (!message.opaque.empty()) {
        auto parts = parse_json(message.opaque);
        if (parts && parts->is_array()) return std::move(*parts);
    }
    json parts = json::array();
    if (!trim(message.text).empty()) parts.push_back(text_part(message.text));
    bool first = true;
    for (const llm::ToolCall& call : message.tool_calls) {
        auto input = parse_json(call.arguments);
        json arguments = input && input->is_object() ? std::move(*input) : json::object();
        json part{{"functionCall", {{"id", call.id}, {"name", call.name}, {"args", std::move(arguments)}}}};
        if (std::exchange(first, false) && generation(model) >= 3) part["thoughtSignature"] = unsigned_call;
        parts.push_back(std::move(part));
    }
    return parts;
}

/// The calls of a turn as they stand on the wire, by our ids: results name those, and signed parts may have none.
void note_calls(const json& parts, const llm::Message& message, std::map<std::string, json>& calls) {
    auto ours = message.tool_calls.begin();
    for (const json& part : parts) {
        const json* call = find(part, "functionCall");
        if (call != nullptr && ours != message.tool_calls.end()) calls[(ours++)->id] = *call;
    }
}

json result_part(const llm::Message& message, const json& call) {
    json result{{"name", string_or_empty(call, "name")},
                {"response", {{message.is_error ? "error" : "result", message.text}}}};  // must be an object
    if (const std::string id = string_or_empty(call, "id"); !id.empty()) result["id"] = id;
    return {{"functionResponse", std::move(result)}};
}

json contents_of(const std::vector<llm::Message>& messages, std::string_view model) {
    llm::Turns turns({.assistant = "model", .content = "parts", .result = "functionResponse"});
    std::map<std::string, json> calls;
    for (const llm::Message& message : messages) {
        switch (message.role) {
            case llm::Role::system:
                break;
            case llm::Role::assistant: {
                json parts = model_parts(message, model);
                note_calls(parts, message, calls);
                turns.add("model", std::move(parts));
                break;
            }
            case llm::Role::tool:
                turns.add("user", json::array({result_part(message, calls[message.tool_call_id])}));
                break;
            case llm::Role::user:
                if (!trim(message.text).empty()) turns.add("user", json::array({text_part(message.text)}));
                break;
        }
    }
    return turns.take(text_part("(continued)"));
}

/// Tokens that a model may think: they count as output, so the answer needs room beside them.
std::int64_t thinking_budget(std::string_view effort, std::string_view model) {
    if (effort == "none") return model.find("flash") != std::string_view::npos ? 0 : 128;  // the larger ones cannot do without
    if (effort == "minimal") return 512;
    if (effort == "low") return 1024;
    return effort == "medium" ? 4096 : 16384;
}

std::string_view thinking_level(std::string_view effort, std::string_view model) {
    if (effort == "high") return "HIGH";
    if (effort == "medium") return "MEDIUM";
    return effort != "low" && model.find("flash") != std::string_view::npos ? "MINIMAL" : "LOW";
}

/// The second generation takes a budget from 2.5 on, the third a level; neither takes both.
void add_thinking(json& config, const llm::Request& request, std::string_view model) {
    const bool levels = generation(model) >= 3;
    if (!request.reasoning_effort || (!levels && model.find("gemini-2.5") == std::string_view::npos)) return;
    const std::int64_t budget = thinking_budget(*request.reasoning_effort, model);
    if (levels) {
        config["thinkingConfig"]["thinkingLevel"] = thinking_level(*request.reasoning_effort, model);
    } else {
        config["thinkingConfig"]["thinkingBudget"] = budget;
    }
    config["maxOutputTokens"] = request.max_output_tokens + budget;
}

}  // namespace

json response_schema(json schema) {
    if (schema.is_array()) {
        for (json& part : schema) part = response_schema(std::move(part));
    }
    if (!schema.is_object()) return schema;
    schema.erase("additionalProperties");
    schema.erase("$schema");
    if (const auto type = schema.find("type"); type != schema.end() && type->is_array()) {
        auto& types = type->get_ref<json::array_t&>();
        if (std::erase(types, json("null")) > 0) schema["nullable"] = true;
        if (types.size() == 1) schema["type"] = json(types.front());
    }
    if (const auto values = schema.find("enum"); values != schema.end() && values->is_array()) {
        std::erase(values->get_ref<json::array_t&>(), json(nullptr));  // nullable says it
    }
    for (auto& [key, part] : schema.items()) {
        if (key == "properties") {  // its keys are names, not keywords
            for (json& property : part) property = response_schema(std::move(property));
        } else if (key == "items" || key == "anyOf") {
            part = response_schema(std::move(part));
        }
    }
    return schema;
}

json body_of(const llm::Request& request, const llm::Target& target) {
    const std::string model = target.model_on_wire();
    // Many models refuse tools and a schema together: a turn has the one or the other.
    const bool tools = !request.tools.empty() && request.tool_choice != llm::ToolChoice::none;
    json body{{"contents", contents_of(tools ? request.messages : llm::without_tools(request.messages), model)},
              {"generationConfig", {{"maxOutputTokens", request.max_output_tokens}}}};
    json& config = body["generationConfig"];
    if (const std::string system = llm::system_text(request.messages); !system.empty()) {
        body["systemInstruction"] = {{"parts", json::array({text_part(system)})}};
    }
    if (tools) {
        json functions = json::array();
        for (const llm::Tool& tool : request.tools) {
            functions.push_back(
                {{"name", tool.name}, {"description", tool.description}, {"parametersJsonSchema", llm::schema_document(tool.parameters)}});
        }
        body["tools"] = json::array({{{"functionDeclarations", std::move(functions)}}});
        body["toolConfig"]["functionCallingConfig"]["mode"] = request.tool_choice == llm::ToolChoice::required ? "ANY" : "AUTO";
    } else if (!request.schema.empty()) {
        config["responseMimeType"] = "application/json";
        config["responseSchema"] = response_schema(llm::without_bounds(llm::schema_document(request.schema)));
    }
    if (request.temperature) config["temperature"] = *request.temperature;
    add_thinking(config, request, model);
    // Logs of an attack are what an incident may be made of.
    body["safetySettings"] = json::array({{{"category", "HARM_CATEGORY_DANGEROUS_CONTENT"}, {"threshold", "BLOCK_ONLY_HIGH"}}});
    return body;
}

}  // namespace gumshoe::gemini
