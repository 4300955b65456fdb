// Who we are to GitHub: a fixed token, or an app's installation whose token we renew.
#pragma once

#include <memory>
#include <string>

#include "base/secret.hpp"
#include "io/http_client.hpp"

namespace gumshoe::github {

class Credentials {
public:
    virtual ~Credentials() = default;
    virtual task<Secret> token(Deadline deadline) = 0;
    virtual std::string who() const = 0;  // "a token", "app 12, installation 34"
};

struct App {
    std::string id;  // client id or app id
    std::int64_t installation = 0;
    Secret private_key;  // PEM
};

std::unique_ptr<Credentials> token_credentials(Secret token);
/// Keeps the installation's token until five minutes before it expires.
std::unique_ptr<Credentials> app_credentials(App app, std::string api_url, HttpClient& http, Clock& clock);

/// The app's own proof: an RS256 JWT from a minute ago until nine minutes ahead. Errors: invalid_argument (the key is no RSA PEM).
result<std::string> app_jwt(const App& app, Timestamp now);

}  // namespace gumshoe::github
