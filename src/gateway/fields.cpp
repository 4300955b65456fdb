// Pieces of a body: names of places, refusals, texts.
#include "gateway/fields.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"

namespace gumshoe::gateway {
namespace {

constexpr std::size_t longest_key_shown = 64;

bool is_name(std::string_view name) {
    constexpr std::size_t longest = 64;
    return !name.empty() && name.size() <= longest && std::ranges::all_of(name, [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

}  // namespace

Refusal refuse(std::string param, std::string message, std::string code) {
    return ApiError{.message = std::move(message), .param = std::move(param), .code = std::move(code)};
}

Refusal refuse_type(std::string param, std::string_view wanted) {
    std::string message = "Invalid type for '" + param + "': expected " + std::string(wanted) + ".";
    return refuse(std::move(param), std::move(message), "invalid_type");
}

Refusal refuse_unsupported(std::string param) {
    std::string message = "'" + param + "' is not supported by this endpoint.";
    return refuse(std::move(param), std::move(message), "unsupported_parameter");
}

Refusal refuse_missing(std::string param) {
    std::string message = "Missing required parameter: '" + param + "'.";
    return refuse(std::move(param), std::move(message), "missing_required_parameter");
}

std::string inside(const std::string& path, std::string_view key) {
    return path + (path.empty() ? "" : ".") + truncate(key, longest_key_shown);
}

std::string item(const std::string& path, std::size_t index) {
    return path + "[" + std::to_string(index) + "]";
}

bool says_nothing(const json& value) {
    return value.is_null() || (value.is_array() && value.empty());
}

Refusal only(const json& object, std::initializer_list<std::string_view> known, const std::string& path) {
    if (!object.is_object()) return refuse_type(path, "an object");
    for (const auto& [key, value] : object.items()) {
        if (std::ranges::find(known, key) == known.end() && !says_nothing(value)) return refuse_unsupported(inside(path, key));
    }
    return std::nullopt;
}

Refusal take_text(json& object, const char* key, const std::string& path, std::string& out, bool may_be_absent) {
    const auto at = object.find(key);
    if (at == object.end() || at->is_null()) {
        if (may_be_absent) return std::nullopt;
        return refuse_missing(inside(path, key));
    }
    if (!at->is_string()) return refuse_type(inside(path, key), "a string");
    out = std::move(at->get_ref<std::string&>());
    return std::nullopt;
}

Refusal take_name(json& object, const std::string& path, std::string& out) {
    if (auto refusal = take_text(object, "name", path, out)) return refusal;
    if (!is_name(out)) return refuse(inside(path, "name"), "Expected 1 to 64 letters, digits, underscores and dashes.");
    return std::nullopt;
}

Refusal check_function(const json& holder, const std::string& path) {
    if (string_or_empty(holder, "type") != "function")
        return refuse(inside(path, "type"), "Only 'function' is supported by this endpoint.", "unsupported_value");
    if (!holder.contains("function") || !holder["function"].is_object()) return refuse_type(inside(path, "function"), "an object");
    return std::nullopt;
}

}  // namespace gumshoe::gateway
