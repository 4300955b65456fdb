// SigNoz' section of the configuration and the roles it makes.
#include "integrations/signoz/signoz.hpp"

#include "alert/credentials.hpp"
#include "integrations/signoz/receiver.hpp"

namespace gumshoe {

namespace {

VendorRoles connect_signoz(Section& section, VendorServices) {
    VendorRoles roles;
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
    vendor.connect = connect_signoz;
    vendor.environment = {
        {"SIGNOZ_WEBHOOK_TOKEN", "webhook.token", true},
    };
    return vendor;
}

}  // namespace gumshoe
