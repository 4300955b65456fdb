// New Relic's webhook: workflows with their default template, our recommended one and whatever users make of them, and the legacy
// notification channel.
#pragma once

#include <memory>

#include "alert/credentials.hpp"
#include "alert/receiver.hpp"

namespace gumshoe::newrelic {

/// Errors: parse.
result<ParsedDelivery> parse_webhook(const RawRequest& request, Timestamp now);

std::unique_ptr<Receiver> make_receiver(WebhookCredentials credentials);

/// What the body of "Send test notification" always holds.
inline constexpr const char* test_issue = "d1b1f3fd-995a-4066-88ab-8ce4f6960654";
inline constexpr const char* test_issue_path = "/accounts/1/issues/0ea2df1c-adab-45d2-aae0-042b609d2322";

}  // namespace gumshoe::newrelic
