// What the sender of a webhook must show to be believed: the `webhook` map of a vendor's section, one form for all vendors.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/section.hpp"
#include "io/http_message.hpp"

namespace gumshoe {

inline constexpr std::size_t webhook_secret_bytes = 16;  // shorter ones are refused

/// One of the three is set; none in a section with problems.
struct WebhookCredentials {
    struct Basic {
        std::string user;
        Secret password;
    };
    struct Header {
        std::string name;
        Secret value;
    };
    std::vector<Secret> tokens;  // Authorization: Bearer; several during rotation
    std::optional<Basic> basic;
    std::optional<Header> header;

    /// All secret values, for redaction.
    std::vector<Secret> secrets() const;
};

/// Reads {token: ..} | {basic: {user, password}} | {header: {name, value}}. None, several, or a short secret is recorded as an error.
WebhookCredentials read_webhook_credentials(Section& webhook);

/// Reads {secrets: [..]}: the keys of a vendor that signs its deliveries. None or a short one is recorded as an error.
std::vector<Secret> read_signing_secrets(Section& webhook);

/// Constant time in the secret, and fails closed: no credentials configured, a field sent twice or a wrong scheme is `unauthorized`.
/// The message is for the webhook doctor and holds nothing the caller sent.
result<void> check(const WebhookCredentials& credentials, const RawRequest& request);

}  // namespace gumshoe
