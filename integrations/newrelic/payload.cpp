// Values of a payload: each is taken in whatever type a template made of it.
#include "integrations/newrelic/payload.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace gumshoe::newrelic {

namespace {

constexpr std::size_t most_items = 200;
constexpr std::size_t payload_value_bytes = 300;

bool alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

std::string normal(std::string_view name) {
    std::string out = to_lower(name);
    std::erase_if(out, [](char c) { return !alphanumeric(c); });
    return out;
}

/// Empty, a word for nothing, or a variable that was not expanded.
bool says_nothing(std::string_view text) {
    const std::string_view word = trim(text);
    return word.empty() || word == "null" || word == "None" || word == "undefined" || word == "N/A" || word.starts_with("{{");
}

bool absent(const json& value) {
    if (value.is_null()) return true;
    if (value.is_string()) return says_nothing(value.get_ref<const std::string&>());
    if (value.is_array()) return std::all_of(value.begin(), value.end(), absent);
    return value.is_object() && value.empty();
}

std::string clean(std::string_view text) {
    return strip_invisible(html_unescape(sanitize_utf8(trim(text.substr(0, limits::alert_body_bytes)))));
}

/// A whole number's digits, out of a double as well: ids are rendered as such.
std::string digits_of(double number) {
    if (!std::isfinite(number) || number != std::floor(number) || std::abs(number) > 9'007'199'254'740'992.0) return {};
    return std::to_string(static_cast<std::int64_t>(number));
}

std::string scalar_text(const json& value) {
    if (value.is_string()) return clean(value.get_ref<const std::string&>());
    if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
    if (value.is_number_float()) {
        const std::string digits = digits_of(value.get<double>());
        return digits.empty() ? dump_json(value) : digits;
    }
    return value.is_number() ? dump_json(value) : std::string();
}

std::optional<double> number_of(const json& value) {
    if (value.is_number()) return value.get<double>();
    if (!value.is_string()) return std::nullopt;
    const std::string_view text = trim(value.get_ref<const std::string&>());
    double number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

const json* first_item(const json* value) {
    if (value == nullptr || !value->is_array()) return value;
    const auto found = std::find_if(value->begin(), value->end(), [](const json& item) { return !absent(item); });
    return found == value->end() ? value : &*found;
}

std::string joined(const json& value) {
    if (!value.is_array()) return scalar_text(value);
    std::vector<std::string> texts;
    for (const json& item : value) {
        std::string text = scalar_text(item);
        if (!text.empty() && std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(std::move(text));
    }
    return join(texts, ",");
}

void add_tag(Payload::Tags& tags, std::string_view key, std::string_view value) {
    const std::string name = clean(key.substr(0, payload_value_bytes));
    if (!name.empty() && tags.size() < most_items) tags.emplace(name, truncate(value, payload_value_bytes));
}

void add_pair(Payload::Tags& tags, std::string_view text) {
    const std::size_t colon = text.find(':');
    add_tag(tags, trim(text.substr(0, colon)), colon == std::string_view::npos ? "" : trim(text.substr(colon + 1)));
}

Payload::Tags read_tags(const json& value) {
    Payload::Tags tags;
    if (value.is_string()) {
        for (const std::string& pair : split(scalar_text(value), ',')) add_pair(tags, pair);
    } else if (value.is_array()) {
        for (const json& item : value) {
            const json* values = find(item, "values");
            if (item.is_string()) add_pair(tags, scalar_text(item));
            if (item.is_object())
                add_tag(tags, string_or_empty(item, "key"), joined(values == nullptr ? item.value("value", json()) : *values));
        }
    } else if (value.is_object()) {
        for (const auto& [key, item] : value.items()) {
            if (!absent(item)) add_tag(tags, key, joined(item));
        }
    }
    return tags;
}

}  // namespace

result<Payload> Payload::read(std::string_view body) {
    if (trim(body).empty()) return Error{errc::parse, "newrelic webhook: the body is empty"};
    auto document = parse_json(body);
    if (!document) return in_context("newrelic webhook", document.error());
    if (!document->is_object()) return Error{errc::parse, "newrelic webhook: the payload is not a JSON object"};
    Payload payload;
    payload.document_ = std::make_shared<const json>(std::move(*document));
    const auto put = [&payload](const std::string& name, const json& value) {
        if (!absent(value)) payload.fields_.emplace(name, &value);
    };
    for (const auto& [key, value] : payload.document_->items()) put(normal(key), value);
    for (const auto& [key, value] : payload.document_->items()) {
        const std::string group = normal(key);
        if (!value.is_object() || group == "tags" || group == "tag") continue;
        const bool spread = group == "accumulations" || group == "annotations" || group == "issue";
        for (const auto& [name, member] : value.items()) {
            put(group + normal(name), member);
            if (spread) put(normal(name), member);
        }
    }
    return payload;
}

const json* Payload::value(Names names) const {
    for (const std::string_view name : names) {
        if (const auto found = fields_.find(name); found != fields_.end()) return found->second;
    }
    return nullptr;
}

std::vector<std::string> Payload::list(Names names) const {
    std::vector<std::string> texts;
    const json* found = value(names);
    if (found == nullptr) return texts;
    const json items = found->is_array() ? *found : json::array({*found});
    for (const json& item : items) {
        if (texts.size() == most_items) break;
        texts.push_back(absent(item) ? std::string() : scalar_text(item));
    }
    return texts;
}

std::string Payload::text(Names names) const {
    for (std::string& text : list(names)) {
        if (!text.empty()) return std::move(text);
    }
    return {};
}

std::string Payload::id(Names names) const {
    const json* one = first_item(value(names));
    if (one == nullptr) return {};
    if (const std::string digits = scalar_text(*one);
        !digits.empty() && digits.size() <= 20 && digits.find_first_not_of("0123456789") == std::string::npos) {
        return digits;
    }
    const auto number = number_of(*one);
    return number && *number > 0 ? digits_of(*number) : std::string();
}

std::optional<Timestamp> Payload::time(Names names, Timestamp now) const {
    const json* one = first_item(value(names));
    if (one == nullptr) return std::nullopt;
    std::optional<Timestamp> time;
    if (const auto number = number_of(*one)) {
        if (!(*number > 0 && *number < 1e14)) return std::nullopt;
        time = from_millis(static_cast<std::int64_t>(*number * (*number < 1e11 ? 1000 : 1)));
    } else if (one->is_string()) {
        const auto read = parse_rfc3339(trim(one->get_ref<const std::string&>()));
        if (read) time = *read;
    }
    if (!time || *time > now + std::chrono::hours(24) || *time < now - std::chrono::days(366)) return std::nullopt;
    return time;
}

bool Payload::flag(Names names) const {
    return iequals(text(names), "true");
}

Payload::Tags Payload::tags(Names names) const {
    const json* found = value(names);
    return found == nullptr ? Tags() : read_tags(*found);
}

std::vector<Payload::Target> Payload::targets() const {
    std::vector<Target> targets;
    const json* found = value({"targets"});
    if (found == nullptr || !found->is_array()) return targets;
    for (const json& item : *found) {
        if (!item.is_object() || targets.size() == most_items) continue;
        targets.push_back({scalar_text(item.value("name", json())), scalar_text(item.value("type", json())),
                           read_tags(item.value("labels", json::object()))});
    }
    return targets;
}

std::string enum_word(std::string_view text) {
    std::string word(trim(text));
    for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == ' ' || c == '-' ? '_' : c;
    return word;
}

}  // namespace gumshoe::newrelic
