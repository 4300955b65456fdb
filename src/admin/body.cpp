#include "admin/body.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace gumshoe {

result<json> body_of(const AdminCall& call, std::size_t most_bytes, std::initializer_list<std::string_view> known) {
    if (call.request.body.size() > most_bytes) {
        return Error{errc::invalid_argument, "the body is larger than " + std::to_string(most_bytes) + " bytes"};
    }
    auto body = parse_json(call.request.body.empty() ? "{}" : call.request.body);
    if (!body) return in_context("the body", body.error());
    if (!body->is_object()) return Error{errc::invalid_argument, "the body must be a JSON object"};
    for (const auto& [name, value] : body->items()) {
        if (std::ranges::find(known, std::string_view(name)) != known.end()) continue;
        std::string all;
        for (const std::string_view one : known) all += (all.empty() ? "" : ", ") + std::string(one);
        return Error{errc::invalid_argument, "unknown field " + truncate(name, 64) + "; known: " + (all.empty() ? "none" : all)};
    }
    return body;
}

result<std::string> text_field(const json& body, std::string_view name, std::string fallback) {
    const json* value = find(body, name);
    if (value == nullptr) return fallback;
    if (!value->is_string()) return Error{errc::invalid_argument, std::string(name) + " must be a string"};
    return value->get<std::string>();
}

result<std::int64_t> integer_field(const json& body, std::string_view name, std::int64_t fallback, std::int64_t least, std::int64_t most) {
    const json* value = find(body, name);
    if (value == nullptr) return fallback;
    const bool number = value->is_number_integer();
    if (!number || value->get<std::int64_t>() < least || value->get<std::int64_t>() > most) {
        return Error{errc::invalid_argument,
                     std::string(name) + " must be a whole number from " + std::to_string(least) + " to " + std::to_string(most)};
    }
    return value->get<std::int64_t>();
}

}  // namespace gumshoe
