// AWS Signature Version 4 over a request as it will stand on the wire.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "io/http_message.hpp"

namespace gumshoe::bedrock {

struct AwsKeys {
    std::string access_key_id;
    Secret secret_access_key;
    Secret session_token;  // empty for long-lived keys
};

/// Names in lower case; signed in the order of their names.
using SignedHeaders = std::vector<std::pair<std::string, std::string>>;

/// `path` and `query` as on the wire. Every service but S3 has the path encoded once more: "%3A" on the wire is "%253A" here.
std::string canonical_request(std::string_view method, std::string_view path, std::string_view query, SignedHeaders headers,
                              std::string_view payload_sha256);
/// Lower-case hex. `scope` is "20150830/us-east-1/service/aws4_request".
std::string signature(std::string_view secret, std::string_view scope, std::string_view amz_date, std::string_view canonical);

/// "20150830T123600Z"
std::string amz_date(Timestamp now);
std::optional<Timestamp> parse_amz_date(std::string_view text);

/// Adds x-amz-date, x-amz-content-sha256, x-amz-security-token where there is one, and Authorization. The body must be final.
void sign_v4(HttpRequest& request, const AwsKeys& keys, std::string_view region, std::string_view service, Timestamp now);

}  // namespace gumshoe::bedrock
