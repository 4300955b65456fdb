// Keyword by keyword, each with a breach of its own.
#include "llm/schema_check.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"

namespace gumshoe::llm {
namespace {

using Breach = std::optional<std::string>;

constexpr int most_references = 32;  // one inside another, without a step into the document
constexpr int most_steps = 100'000;

bool is_a(const json& value, const std::string& type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_boolean();
    if (type == "null") return value.is_null();
    if (type == "number") return value.is_number();
    if (type == "integer") return value.is_number() && std::trunc(value.get<double>()) == value.get<double>();
    return true;
}

class Checker {
public:
    explicit Checker(const json& root) : root_(root) {}

    Breach check(const json& value, const json& schema, const std::string& at, int references) const {
        if (++steps_ > most_steps) return std::nullopt;
        if (schema == json(false)) return at + " is not allowed";
        if (!schema.is_object()) return std::nullopt;
        if (const json* target = referred(schema); target != nullptr && references < most_references) {
            if (auto found = check(value, *target, at, references + 1)) return found;
        }
        if (auto found = check_type(value, schema, at)) return found;
        if (auto found = check_choice(value, schema, at, references)) return found;
        if (auto found = check_bounds(value, schema, at)) return found;
        if (value.is_object()) return check_members(value, schema, at);
        const json* items = find(schema, "items");
        for (std::size_t i = 0; items != nullptr && value.is_array() && i < value.size(); ++i) {
            if (auto found = check(value[i], *items, at + "[" + std::to_string(i) + "]", 0)) return found;
        }
        return std::nullopt;
    }

private:
    const json* referred(const json& schema) const {
        const auto reference = schema.find("$ref");
        if (reference == schema.end() || !reference->is_string()) return nullptr;
        const std::string& text = reference->get_ref<const std::string&>();
        if (!text.starts_with('#')) return nullptr;
        const json* at = &root_;
        for (const std::string_view step : split(std::string_view(text).substr(1), '/')) {
            if (step.empty()) continue;
            if (!at->is_object() || !at->contains(step)) return nullptr;
            at = &*at->find(step);
        }
        return at;
    }

    static Breach check_type(const json& value, const json& schema, const std::string& at) {
        const json* type = find(schema, "type");
        if (type == nullptr) return std::nullopt;
        const json types = type->is_array() ? *type : json::array({*type});
        const bool fits =
            std::ranges::any_of(types, [&](const json& one) { return !one.is_string() || is_a(value, one.get<std::string>()); });
        if (fits) return std::nullopt;
        return at + " is not of the type " + (type->is_string() ? type->get<std::string>() : dump_json(*type));
    }

    Breach check_choice(const json& value, const json& schema, const std::string& at, int references) const {
        if (const auto one = schema.find("const"); one != schema.end() && value != *one) return at + " is not what it must be";
        if (const json* choices = find(schema, "enum"); choices != nullptr && choices->is_array()) {
            if (std::ranges::find(*choices, value) == choices->end()) return at + " is none of " + dump_json(*choices);
        }
        if (const json* all = find(schema, "allOf"); all != nullptr && all->is_array()) {
            for (const json& part : *all) {
                if (auto found = check(value, part, at, references + 1)) return found;
            }
        }
        const json* any = find(schema, "anyOf");
        if (any == nullptr || !any->is_array() || any->empty()) return std::nullopt;
        Breach first;
        for (const json& part : *any) {
            auto found = check(value, part, at, references + 1);
            if (!found) return std::nullopt;
            if (!first) first = std::move(found);
        }
        return first;
    }

    static Breach check_bounds(const json& value, const json& schema, const std::string& at) {
        const auto bound = [&](const char* keyword) { return get_number(schema, keyword); };
        if (value.is_number()) {
            const double number = value.get<double>();
            const bool low = number < bound("minimum").value_or(number) || number <= bound("exclusiveMinimum").value_or(number - 1);
            const bool high = number > bound("maximum").value_or(number) || number >= bound("exclusiveMaximum").value_or(number + 1);
            if (low || high) return at + " is out of its bounds";
        }
        const auto sized = [&](std::size_t size, const char* least, const char* most) -> Breach {
            const auto count = static_cast<double>(size);
            if (count < bound(least).value_or(count)) return at + " is too short";
            if (count > bound(most).value_or(count)) return at + " is too long";
            return std::nullopt;
        };
        if (value.is_array()) return sized(value.size(), "minItems", "maxItems");
        if (!value.is_string()) return std::nullopt;
        const std::string& text = value.get_ref<const std::string&>();
        const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };  // a code point
        return sized(static_cast<std::size_t>(std::ranges::count_if(text, begins)), "minLength", "maxLength");
    }

    Breach check_members(const json& value, const json& schema, const std::string& at) const {
        const auto member = [&](const std::string& name) { return at.empty() ? name : at + "." + name; };
        if (const json* required = find(schema, "required"); required != nullptr && required->is_array()) {
            for (const json& name : *required) {
                if (name.is_string() && !value.contains(name.get<std::string>())) return member(name.get<std::string>()) + " is missing";
            }
        }
        const json* properties = find(schema, "properties");
        const auto others = schema.find("additionalProperties");
        for (const auto& [name, inner] : value.items()) {
            if (properties != nullptr && properties->is_object() && properties->contains(name)) {
                if (auto found = check(inner, (*properties)[name], member(name), 0)) return found;
            } else if (others != schema.end() && *others == json(false)) {
                return (at.empty() ? "the answer" : at) + " has a member that is not allowed";
            } else if (others != schema.end()) {
                if (auto found = check(inner, *others, member("*"), 0)) return found;
            }
        }
        return std::nullopt;
    }

    const json& root_;
    mutable int steps_ = 0;  // a schema that refers to itself twice over would double them each time
};

}  // namespace

std::optional<std::string> breach(const json& document, const json& schema) {
    auto found = Checker(schema).check(document, schema, "", 0);
    if (found && found->starts_with(' ')) found = "the answer" + *found;
    return found;
}

}  // namespace gumshoe::llm
