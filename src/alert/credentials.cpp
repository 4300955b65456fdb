// Reading and checking of webhook credentials.
#include "alert/credentials.hpp"

#include <algorithm>
#include <cctype>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace gumshoe {

namespace {

// A section has already complained of a secret it could not resolve, and yields it empty.
void refuse_short(Section& section, std::string_view key, const Secret& secret) {
    if (secret.empty() || secret.reveal().size() >= webhook_secret_bytes) return;
    section.error(key, "a webhook secret must have at least " + std::to_string(webhook_secret_bytes) + " bytes");
}

Secret required_secret(Section& section, std::string_view key) {
    if (!section.has(key)) section.error(key, "is missing");
    Secret secret = section.secret(key);
    refuse_short(section, key, secret);
    return secret;
}

std::vector<Secret> required_secrets(Section& section, std::string_view key) {
    std::vector<Secret> secrets = section.secrets(key);
    if (secrets.empty()) section.error(key, "holds no secret: every delivery would be refused");
    for (const Secret& secret : secrets) refuse_short(section, key, secret);
    return secrets;
}

bool field_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return c < 0x80 && (std::isalnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos);
    });
}

Error refused(std::string why) {
    return Error{errc::unauthorized, std::move(why)};
}

// The one field of that name. Two are refused: a proxy and we might believe different ones.
result<std::string_view> only_field(const RawRequest& request, const std::string& name) {
    auto fields = request.headers.find_all(name);
    if (fields.empty()) return refused("no " + name + " header");
    if (fields.size() > 1) return refused("more than one " + name + " header");
    return trim(fields.front());
}

result<std::string_view> authorization(const RawRequest& request, std::string_view scheme) {
    auto field = only_field(request, "Authorization");
    if (!field) return field;
    std::size_t space = field->find(' ');
    if (space == field->npos || !iequals(field->substr(0, space), scheme)) {
        return refused("the Authorization header is not of the scheme " + std::string(scheme));
    }
    return trim(field->substr(space));
}

result<void> check_tokens(const std::vector<Secret>& tokens, const RawRequest& request) {
    auto shown = authorization(request, "Bearer");
    if (!shown) return shown.error();
    bool known = false;
    for (const Secret& token : tokens) known |= matches(token, *shown);
    if (!known) return refused("the bearer token is not the configured one");
    return {};
}

result<void> check_basic(const WebhookCredentials::Basic& basic, const RawRequest& request) {
    auto shown = authorization(request, "Basic");
    if (!shown) return shown.error();
    auto pair = base64_decode(*shown);
    if (!pair) return refused("the Basic credentials are not base64");
    if (basic.password.empty()) return refused("no password is configured");
    Secret expected(basic.user + ":" + std::string(basic.password.reveal()));
    if (!matches(expected, *pair)) return refused("user or password is not the configured one");
    return {};
}

result<void> check_header(const WebhookCredentials::Header& header, const RawRequest& request) {
    auto shown = only_field(request, header.name);
    if (!shown) return shown.error();
    if (!matches(header.value, *shown)) return refused("the " + header.name + " header is not the configured one");
    return {};
}

}  // namespace

std::vector<Secret> WebhookCredentials::secrets() const {
    std::vector<Secret> all = tokens;
    if (basic) all.push_back(basic->password);
    if (header) all.push_back(header->value);
    return all;
}

WebhookCredentials read_webhook_credentials(Section& webhook) {
    WebhookCredentials credentials;
    int forms = 0;
    if (webhook.has("token")) {
        ++forms;
        credentials.tokens = required_secrets(webhook, "token");
    }
    if (auto basic = webhook.child("basic")) {
        ++forms;
        std::string user = basic->required_text("user");
        if (user.find(':') != user.npos) basic->error("user", "must not contain ':'");
        credentials.basic = WebhookCredentials::Basic{std::move(user), required_secret(*basic, "password")};
    }
    if (auto header = webhook.child("header")) {
        ++forms;
        std::string name = header->required_text("name");
        if (!name.empty() && !field_name(name)) header->error("name", "is not the name of an HTTP header");
        credentials.header = WebhookCredentials::Header{std::move(name), required_secret(*header, "value")};
    }
    if (forms == 0) webhook.error("", "holds no credentials: expected token, basic or header");
    if (forms > 1) webhook.error("", "holds several credentials: expected one of token, basic and header");
    return credentials;
}

std::vector<Secret> read_signing_secrets(Section& webhook) {
    return required_secrets(webhook, "secrets");
}

result<void> check(const WebhookCredentials& credentials, const RawRequest& request) {
    if (!credentials.tokens.empty()) return check_tokens(credentials.tokens, request);
    if (credentials.basic) return check_basic(*credentials.basic, request);
    if (credentials.header) return check_header(*credentials.header, request);
    return refused("no credentials are configured for this webhook");
}

}  // namespace gumshoe
