// New Relic's section of the configuration and the roles it makes.
#include "integrations/newrelic/newrelic.hpp"

#include "alert/credentials.hpp"
#include "integrations/newrelic/evidence.hpp"
#include "integrations/newrelic/links.hpp"
#include "integrations/newrelic/receiver.hpp"
#include "integrations/newrelic/sandbox.hpp"

namespace gumshoe {

namespace {

VendorRoles connect_newrelic(Section& section, VendorServices services) {
    VendorRoles roles;
    newrelic::Account account;
    account.region = newrelic::region_of(section.one_of("region", {"us", "eu"}, "us"));
    account.api_url = section.url("api_url", account.region.api_url);
    account.id = section.integer("account_id", 0, 1, 2'147'483'647);
    account.user_key = section.secret("user_key");
    if (section.has("account_id") != section.has("user_key")) {
        section.error(section.has("user_key") ? "account_id" : "user_key", "is missing: reading needs both the account and a user key");
    }
    if (const auto webhook = section.child("webhook")) {
        WebhookCredentials credentials = read_webhook_credentials(*webhook);
        for (Secret& secret : credentials.secrets()) roles.secrets.push_back(std::move(secret));
        roles.receiver = newrelic::make_receiver(std::move(credentials));
    }
    if (account.id != 0 && !account.user_key.empty()) {
        roles.secrets.push_back(account.user_key);
        roles.source = newrelic::make_source(std::move(account), services.http, services.clock);
    }
    return roles;
}

}  // namespace

Vendor newrelic_vendor() {
    Vendor vendor;
    vendor.name = "newrelic";
    vendor.title = "New Relic";
    vendor.connect = connect_newrelic;
    vendor.simulation = newrelic::make_simulation;
    vendor.environment = {
        {"NEW_RELIC_USER_KEY", "user_key", true},
        {"NEW_RELIC_ACCOUNT_ID", "account_id", false},
        {"NEW_RELIC_REGION", "region", false},
        {"NR_WEBHOOK_TOKEN", "webhook.token", true},
    };
    return vendor;
}

}  // namespace gumshoe
