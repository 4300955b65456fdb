// SigNoz' webhook channel: the body of the Alertmanager inside it, with SigNoz' own labels.
#pragma once

#include <memory>

#include "alert/credentials.hpp"
#include "alert/receiver.hpp"

namespace gumshoe::signoz {

/// Errors: parse.
result<ParsedDelivery> parse_webhook(const RawRequest& request, Timestamp now);

std::unique_ptr<Receiver> make_receiver(WebhookCredentials credentials);

}  // namespace gumshoe::signoz
