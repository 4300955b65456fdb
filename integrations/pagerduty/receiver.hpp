// PagerDuty's V3 webhooks: signed bytes, one event each, to alerts.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "alert/receiver.hpp"
#include "base/secret.hpp"

namespace gumshoe::pagerduty {

/// Any of the signatures of the header by any of the secrets. Errors: unauthorized.
result<void> check_signature(const std::vector<Secret>& secrets, const RawRequest& request);

/// Errors: parse.
result<ParsedDelivery> parse_webhook(std::string_view body, Timestamp now);

std::unique_ptr<Receiver> make_receiver(std::vector<Secret> secrets);

}  // namespace gumshoe::pagerduty
