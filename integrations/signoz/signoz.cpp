// SigNoz' section of the configuration and the roles it makes.
#include "integrations/signoz/signoz.hpp"

#include "alert/credentials.hpp"
#include "integrations/signoz/evidence.hpp"
#include "integrations/signoz/receiver.hpp"
#include "integrations/signoz/sandbox.hpp"

namespace gumshoe {

namespace {

VendorRoles connect_signoz(Section& section, VendorServices services) {
    VendorRoles roles;
    signoz::Account account;
    account.api_url = section.url("api_url");
    account.api_key = section.secret("api_key");
    if (account.api_url.empty() != account.api_key.empty()) {
        section.error(account.api_url.empty() ? "api_url" : "api_key", "is missing: SigNoz is read with its address and a key");
    }
    if (!account.api_url.empty() && !account.api_key.empty()) {
        roles.secrets.push_back(account.api_key);
        roles.source = signoz::make_source(std::move(account), services.http, services.clock);
    }
    if (const auto webhook = section.child("webhook")) {
        WebhookCredentials credentials = read_webhook_credentials(*webhook);
        for (Secret& secret : credentials.secrets()) roles.secrets.push_back(std::move(secret));
        roles.receiver = signoz::make_receiver(std::move(credentials));
    }
    return roles;
}

}  // namespace

Vendor signoz_vendor() {
    Vendor vendor;
    vendor.name = "signoz";
    vendor.title = "SigNoz";
    vendor.connect = connect_signoz;
    vendor.simulation = signoz::make_simulation;
    vendor.environment = {
        {"SIGNOZ_API_URL", "api_url", false},
        {"SIGNOZ_API_KEY", "api_key", true},
        {"SIGNOZ_WEBHOOK_TOKEN", "webhook.token", true},
    };
    return vendor;
}

}  // namespace gumshoe
