// Alertmanager's section of the configuration: a webhook and nothing else.
#include "integrations/alertmanager/alertmanager.hpp"

#include "alert/credentials.hpp"
#include "integrations/alertmanager/receiver.hpp"
#include "integrations/alertmanager/sandbox.hpp"

namespace gumshoe {

namespace {

VendorRoles connect_alertmanager(Section& section, VendorServices) {
    VendorRoles roles;
    const auto webhook = section.child("webhook");
    if (!webhook) {
        section.error("webhook", "is missing: there is nothing else to be had from Alertmanager");
        return roles;
    }
    WebhookCredentials credentials = read_webhook_credentials(*webhook);
    roles.secrets = credentials.secrets();
    roles.receiver = alertmanager::make_receiver(std::move(credentials));
    return roles;
}

}  // namespace

Vendor alertmanager_vendor() {
    Vendor vendor;
    vendor.name = "alertmanager";
    vendor.title = "Alertmanager";
    vendor.connect = connect_alertmanager;
    vendor.simulation = alertmanager::make_simulation;
    vendor.environment = {{"ALERTMANAGER_WEBHOOK_TOKEN", "webhook.token", true}};
    return vendor;
}

}  // namespace gumshoe
