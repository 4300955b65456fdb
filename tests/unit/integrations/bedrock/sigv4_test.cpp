// Signature Version 4 against the vectors that AWS published with its test suite, and the paths that models bring.
#include "integrations/bedrock/sigv4.hpp"

#include <catch2/catch.hpp>

#include "base/digest.hpp"

namespace sigv4_test {

using namespace gumshoe;
using namespace gumshoe::bedrock;

namespace {

constexpr const char* secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr const char* scope = "20150830/us-east-1/service/aws4_request";
constexpr const char* date = "20150830T123600Z";

struct Vector {
    const char* name;
    const char* method;
    const char* path;
    const char* query;
    SignedHeaders headers;
    const char* payload;
    const char* expected;
};

const SignedHeaders plain{{"host", "example.amazonaws.com"}, {"x-amz-date", date}};

const Vector vectors[] = {
    {"get-vanilla", "GET", "/", "", plain, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-query-order-key-case", "GET", "/", "Param2=value2&Param1=value1", plain, "",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-utf8", "GET", "/\xE1\x88\xB4", "", plain, "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-unreserved", "GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "", plain, "",
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"post-vanilla", "POST", "/", "", plain, "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     "",
     {{"content-type", "application/x-www-form-urlencoded"}, {"host", "example.amazonaws.com"}, {"x-amz-date", date}},
     "Param1=value1",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
};

}  // namespace

TEST_CASE("T-63: AWS's published vectors sign as published") {
    for (const Vector& v : vectors) {
        INFO(v.name);
        const std::string canonical = canonical_request(v.method, v.path, v.query, v.headers, sha256_hex(v.payload));
        CHECK(signature(secret, scope, date, canonical) == v.expected);
    }
}

TEST_CASE("a value's outer spaces go, and inner runs of them count as one") {
    const SignedHeaders spaced{{"host", "h"}, {"my-header1", "  a   b   c  "}};
    CHECK(canonical_request("GET", "/", "", spaced, "x").find("my-header1:a b c\n") != std::string::npos);
}

TEST_CASE("T-63: a model's id stands encoded on the wire and encoded once more in the signature") {
    const std::string canonical = canonical_request("POST", "/model/anthropic.claude-v2%3A1/converse", "", {{"host", "h"}}, "x");
    CHECK(canonical.find("/model/anthropic.claude-v2%253A1/converse\n") != std::string::npos);
    const std::string arn =
        canonical_request("POST", "/model/arn%3Aaws%3Abedrock%3A%3A%3Ainference-profile%2Fx/converse", "", {{"host", "h"}}, "x");
    CHECK(arn.find("%253Ainference-profile%252Fx/converse\n") != std::string::npos);
}

TEST_CASE("a signed request has its date, its digest, its token, and one Authorization") {
    HttpRequest request;
    request.method = "POST";
    request.url = "https://bedrock-runtime.eu-central-1.amazonaws.com/model/m/converse";
    request.body = "{}";
    const Timestamp now = from_millis(1440938160000);  // 2015-08-30T12:36:00Z
    sign_v4(request, {"AKIDEXAMPLE", Secret(secret), Secret("lent-token")}, "eu-central-1", "bedrock", now);
    CHECK(request.headers.find("x-amz-date") == date);
    CHECK(request.headers.find("x-amz-content-sha256") == sha256_hex("{}"));
    CHECK(request.headers.find("x-amz-security-token") == "lent-token");
    CHECK_FALSE(request.headers.find("host"));
    const std::string authorization(request.headers.find("authorization").value());
    CHECK(
        authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/bedrock/aws4_request, "
                                  "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature="));
    CHECK(authorization.find(secret) == std::string::npos);

    HttpRequest later = request;
    later.headers = {};
    sign_v4(later, {"AKIDEXAMPLE", Secret(secret), Secret("lent-token")}, "eu-central-1", "bedrock", now + std::chrono::minutes(1));
    CHECK(later.headers.find("authorization") != authorization);
}

TEST_CASE("T-63: requests for models with a colon and for ARNs are signed as AWS's own client signs them") {
    const Timestamp now = from_millis(1440938160000);
    const auto signed_as = [&](const char* url, const char* token, const char* region) {
        HttpRequest request;
        request.method = "POST";
        request.url = url;
        request.body = "{}";
        sign_v4(request, {"AKIDEXAMPLE", Secret(secret), Secret(token)}, region, "bedrock", now);
        const std::string authorization(request.headers.find("authorization").value());
        return authorization.substr(authorization.size() - 64);
    };
    CHECK(signed_as("https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-v2%3A1/converse", "", "us-east-1") ==
          "018d4580ee9ade0e0f9dd9724362c53393cdaeb02c07c3a70c2024da6009de13");
    CHECK(signed_as("https://bedrock-runtime.eu-central-1.amazonaws.com/model/"
                    "arn%3Aaws%3Abedrock%3Aeu-central-1%3A111122223333%3Aapplication-inference-profile%2Fa1b2c3/converse-stream",
                    "lent-token", "eu-central-1") == "07d2c5f258a3803073fac9cdab579572bddeecaa9f0065ba6269df8f685bf64d");
}

TEST_CASE("a date is read as it is written") {
    const Timestamp now = from_millis(1440938160000);
    CHECK(parse_amz_date(amz_date(now)) == now);
    for (const char* text : {"", "20150830T123600", "2015-08-30T12:36:00Z", "20150830T126000Z"}) CHECK_FALSE(parse_amz_date(text));
}

}  // namespace sigv4_test
