// Refusals, envelopes, values: what every answer is read with. Rows are in responses_rows.cpp, graphs in responses_series.cpp, rules in
// responses_rule.cpp, services and exceptions in responses_services.cpp.
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.hpp"
#include "integrations/signoz/codec.hpp"
#include "integrations/signoz/response_fields.hpp"

namespace gumshoe::signoz {

namespace {

constexpr std::size_t message_bytes = 240;

bool holds_page(const HttpResponse& response) {
    return trim(std::string_view(response.body).substr(0, 200)).starts_with('<');
}

/// "key `x` not found" below "invalid query": the details say more than the message.
std::string with_details(const json& error) {
    std::string text = string_or_empty(error, "message");
    const json* details = find(error, "errors");
    if (details == nullptr || !details->is_array()) return text;
    for (const json& detail : *details) {
        const std::string more = detail.is_string() ? detail.get<std::string>() : string_or_empty(detail, "message");
        if (!more.empty() && text.find(more) == std::string::npos) text += (text.empty() ? "" : "; ") + more;
    }
    return text;
}

}  // namespace

std::string one_line(std::string_view text, std::size_t max_bytes) {
    return truncate(replace_all(strip_invisible(sanitize_utf8(text.substr(0, max_bytes * 8))), "\n", " "), max_bytes);
}

const json* member(const json& object, std::string_view key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(std::string(key));
    return found == object.end() ? nullptr : &*found;
}

std::string first_text(const json& object, std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) {
        const json* value = member(object, key);
        if (value != nullptr && value->is_string() && !value->get_ref<const std::string&>().empty()) return value->get<std::string>();
    }
    return {};
}

std::optional<double> finite(const json& value) {
    double number = 0;
    if (value.is_number()) {
        number = value.get<double>();
    } else if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
        if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    } else {
        return std::nullopt;
    }
    return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<std::int64_t> nanos(const json& value) {
    constexpr std::int64_t latest_ms = 4'000'000'000'000;  // 2096: nanoseconds and sums of them fit
    if (value.is_number_integer()) {
        const auto number = get_int(value, "");
        if (!number || *number <= 0) return std::nullopt;
        if (*number < latest_ms) return *number * 1'000'000;
        return *number / 1'000'000 < latest_ms ? number : std::nullopt;
    }
    if (!value.is_string()) return std::nullopt;
    const auto& time = value.get_ref<const std::string&>();
    const std::size_t dot = time.find('.');
    std::string whole = time;
    std::int64_t fraction = 0;
    if (dot != std::string::npos) {
        std::size_t end = dot + 1;
        std::int64_t scale = 100'000'000;
        for (; end < time.size() && time[end] >= '0' && time[end] <= '9'; ++end, scale /= 10) fraction += (time[end] - '0') * scale;
        whole = time.substr(0, dot) + time.substr(end);
    }
    const auto read = parse_rfc3339(whole);
    if (!read || to_millis(*read) < 0 || to_millis(*read) >= latest_ms) return std::nullopt;
    return to_millis(*read) * 1'000'000 + fraction;
}

std::string ucum(std::string_view unit) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 24> names{{
        {"ns", "ns"},       {"us", "us"},   {"\xC2\xB5s", "us"}, {"ms", "ms"},       {"s", "s"},           {"m", "min"},
        {"min", "min"},     {"h", "h"},     {"d", "d"},          {"percent", "%"},   {"%", "%"},           {"bytes", "By"},
        {"decbytes", "By"}, {"By", "By"},   {"B", "By"},         {"KiBy", "KiBy"},   {"MiBy", "MiBy"},     {"GiBy", "GiBy"},
        {"reqps", "1/s"},   {"ops", "1/s"}, {"cps", "1/s"},      {"{req}/s", "1/s"}, {"percentunit", "1"}, {"1", "1"},
    }};
    for (const auto& [theirs, ours] : names) {
        if (unit == theirs) return std::string(ours);
    }
    return unit.empty() ? "" : "1";
}

std::optional<double> unit_factor(const std::string& from, const std::string& to) {
    if (from == to || to.empty() || to == "1") return 1;
    const auto nanoseconds = [](const std::string& unit) -> double {
        return unit == "ns" ? 1 : unit == "us" ? 1e3 : unit == "ms" ? 1e6 : unit == "s" ? 1e9 : unit == "min" ? 6e10 : 0;
    };
    if (nanoseconds(from) > 0 && nanoseconds(to) > 0) return nanoseconds(from) / nanoseconds(to);
    if (from == "1" && to == "%") return 100;
    return std::nullopt;
}

