// What several of SigNoz's answers have in common: texts, times, numbers that may be text, both envelopes.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "io/http_message.hpp"

namespace gumshoe::signoz {

/// Without line ends and what hides text.
std::string one_line(std::string_view text, std::size_t max_bytes);

/// The member of that very name; names of attributes hold dots. Null when it is not there.
const json* member(const json& object, std::string_view key);
/// The first of these members that is a text which is not empty.
std::string first_text(const json& object, std::initializer_list<std::string_view> keys);

/// Numbers, and texts that are numbers. Nothing for NaN, Inf and anything else.
std::optional<double> finite(const json& value);

/// Nanoseconds since the epoch from RFC 3339 with up to nine digits of a second, or from a number whose size tells its unit.
std::optional<std::int64_t> nanos(const json& value);

/// SigNoz's names of units as UCUM; "" for what it does not name.
std::string ucum(std::string_view unit);

/// What a value in one unit is multiplied with to be in the other; nothing where the two do not go together.
std::optional<double> unit_factor(const std::string& from, const std::string& to);

/// At most three decimals, one from a hundred on, none that are zero.
std::string decimal(double value);

/// The results of a query: data.data.results, data.results or data.result. Errors: bad_reply.
struct Results {
    json list;  // an array
    std::string warning;
};
result<Results> read_results(const HttpResponse& response);

/// What stands in the envelope {"status","data"}; the document itself where there is none (bare arrays of older endpoints).
result<json> read_data(const HttpResponse& response);

/// Labels as an object, as a list of {key: {name}, value}, or as JSON in a text.
std::map<std::string, std::string> read_labels(const json& labels);

}  // namespace gumshoe::signoz
