// Datadog's section of the configuration and the roles it makes.
#include "integrations/datadog/datadog.hpp"

#include "alert/credentials.hpp"
#include "integrations/datadog/evidence.hpp"
#include "integrations/datadog/links.hpp"
#include "integrations/datadog/receiver.hpp"
#include "integrations/datadog/sandbox.hpp"

namespace gumshoe {

namespace {

VendorRoles connect_datadog(Section& section, VendorServices services) {
    VendorRoles roles;
    const std::string name = section.text("site", "datadoghq.com");
    auto site = datadog::find_site(name);
    if (!site) section.error("site", "is not a Datadog site: datadoghq.com, us3.datadoghq.com, us5.datadoghq.com, datadoghq.eu, ...");
    if (!site) site = datadog::find_site("datadoghq.com");

    datadog::Account account;
    account.api_url = section.url("api_url", site->api_url);
    account.app_url = site->app_url;
    account.api_key = section.secret("api_key");
    account.application_key = section.secret("application_key");
    if (account.api_key.empty() != account.application_key.empty()) {
        section.error(account.api_key.empty() ? "api_key" : "application_key", "is missing: Datadog wants both keys for reading");
    }
    if (const auto webhook = section.child("webhook")) {
        WebhookCredentials credentials = read_webhook_credentials(*webhook);
        for (Secret& secret : credentials.secrets()) roles.secrets.push_back(std::move(secret));
        roles.receiver = datadog::make_receiver(std::move(credentials), site->app_url);
    }
    if (!account.api_key.empty() && !account.application_key.empty()) {
        roles.secrets.push_back(account.api_key);
        roles.secrets.push_back(account.application_key);
        roles.source = datadog::make_source(std::move(account), services.http, services.clock);
    }
    return roles;
}

}  // namespace

Vendor datadog_vendor() {
    Vendor vendor;
    vendor.name = "datadog";
    vendor.title = "Datadog";
    vendor.connect = connect_datadog;
    vendor.simulation = datadog::make_simulation;
    vendor.environment = {
        {"DD_API_KEY", "api_key", true},
        {"DD_APP_KEY", "application_key", true},
        {"DD_SITE", "site", false},
        {"DD_WEBHOOK_TOKEN", "webhook.token", true},
    };
    return vendor;
}

}  // namespace gumshoe