std::string decimal(double value) {
    const double rounded = std::abs(value) < 100 ? std::round(value * 1000) / 1000 : std::round(value * 10) / 10;
    return rounded == std::floor(rounded) && std::abs(rounded) < 1e15 ? std::to_string(static_cast<std::int64_t>(rounded))
                                                                      : dump_json(rounded);
}

bool missing_route(const HttpResponse& response) {
    if (response.status / 100 == 2) return holds_page(response);
    return (response.status == 404 || response.status == 405) && refusal_text(response).empty();
}

std::string refusal_text(const HttpResponse& response) {
    const auto document = parse_json(response.body);
    if (!document || !document->is_object()) return {};
    const json* error = member(*document, "error");
    if (error != nullptr && error->is_object()) return with_details(*error);       // {"status","error":{"code","message"}}
    if (error != nullptr && error->is_string()) return error->get<std::string>();  // {"status","errorType","error":"text"}
    const json* errors = member(*document, "errors");                              // {"data":null,"errors":[{"code","msg"}]}
    if (errors == nullptr || !errors->is_array() || errors->empty()) return {};
    return first_text(errors->front(), {"msg", "message"});
}

std::optional<Error> read_error(const HttpResponse& response, std::string_view wanted) {
    const int status = response.status;
    if (status / 100 == 2 && !holds_page(response)) return std::nullopt;
    if (status / 100 == 2) return Error{errc::bad_reply, "SigNoz answered with a web page: api_url is no SigNoz, or one without this call"};
    const std::string detail = one_line(refusal_text(response), message_bytes);
    const std::string said = "SigNoz answered " + std::to_string(status) + (detail.empty() ? "" : ": " + detail);
    switch (status) {
        case 401:
            return Error{errc::unauthorized, said + " (the API key is wrong, expired, or of another SigNoz)"};
        case 403:
            return Error{errc::forbidden, said + " (the role of the API key's service account may not read " + std::string(wanted) + ")"};
        case 404:
            return Error{errc::not_found, said};
        case 429:
            return Error{errc::rate_limited, said};
        case 451:
            return Error{errc::forbidden, said + " (the licence of this SigNoz does not allow it: expired or suspended)"};
        case 408:
        case 504:
            return Error{errc::timeout, said + " (its database took too long)"};
        default:
            return Error{status / 100 == 5 ? errc::unavailable : errc::bad_reply, said};
    }
}

std::optional<seconds> retry_after(const HttpResponse& response) {
    const json value = std::string(response.headers.find("Retry-After").value_or(""));
    const auto wait = get_int(value, "");
    if (!wait || *wait < 0 || *wait > 86400) return std::nullopt;
    return seconds(*wait);
}

result<std::string> read_version(const HttpResponse& response) {
    const auto document = parse_json(response.body);
    std::string version = document ? string_or_empty(*document, "version") : "";
    if (version.empty() && document) version = string_or_empty(*document, "data.version");
    if (version.empty()) return Error{errc::bad_reply, "the address answers, and does not tell a version: is it SigNoz's?"};
    return one_line(version, 40);
}

result<json> read_data(const HttpResponse& response) {
    auto document = parse_json(response.body);
    if (!document) return Error{errc::bad_reply, "SigNoz's answer is no JSON"};
    const json* data = member(*document, "data");
    if (data != nullptr) return *data;
    return document;
}

result<Results> read_results(const HttpResponse& response) {
    auto data = read_data(response);
    if (!data) return data.error();
    Results results{json::array(), one_line(string_or_empty(*data, "warning.message"), message_bytes)};
    for (const char* path : {"data.results", "results", "result"}) {
        const json* list = find(*data, path);
        if (list == nullptr) continue;
        if (list->is_array()) results.list = *list;
        if (list->is_array() || list->is_null()) return results;
    }
    const json* inner = member(*data, "data");
    if (inner != nullptr && inner->is_null()) return results;  // nothing was found
    return Error{errc::bad_reply, "SigNoz's answer has no results"};
}

std::map<std::string, std::string> read_labels(const json& labels) {
    std::map<std::string, std::string> out;
    constexpr std::size_t most = 50;
    const auto add = [&out](const std::string& key, const json& value) {
        if (key.empty() || out.size() == most || value.is_null() || value.is_structured()) return;
        out.emplace(key, value.is_string() ? value.get<std::string>() : dump_json(value));
    };
    if (labels.is_string()) {
        const auto inner = parse_json(labels.get_ref<const std::string&>());
        return inner && inner->is_object() ? read_labels(*inner) : out;
    }
    if (labels.is_object()) {
        for (const auto& [key, value] : labels.items()) add(key, value);
    } else if (labels.is_array()) {
        for (const json& label : labels) {
            const json* value = member(label, "value");
            if (value != nullptr) add(string_or_empty(label, "key.name"), *value);
        }
    }
    return out;
}

}  // namespace gumshoe::signoz
