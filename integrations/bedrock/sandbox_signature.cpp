// Signature Version 4 from the receiver's side: the canonical request is rebuilt from the wire, never from what the signer thought it sent.
#include "integrations/bedrock/sandbox_signature.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "integrations/bedrock/sandbox_faults.hpp"
#include "integrations/bedrock/sigv4.hpp"

namespace gumshoe::bedrock {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view algorithm_words = "AWS4-HMAC-SHA256 ";
constexpr milliseconds tolerated_skew = 5min;

std::string scenario_text(const sandbox::World& world, std::string_view key, std::string_view otherwise) {
    const std::string text = string_or_empty(*world.scenario, "llm.bedrock." + std::string(key));
    return text.empty() ? std::string(otherwise) : text;
}

/// "Credential=..., SignedHeaders=..., Signature=..." by name.
std::map<std::string, std::string> parts_of(std::string_view authorization) {
    std::map<std::string, std::string> parts;
    for (const std::string& part : split(authorization, ',')) {
        const std::string_view pair = trim(part);
        const auto equals = pair.find('=');
        if (equals != std::string_view::npos) parts[std::string(pair.substr(0, equals))] = pair.substr(equals + 1);
    }
    return parts;
}

/// Every byte of the wire's path but letters, digits, -._~ and the slashes, encoded: what is encoded there is encoded again.
std::string canonical_path(std::string_view wire) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : wire) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '-' || c == '.' ||
                           c == '_' || c == '~';
        const auto byte = static_cast<unsigned char>(c);
        if (plain) {
            out += c;
        } else {
            out += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return out;
}

/// The simulation stands below a path of the sandbox; the signature is over all of it.
std::string wire_path(const RawRequest& request, const sandbox::World& world) {
    std::string_view base = world.base_url;
    const auto scheme = base.find("://");
    if (scheme != std::string_view::npos) base.remove_prefix(scheme + 3);
    const auto slash = base.find('/');
    return std::string(slash == std::string_view::npos ? std::string_view() : base.substr(slash)) + request.path;
}

/// Nullopt when a header that was signed did not come.
std::optional<std::string> canonical_of(const RawRequest& request, const sandbox::World& world, const std::string& names) {
    std::string out = request.method + "\n" + canonical_path(wire_path(request, world)) + "\n" + request.query + "\n";
    for (const std::string& name : split(names, ';')) {
        const auto value = request.headers.find(name);
        if (!value) return std::nullopt;
        out += name + ":" + std::string(trim(*value)) + "\n";
    }
    return out + "\n" + names + "\n" + sha256_hex(request.body);
}

std::optional<HttpReply> bad_signature(const std::string& message) {
    return error_reply(403, "InvalidSignatureException", message);
}

std::optional<HttpReply> check_time(const std::string& date, Timestamp clock) {
    const auto signed_at = parse_amz_date(date);
    if (!signed_at) return error_reply(400, "IncompleteSignature", "Date must be in ISO-8601 'basic format'.");
    if (*signed_at < clock - tolerated_skew) {
        return bad_signature("Signature expired: " + date + " is now earlier than " + amz_date(clock - tolerated_skew) + " (" +
                             amz_date(clock) + " - 5 min.)");
    }
    if (*signed_at > clock + tolerated_skew) {
        return bad_signature("Signature not yet current: " + date + " is still later than " + amz_date(clock + tolerated_skew) + " (" +
                             amz_date(clock) + " + 5 min.)");
    }
    return std::nullopt;
}

std::optional<HttpReply> check_signature(const RawRequest& request, const sandbox::World& world, std::map<std::string, std::string> parts,
                                         Timestamp clock) {
    const std::vector<std::string> credential = split(parts["Credential"], '/');
    const std::string date(request.headers.find("x-amz-date").value_or(""));
    const std::string& names = parts["SignedHeaders"];
    if (credential.size() != 5 || parts["Signature"].empty() || date.empty())
        return error_reply(403, "IncompleteSignature", "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders'.");
    if (credential[0] != scenario_text(world, "access_key_id", sandbox_access_key))
        return error_reply(403, "UnrecognizedClientException", "The security token included in the request is invalid.");
    const std::string region = scenario_text(world, "region", "us-east-1");
    if (credential[1] != date.substr(0, 8) || credential[2] != region || credential[3] != "bedrock" || credential[4] != "aws4_request")
        return bad_signature("Credential should be scoped to a valid region, service and date.");
    const std::string token = scenario_text(world, "session_token", "");
    if (std::string(request.headers.find("x-amz-security-token").value_or("")) != token)
        return error_reply(403, "UnrecognizedClientException", "The security token included in the request is invalid.");
    if (auto refusal = check_time(date, clock)) return refusal;
    const std::string signed_names = ";" + names + ";";
    for (const std::string& name :
         {std::string("host"), std::string("x-amz-date"), token.empty() ? "" : std::string("x-amz-security-token")}) {
        if (!name.empty() && signed_names.find(";" + name + ";") == std::string::npos)
            return bad_signature("'" + name + "' must be a 'SignedHeader' in the AWS Authorization.");
    }
    const auto digest = request.headers.find("x-amz-content-sha256");
    const auto canonical = canonical_of(request, world, names);
    const std::string secret = scenario_text(world, "secret_access_key", sandbox_secret_key);
    const std::string scope = join({credential.begin() + 1, credential.end()}, "/");
    if (!canonical || (digest && *digest != sha256_hex(request.body)) || signature(secret, scope, date, *canonical) != parts["Signature"]) {
        return bad_signature(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing "
            "method. Consult the service documentation for details.");
    }
    return std::nullopt;
}

}  // namespace

std::optional<HttpReply> check_caller(const RawRequest& request, const sandbox::World& world, Timestamp clock) {
    const std::vector<std::string_view> all = request.headers.find_all("authorization");
    if (all.size() != 1) return error_reply(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
    const std::string_view authorization = all.front();
    if (authorization.starts_with(algorithm_words))
        return check_signature(request, world, parts_of(authorization.substr(algorithm_words.size())), clock);
    const std::string expected = scenario_text(world, "api_key", "");
    const bool bearer = authorization.starts_with("Bearer ") && authorization.size() > 7;
    if (bearer && (expected.empty() || authorization.substr(7) == expected)) return std::nullopt;
    return error_reply(403, "AccessDeniedException", "Authentication failed: Please make sure your API Key is valid.");
}

}  // namespace gumshoe::bedrock
