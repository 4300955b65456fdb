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

bool third_generation(std::string_view model) {
    return model.find("gemini-3") != std::string_view::npos;
}

json text_part(const std::string& text) {
    return {{"text", text}};
}

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
        json part{{"functionCall", {{"name", call.name}, {"args", input && input->is_object() ? std::move(*input) : json::object()}}}};
        if (std::exchange(first, false) && third_generation(model)) part["thoughtSignature"] = unsigned_call;
        parts.push_back(std::move(part));
    }
    return parts;
}

json contents_of(const std::vector<llm::Message>& messages, std::string_view model) {
    llm::Turns turns({.assistant = "model", .content = "parts", .result = "functionResponse"});
    std::map<std::string, std::string> names;  // call id -> function
    for (const llm::Message& message : messages) {
        for (const llm::ToolCall& call : message.tool_calls) names[call.id] = call.name;
        switch (message.role) {
            case llm::Role::system:
                break;
            case llm::Role::assistant:
                turns.add("model", model_parts(message, model));
                break;
            case llm::Role::tool: {
                json response{{message.is_error ? "error" : "result", message.text}};  // must be an object
                turns.add(
                    "user",
                    json::array({{{"functionResponse", {{"name", names[message.tool_call_id]}, {"response", std::move(response)}}}}}));
                break;
            }
            case llm::Role::user:
                if (!trim(message.text).empty()) turns.add("user", json::array({text_part(message.text)}));
                break;
        }
    }
    return turns.take(text_part("(continued)"));
}

/// Tokens that the second generation may think; its answer has to fit beside them.
std::int64_t thinking_budget(std::string_view effort, std::string_view model) {
    if (effort == "none") return model.find("flash") != std::string_view::npos ? 0 : 128;  // the larger ones cannot do without
    if (effort == "minimal") return 512;
    if (effort == "low") return 1024;
    return effort == "medium" ? 4096 : 16384;
}

void add_thinking(json& config, const llm::Request& request, std::string_view model) {
    if (!request.reasoning_effort) return;
    if (third_generation(model)) {
        const std::string& effort = *request.reasoning_effort;
        config["thinkingConfig"]["thinkingLevel"] = effort == "high" ? "HIGH" : effort == "medium" ? "MEDIUM" : "LOW";
    } else if (model.find("gemini-2.5") != std::string_view::npos) {
        const std::int64_t budget = thinking_budget(*request.reasoning_effort, model);
        config["thinkingConfig"]["thinkingBudget"] = budget;
        config["maxOutputTokens"] = request.max_output_tokens + budget;  // thoughts count
    }
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
