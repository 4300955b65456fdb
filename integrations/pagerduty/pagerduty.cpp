// PagerDuty's section of the configuration and the roles it makes.
#include "integrations/pagerduty/pagerduty.hpp"

#include <algorithm>

#include "alert/credentials.hpp"
#include "integrations/pagerduty/annotator.hpp"
#include "integrations/pagerduty/evidence.hpp"
#include "integrations/pagerduty/receiver.hpp"
#include "integrations/pagerduty/sandbox.hpp"

namespace gumshoe {
namespace {

/// It goes into a header field: one address, plain ASCII without spaces.
bool is_address(std::string_view text) {
    const auto at = text.find('@');
    const bool around = at != text.npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == text.npos;
    return around && text.size() <= 254 && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

/// Whether findings are written back, with all that PagerDuty wants for it.
bool read_notes(Section& section, const pagerduty::Account& account) {
    const bool notes = section.flag("notes", false);
    if (!account.from.empty() && !is_address(account.from)) section.error("from", "is the e-mail address of a PagerDuty user");
    if (!notes) return false;
    if (account.from.empty()) section.error("from", "is needed for notes: the e-mail address of the PagerDuty user who writes them");
    if (account.token.empty()) section.error("api_token", "is needed for notes: an API key with write access");
    return is_address(account.from) && !account.token.empty();
}

VendorRoles connect_pagerduty(Section& section, VendorServices services) {
    VendorRoles roles;
    const std::string region = section.one_of("region", {"us", "eu"}, "us");
    pagerduty::Account account;
    account.api_url = section.url("api_url", region == "eu" ? "https://api.eu.pagerduty.com" : "https://api.pagerduty.com");
    account.token = section.secret("api_token");
    account.from = section.text("from");
    const bool notes = read_notes(section, account);
    if (const auto webhook = section.child("webhook")) {
        std::vector<Secret> secrets = read_signing_secrets(*webhook);
        roles.secrets = secrets;
        roles.receiver = pagerduty::make_receiver(std::move(secrets));
    }
    if (account.token.empty()) return roles;
    roles.secrets.push_back(account.token);
    if (services.http == nullptr || services.clock == nullptr) return roles;
    if (notes) roles.annotator = pagerduty::make_annotator(account, *services.http, *services.clock);
    account.from = notes ? account.from : std::string();
    roles.source = pagerduty::make_source(std::move(account), *services.http, *services.clock);
    return roles;
}

}  // namespace

Vendor pagerduty_vendor() {
    Vendor vendor;
    vendor.name = "pagerduty";
    vendor.title = "PagerDuty";
    vendor.connect = connect_pagerduty;
    vendor.simulation = pagerduty::make_simulation;
    vendor.environment = {
        {"PAGERDUTY_TOKEN", "api_token", true},
        {"PAGERDUTY_FROM", "from", false},
        {"PAGERDUTY_NOTES", "notes", false},
        {"PAGERDUTY_REGION", "region", false},
        {"PAGERDUTY_WEBHOOK_SECRET", "webhook.secrets", true},
    };
    return vendor;
}

}  // namespace gumshoe
