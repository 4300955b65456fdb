// The four steps of AWS's description: canonical request, string to sign, signing key, signature.
#include "integrations/bedrock/sigv4.hpp"

#include <algorithm>
#include <charconv>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace gumshoe::bedrock {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

std::string bytes_of_hex(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        unsigned value = 0;
        std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
        bytes.push_back(static_cast<char>(value));
    }
    return bytes;
}

std::string hmac(std::string_view key, std::string_view text) {
    return bytes_of_hex(hmac_sha256_hex(key, text));
}

std::string encoded_path(std::string_view path) {
    std::vector<std::string> segments;
    for (const std::string& segment : split(path, '/')) segments.push_back(url_encode(segment));
    return segments.empty() ? "/" : join(segments, "/");
}

/// Pairs in the order of their names, then values; a name without a value has an empty one.
std::string sorted_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const std::string& part : split(query, '&')) {
        if (part.empty()) continue;
        const std::size_t equals = part.find('=');
        pairs.emplace_back(part.substr(0, equals), equals == std::string::npos ? "" : part.substr(equals + 1));
    }
    std::ranges::sort(pairs);
    std::vector<std::string> parts;
    for (const auto& [name, value] : pairs) parts.push_back(name + "=" + value);
    return join(parts, "&");
}

/// Without the spaces around it; runs of spaces inside count as one.
std::string folded(std::string_view value) {
    std::string out;
    for (const char c : trim(value)) {
        if (c != ' ' || !out.ends_with(' ')) out.push_back(c);
    }
    return out;
}

std::string names_of(const SignedHeaders& headers) {
    std::vector<std::string> names;
    for (const auto& [name, value] : headers) names.push_back(name);
    return join(names, ";");
}

struct Place {
    std::string host;
    std::string path;
    std::string query;
};

/// Of an absolute URL of our own making.
Place place_of(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    const std::size_t slash = std::min(url.find('/'), url.size());
    const std::size_t question = std::min(url.find('?'), url.size());
    Place place{std::string(url.substr(0, std::min(slash, question))), "/", {}};
    if (slash < question) place.path = url.substr(slash, question - slash);
    if (question < url.size()) place.query = url.substr(question + 1);
    return place;
}

}  // namespace

std::string canonical_request(std::string_view method, std::string_view path, std::string_view query, SignedHeaders headers,
                              std::string_view payload_sha256) {
    std::ranges::sort(headers);
    std::string out = std::string(method) + "\n" + encoded_path(path) + "\n" + sorted_query(query) + "\n";
    for (const auto& [name, value] : headers) out += name + ":" + folded(value) + "\n";
    return out + "\n" + names_of(headers) + "\n" + std::string(payload_sha256);
}

std::string signature(std::string_view secret, std::string_view scope, std::string_view amz_date, std::string_view canonical) {
    std::string key = "AWS4" + std::string(secret);
    for (const std::string& part : split(scope, '/')) key = hmac(key, part);
    const std::string text =
        std::string(algorithm) + "\n" + std::string(amz_date) + "\n" + std::string(scope) + "\n" + sha256_hex(canonical);
    return hmac_sha256_hex(key, text);
}

std::string amz_date(Timestamp now) {
    std::string text = format_rfc3339(std::chrono::floor<std::chrono::seconds>(now));  // 2015-08-30T12:36:00Z
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

std::optional<Timestamp> parse_amz_date(std::string_view text) {
    if (text.size() != 16) return std::nullopt;
    std::string iso(text);
    for (const std::size_t at : {4, 7}) iso.insert(at, "-");
    for (const std::size_t at : {13, 16}) iso.insert(at, ":");
    const auto time = parse_rfc3339(iso);
    return time ? std::optional(*time) : std::nullopt;
}

void sign_v4(HttpRequest& request, const AwsKeys& keys, std::string_view region, std::string_view service, Timestamp now) {
    const Place place = place_of(request.url);
    const std::string date = amz_date(now);
    const std::string payload = sha256_hex(request.body);
    const std::string scope = date.substr(0, 8) + "/" + std::string(region) + "/" + std::string(service) + "/aws4_request";
    SignedHeaders headers{{"host", place.host}, {"x-amz-content-sha256", payload}, {"x-amz-date", date}};
    if (!keys.session_token.empty()) headers.emplace_back("x-amz-security-token", keys.session_token.reveal());
    const std::string canonical = canonical_request(request.method, place.path, place.query, headers, payload);
    const std::string mark = signature(keys.secret_access_key.reveal(), scope, date, canonical);
    for (const auto& [name, value] : headers) {
        if (name != "host") request.headers.add(name, value);  // the client sends its own Host, once
    }
    request.headers.add("Authorization", std::string(algorithm) + " Credential=" + keys.access_key_id + "/" + scope +
                                             ", SignedHeaders=" + names_of(headers) + ", Signature=" + mark);
}

}  // namespace gumshoe::bedrock
