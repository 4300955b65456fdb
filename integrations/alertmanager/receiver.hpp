// Prometheus Alertmanager's webhook, and Grafana's.
#pragma once

#include <memory>

#include "alert/credentials.hpp"
#include "alert/receiver.hpp"

namespace gumshoe::alertmanager {

/// Errors: parse.
result<ParsedDelivery> parse_webhook(const RawRequest& request, Timestamp now);

std::unique_ptr<Receiver> make_receiver(WebhookCredentials credentials);

}  // namespace gumshoe::alertmanager
