// Field by field, each read where it has a meaning.
#include "gateway/completion_request.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/fields.hpp"
#include "llm/schema.hpp"

namespace gumshoe::gateway {
namespace {

constexpr std::size_t most_tools = 128;
constexpr std::int64_t most_output_tokens = 1'000'000;

Refusal read_history(json& value, CompletionRequest& out) {
    return read_messages(value, out.request.messages);
}

// Tools

Refusal check_strict(const json& holder, const json& schema, const std::string& path) {
    const auto strict = holder.find("strict");
    if (strict == holder.end() || strict->is_null()) return std::nullopt;
    if (!strict->is_boolean()) return refuse_type(inside(path, "strict"), "a boolean");
    if (!strict->get<bool>() || llm::is_strict(schema)) return std::nullopt;
    return refuse(inside(path, "strict"), "A strict schema closes every object (additionalProperties: false) and requires all properties.",
                  "invalid_schema");
}

Refusal read_tools(json& value, CompletionRequest& out) {
    if (!value.is_array() || value.size() > most_tools) return refuse_type("tools", "a list of at most 128 tools");
    for (std::size_t i = 0; i < value.size(); ++i) {
        json& tool = value[i];
        const std::string at = item("tools", i);
        const std::string of_function = inside(at, "function");
        llm::Tool read;
        if (auto refusal = only(tool, {"type", "function"}, at)) return refusal;
        if (auto refusal = check_function(tool, at)) return refusal;
        json& function = tool["function"];
        if (auto refusal = only(function, {"name", "description", "parameters", "strict"}, of_function)) return refusal;
        if (auto refusal = take_name(function, of_function, read.name)) return refusal;
        if (auto refusal = take_text(function, "description", of_function, read.description, true)) return refusal;
        json& parameters = function["parameters"];
        if (parameters.is_null()) parameters = {{"type", "object"}, {"properties", json::object()}};
        if (!parameters.is_object()) return refuse_type(inside(of_function, "parameters"), "an object");
        if (auto refusal = check_strict(function, parameters, of_function)) return refusal;
        read.parameters = dump_json(parameters);
        if (std::ranges::find(out.request.tools, read.name, &llm::Tool::name) != out.request.tools.end())
            return refuse(inside(of_function, "name"), "Another tool has this name.");
        out.request.tools.push_back(std::move(read));
    }
    return std::nullopt;
}

/// A named function is the only tool left, and required.
Refusal read_tool_choice(json& value, CompletionRequest& out) {
    llm::Request& request = out.request;
    if (request.tools.empty()) return refuse("tool_choice", "'tool_choice' is only allowed when 'tools' are specified.");
    if (value.is_string()) {
        const std::string& choice = value.get_ref<const std::string&>();
        if (choice != "auto" && choice != "none" && choice != "required")
            return refuse("tool_choice", "Expected auto, none, required or a function.");
        if (choice == "none") request.tool_choice = llm::ToolChoice::none;
        if (choice == "required") request.tool_choice = llm::ToolChoice::required;
        return std::nullopt;
    }
    if (auto refusal = only(value, {"type", "function"}, "tool_choice")) return refusal;
    if (auto refusal = check_function(value, "tool_choice")) return refusal;
    std::string name;
    if (auto refusal = take_name(value["function"], "tool_choice.function", name)) return refusal;
    const auto named = std::ranges::find(request.tools, name, &llm::Tool::name);
    if (named == request.tools.end()) return refuse("tool_choice.function.name", "No tool has this name.");
    std::swap(request.tools.front(), *named);
    request.tools.resize(1);
    request.tool_choice = llm::ToolChoice::required;
    return std::nullopt;
}

Refusal read_flag(const json& value, const char* name, bool& out) {
    if (!value.is_boolean()) return refuse_type(name, "a boolean");
    out = value.get<bool>();
    return std::nullopt;
}

Refusal read_parallel(json& value, CompletionRequest& out) {
    bool parallel = true;
    auto refusal = read_flag(value, "parallel_tool_calls", parallel);
    out.one_call = !parallel;
    return refusal;
}

// The answer's form

Refusal read_format(json& value, CompletionRequest& out) {
    const std::string type = string_or_empty(value, "type");
    if (type == "text") return only(value, {"type"}, "response_format");
    if (type != "json_schema")
        return refuse("response_format.type", "Expected text or json_schema: a schema is what every provider can be held to.",
                      "unsupported_value");
    if (auto refusal = only(value, {"type", "json_schema"}, "response_format")) return refusal;
    const std::string path = "response_format.json_schema";
    if (!value.contains("json_schema")) return refuse_type(path, "an object");
    json& form = value["json_schema"];
    if (auto refusal = only(form, {"name", "schema", "strict"}, path)) return refusal;
    if (auto refusal = take_name(form, path, out.request.schema_name)) return refusal;
    if (!form.contains("schema") || string_or_empty(form["schema"], "type") != "object")
        return refuse(inside(path, "schema"), "Expected a schema of the type 'object'.", "invalid_schema");
    if (auto refusal = check_strict(form, form["schema"], path)) return refusal;
    out.request.schema = dump_json(form["schema"]);
    out.strict_answer = form.value("strict", json(false)) == json(true);
    return std::nullopt;
}

Refusal read_limit(json& value, const char* name, CompletionRequest& out) {
    const bool whole = value.is_number_integer();
    if (!whole || value < 1 || value > most_output_tokens) return refuse(name, "Expected a whole number from 1 to 1000000.");
    if (out.request.may_be_cut) return refuse(name, "Give 'max_tokens' or 'max_completion_tokens', not both.");
    out.request.max_output_tokens = value.get<std::int64_t>();
    out.request.may_be_cut = true;
    return std::nullopt;
}

Refusal read_max_tokens(json& value, CompletionRequest& out) {
    return read_limit(value, "max_tokens", out);
}

Refusal read_max_completion_tokens(json& value, CompletionRequest& out) {
    return read_limit(value, "max_completion_tokens", out);
}

Refusal read_temperature(json& value, CompletionRequest& out) {
    if (!value.is_number() || value < 0 || value > 2) return refuse("temperature", "Expected a number from 0 to 2.");
    out.request.temperature = value.get<double>();
    return std::nullopt;
}

Refusal read_effort(json& value, CompletionRequest& out) {
    constexpr std::array<std::string_view, 5> known{"none", "minimal", "low", "medium", "high"};
    if (!value.is_string() || std::ranges::find(known, value.get_ref<const std::string&>()) == known.end())
        return refuse("reasoning_effort", "Expected one of none, minimal, low, medium, high.");
    out.request.reasoning_effort = value.get<std::string>();
    return std::nullopt;
}

Refusal read_stream(json& value, CompletionRequest& out) {
    return read_flag(value, "stream", out.stream);
}

Refusal read_stream_options(json& value, CompletionRequest& out) {
    if (!out.stream) return refuse("stream_options", "'stream_options' is only allowed when 'stream' is enabled.");
    if (auto refusal = only(value, {"include_usage", "include_obfuscation"}, "stream_options")) return refusal;
    if (value.value("include_obfuscation", json(false)) != json(false)) return refuse_unsupported("stream_options.include_obfuscation");
    const json usage = value.value("include_usage", json(false));
    return read_flag(usage, "stream_options.include_usage", out.include_usage);
}

Refusal read_model(json& value, CompletionRequest& out) {
    if (!value.is_string()) return refuse_type("model", "a string");
    out.model = std::move(value.get_ref<std::string&>());
    return std::nullopt;
}

struct Field {
    std::string_view name;
    Refusal (*read)(json& value, CompletionRequest& out);
};

/// In the order they build on each other.
constexpr std::array<Field, 12> fields{{{"model", read_model},
                                        {"messages", read_history},
                                        {"tools", read_tools},
                                        {"tool_choice", read_tool_choice},
                                        {"parallel_tool_calls", read_parallel},
                                        {"response_format", read_format},
                                        {"max_tokens", read_max_tokens},
                                        {"max_completion_tokens", read_max_completion_tokens},
                                        {"temperature", read_temperature},
                                        {"reasoning_effort", read_effort},
                                        {"stream", read_stream},
                                        {"stream_options", read_stream_options}}};

/// Values of other fields that ask for what happens anyway.
bool changes_nothing(std::string_view name, const json& value) {
    if (name == "n" || name == "top_p") return value == 1;
    if (name == "presence_penalty" || name == "frequency_penalty") return value == 0;
    if (name == "logprobs" || name == "store") return value == false;
    if (name == "modalities") return value == json::array({"text"});
    return says_nothing(value);
}

}  // namespace

std::variant<CompletionRequest, ApiError> read_completion(std::string_view text) {
    auto body = parse_json(text);
    if (!body || !body->is_object())
        return ApiError{.message = "The body is not a JSON object" + (body ? "." : ": " + body.error().message), .code = "invalid_json"};
    CompletionRequest out;
    out.request.purpose = "gateway";
    for (const Field& field : fields) {
        const auto value = body->find(field.name);
        if (value == body->end() || value->is_null()) continue;
        if (auto refusal = field.read(*value, out)) return std::move(*refusal);
    }
    for (const auto& [key, value] : body->items()) {
        if (std::ranges::find(fields, key, &Field::name) != fields.end() || changes_nothing(key, value)) continue;
        return std::move(*refuse_unsupported(inside("", key)));
    }
    if (out.model.empty()) return std::move(*refuse_missing("model"));
    if (out.request.messages.empty()) return std::move(*refuse_missing("messages"));
    return out;
}

}  // namespace gumshoe::gateway
