// Slack as the place of the anchor message.
#pragma once

#include <memory>

#include "base/secret.hpp"
#include "delivery/channel.hpp"
#include "io/http_client.hpp"

namespace gumshoe::slack {

std::unique_ptr<Channel> make_channel(HttpClient& http, Secret bot_token, std::string api_url);

/// What an answer to chat.postMessage or chat.update says has happened. Pure.
PostOutcome classify(const result<HttpResponse>& response);

}  // namespace gumshoe::slack
