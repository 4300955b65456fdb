// A GitHub app's credentials: the signed JWT and the installation token it is exchanged for.
#include "integrations/github/app_token.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "integrations/github/codec.hpp"

namespace gumshoe::github {
namespace {

constexpr auto renew_before = std::chrono::minutes(5);

template <auto free>
struct Freed {
    template <class T>
    void operator()(T* thing) const {
        free(thing);
    }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;

std::string base64_url(std::string_view bytes) {
    auto text = replace_all(replace_all(base64_encode(bytes), "+", "-"), "/", "_");
    while (text.ends_with('=')) text.pop_back();
    return text;
}

result<std::string> sign_rs256(std::string_view pem, std::string_view text) {
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    // An encrypted key must not make OpenSSL ask at a terminal.
    const auto no_passphrase = [](char*, int, int, void*) { return -1; };
    const Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
    if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
        return Error{errc::invalid_argument, "the app's private_key is not an unencrypted RSA key in PEM"};
    }
    const DigestContext context(EVP_MD_CTX_new());
    if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1) {
        return Error{errc::internal, "libcrypto cannot sign with SHA-256"};
    }
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key.get()));
    std::string signature(size, '\0');
    auto* out = reinterpret_cast<unsigned char*>(signature.data());
    if (EVP_DigestSign(context.get(), out, &size, bytes, text.size()) != 1) return Error{errc::internal, "libcrypto did not sign"};
    signature.resize(size);
    return signature;
}

class TokenCredentials final : public Credentials {
public:
    explicit TokenCredentials(Secret token) : token_(std::move(token)) {}
    task<Secret> token(Deadline) override { co_return token_; }
    std::string who() const override { return "a token"; }

private:
    Secret token_;
};

class AppCredentials final : public Credentials {
public:
    AppCredentials(App app, std::string api_url, HttpClient& http, Clock& clock)
        : app_(std::move(app)), api_url_(std::move(api_url)), http_(http), clock_(clock) {}

    task<Secret> token(Deadline deadline) override {
        if (!token_.empty() && clock_.now() + renew_before < expires_at_) co_return token_;
        auto jwt = app_jwt(app_, clock_.now());
        if (!jwt) co_return jwt.error();
        auto request = installation_token_request(api_url_, app_.installation);
        request.headers.add("Authorization", "Bearer " + *jwt);
        auto response = co_await http_.send(std::move(request), deadline);
        if (!response) co_return in_context("GitHub app", response.error());
        const auto refused = refusal(*response, who(), clock_.now());
        if (refused) co_return refused->error;
        const auto body = parse_json(response->body);
        if (!body)
            co_return Error{errc::bad_reply, "GitHub answered the request for an installation token with something that is not JSON"};
        auto issued = read_installation_token(*body);
        if (!issued) co_return issued.error();
        token_ = Secret(std::move(issued->token));
        expires_at_ = issued->expires_at;
        co_return token_;
    }

    std::string who() const override { return "app " + app_.id + ", installation " + std::to_string(app_.installation); }

private:
    App app_;
    std::string api_url_;
    HttpClient& http_;
    Clock& clock_;
    Secret token_;
    Timestamp expires_at_{};
};

}  // namespace

result<std::string> app_jwt(const App& app, Timestamp now) {
    const json claims{{"iat", to_seconds(now) - 60}, {"exp", to_seconds(now) + 540}, {"iss", app.id}};
    const auto text = base64_url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64_url(dump_json(claims));
    auto signature = sign_rs256(app.private_key.reveal(), text);
    if (!signature) return signature.error();
    return text + "." + base64_url(*signature);
}

std::unique_ptr<Credentials> token_credentials(Secret token) {
    return std::make_unique<TokenCredentials>(std::move(token));
}

std::unique_ptr<Credentials> app_credentials(App app, std::string api_url, HttpClient& http, Clock& clock) {
    return std::make_unique<AppCredentials>(std::move(app), std::move(api_url), http, clock);
}

}  // namespace gumshoe::github
