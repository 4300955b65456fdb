// Datadog's outbound webhook: our recommended template, Datadog's default one and whatever lies between, as JSON or as a form.
#pragma once

#include <memory>
#include <string>

#include "alert/credentials.hpp"
#include "alert/receiver.hpp"

namespace gumshoe::datadog {

/// `app_url` is where links go when the delivery does not tell its site. Errors: parse.
result<ParsedDelivery> parse_webhook(const RawRequest& request, const std::string& app_url, Timestamp now);

std::unique_ptr<Receiver> make_receiver(WebhookCredentials credentials, std::string app_url);

}  // namespace gumshoe::datadog
