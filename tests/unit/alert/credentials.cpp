// Checking what a webhook's sender shows. Reading the configuration of it is tested in unit/app.
#include "alert/credentials.hpp"

#include <catch2/catch.hpp>

#include "base/digest.hpp"

using namespace gumshoe;

namespace {

const std::string token = "correct-horse-battery";

RawRequest sent(Headers headers) {
    RawRequest request;
    request.method = "POST";
    request.headers = std::move(headers);
    return request;
}

WebhookCredentials bearer() {
    WebhookCredentials credentials;
    credentials.tokens = {Secret("an-older-token-in-rotation"), Secret(token)};
    return credentials;
}

WebhookCredentials basic() {
    WebhookCredentials credentials;
    credentials.basic = WebhookCredentials::Basic{"signoz", Secret("with:colon-and-more")};
    return credentials;
}

WebhookCredentials header() {
    WebhookCredentials credentials;
    credentials.header = WebhookCredentials::Header{"X-Gumshoe-Token", Secret(token)};
    return credentials;
}

std::string basic_of(std::string_view pair) {
    return "Basic " + base64_encode(pair);
}

}  // namespace

TEST_CASE("The right credentials are accepted") {
    CHECK(check(bearer(), sent({{"Authorization", "Bearer " + token}})).has_value());
    CHECK(check(bearer(), sent({{"authorization", "bearer  " + token + " "}})).has_value());
    CHECK(check(bearer(), sent({{"Authorization", "Bearer an-older-token-in-rotation"}})).has_value());
    CHECK(check(basic(), sent({{"Authorization", basic_of("signoz:with:colon-and-more")}})).has_value());
    CHECK(check(header(), sent({{"x-gumshoe-token", token}})).has_value());
}

TEST_CASE("Anything else is unauthorized, and the reason holds nothing the caller sent") {
    struct Case {
        WebhookCredentials credentials;
        Headers headers;
        std::string reason;
    };
    const std::vector<Case> cases{
        {{}, {{"Authorization", "Bearer " + token}}, "no credentials are configured for this webhook"},
        {bearer(), {}, "no Authorization header"},
        {bearer(), {{"Authorization", "Bearer "}}, "the Authorization header is not of the scheme Bearer"},
        {bearer(), {{"Authorization", "Bearer CANARY"}}, "the bearer token is not the configured one"},
        {bearer(), {{"Authorization", "Bearer " + token + "CANARY"}}, "the bearer token is not the configured one"},
        {bearer(), {{"Authorization", "Bearer correct-horse-batter"}}, "the bearer token is not the configured one"},
        {bearer(), {{"Authorization", token}}, "the Authorization header is not of the scheme Bearer"},
        {bearer(), {{"Authorization", basic_of("signoz:" + token)}}, "the Authorization header is not of the scheme Bearer"},
        {bearer(), {{"Authorization", "Bearer " + token}, {"Authorization", "Bearer CANARY"}}, "more than one Authorization header"},
        {basic(), {{"Authorization", "Basic CANARY!"}}, "the Basic credentials are not base64"},
        {basic(), {{"Authorization", basic_of("CANARY:with:colon-and-more")}}, "user or password is not the configured one"},
        {basic(), {{"Authorization", basic_of("signoz:")}}, "user or password is not the configured one"},
        {basic(), {{"Authorization", basic_of("signoz")}}, "user or password is not the configured one"},
        {header(), {}, "no X-Gumshoe-Token header"},
        {header(), {{"X-Gumshoe-Token", ""}}, "the X-Gumshoe-Token header is not the configured one"},
        {header(), {{"X-Gumshoe-Token", "CANARY"}}, "the X-Gumshoe-Token header is not the configured one"},
    };
    for (const Case& c : cases) {
        auto outcome = check(c.credentials, sent(c.headers));
        CAPTURE(c.reason);
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().code == errc::unauthorized);
        CHECK(outcome.error().message == c.reason);
        CHECK(outcome.error().message.find("CANARY") == std::string::npos);
    }
}

TEST_CASE("A credential that resolved to nothing admits nobody") {
    WebhookCredentials empty_password;
    empty_password.basic = WebhookCredentials::Basic{"signoz", Secret()};
    CHECK(check(empty_password, sent({{"Authorization", basic_of("signoz:")}})).has_error());
    WebhookCredentials empty_header;
    empty_header.header = WebhookCredentials::Header{"X-Token", Secret()};
    CHECK(check(empty_header, sent({{"X-Token", ""}})).has_error());
    WebhookCredentials empty_token;
    empty_token.tokens = {Secret()};
    CHECK(check(empty_token, sent({{"Authorization", "Bearer x"}})).has_error());
}

TEST_CASE("All secrets are handed over for redaction") {
    CHECK(bearer().secrets().size() == 2);
    CHECK(basic().secrets().front().reveal() == "with:colon-and-more");
    CHECK(header().secrets().front().reveal() == token);
}
