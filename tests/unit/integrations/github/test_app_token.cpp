// An app's credentials: the signed JWT, and the installation token that is kept while it lasts.
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <catch2/catch.hpp>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "integrations/github/app_token.hpp"
#include "tests/unit/integrations/github/simulated.hpp"

namespace test_app_token {

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

struct Key {
    EVP_PKEY* key = EVP_RSA_gen(2048);
    ~Key() { EVP_PKEY_free(key); }

    std::string pem() const {
        BIO* bio = BIO_new(BIO_s_mem());
        PEM_write_bio_PrivateKey_traditional(bio, key, nullptr, nullptr, 0, nullptr,
                                             nullptr);  // "BEGIN RSA PRIVATE KEY", as GitHub gives it
        char* data = nullptr;
        const auto size = BIO_get_mem_data(bio, &data);
        std::string text(data, static_cast<std::size_t>(size));
        BIO_free(bio);
        return text;
    }
    bool signed_by(const std::string& text, const std::string& signature) const {
        EVP_MD_CTX* context = EVP_MD_CTX_new();
        EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key);
        const int ok = EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                                        reinterpret_cast<const unsigned char*>(text.data()), text.size());
        EVP_MD_CTX_free(context);
        return ok == 1;
    }
};

std::string from_base64_url(std::string text) {
    text = replace_all(replace_all(std::move(text), "-", "+"), "_", "/");
    text.append((4 - text.size() % 4) % 4, '=');
    return base64_decode(text).value();
}

}  // namespace

TEST_CASE("the JWT names the app, lasts nine minutes and is signed with its key") {
    const Key key;
    const auto now = parse_rfc3339("2026-08-01T10:00:00Z").value();
    const auto jwt = github::app_jwt({"Iv1.abc", 2, Secret(key.pem())}, now).value();
    const auto parts = split(jwt, '.');
    REQUIRE(parts.size() == 3);
    CHECK(jwt.find_first_of("+/=") == std::string::npos);
    CHECK(from_base64_url(parts[0]) == R"({"alg":"RS256","typ":"JWT"})");
    const auto claims = json::parse(from_base64_url(parts[1]));
    CHECK(claims == json{{"iss", "Iv1.abc"}, {"iat", to_seconds(now) - 60}, {"exp", to_seconds(now) + 540}});
    CHECK(key.signed_by(parts[0] + "." + parts[1], from_base64_url(parts[2])));
    CHECK_FALSE(key.signed_by(parts[0] + "." + parts[1] + "x", from_base64_url(parts[2])));
}

TEST_CASE("a key that is none is refused without showing it") {
    for (const auto* bad : {"", "secret-not-pem", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"}) {
        const auto jwt = github::app_jwt({"1", 2, Secret(bad)}, Timestamp{});
        CHECK(jwt.error().code == errc::invalid_argument);
        CHECK(jwt.error().message == "the app's private_key is not an unencrypted RSA key in PEM");
    }
}

TEST_CASE("an installation's token is fetched once and renewed five minutes before its end") {
    const Key key;
    Simulated github;
    auto loop = make_event_loop(github.clock);
    const auto credentials = github::app_credentials({"12", 34, Secret(key.pem())}, github.api, github.http, github.clock);
    const auto token = [&] { return run(*loop, credentials->token(Deadline::after(github.clock, seconds(5)))); };
    CHECK(token().value().reveal() == "ghs_sandbox");
    CHECK(token().value().reveal() == "ghs_sandbox");
    CHECK(github.http.requests.size() == 1);
    CHECK(github.http.requests[0].method == "POST");
    CHECK(github.http.requests[0].url == github.api + "/app/installations/34/access_tokens");

    github.clock.advance(std::chrono::minutes(54));
    CHECK(token().has_value());
    CHECK(github.http.requests.size() == 1);
    github.clock.advance(std::chrono::minutes(2));
    github.world.now = github.clock.now();
    CHECK(token().has_value());
    CHECK(github.http.requests.size() == 2);
}

TEST_CASE("GitHub's refusal of the app says which app and installation") {
    const Key key;
    Simulated github;
    auto loop = make_event_loop(github.clock);
    const auto credentials = github::app_credentials({"12", 34, Secret(key.pem())}, github.api, github.http, github.clock);
    github.http.push(404, R"({"message":"Not Found"})");
    const auto token = run(*loop, credentials->token(Deadline::after(github.clock, seconds(5))));
    CHECK(token.error().message == "GitHub does not have app 12, installation 34, or the token may not see it");
}

}  // namespace test_app_token
