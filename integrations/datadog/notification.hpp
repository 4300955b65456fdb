// The parts of a Datadog notification that are text made for people: the title's brackets and the Markdown body.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.hpp"

namespace gumshoe::datadog {

/// "[P2] [Triggered on {service:checkout,env:prod}] Name" taken apart; what is absent is "".
struct Title {
    std::string priority;    // "P2"
    std::string transition;  // "Triggered", as written
    std::string scope;       // "service:checkout,env:prod"
    std::string name;        // the rest; brackets that are none of the above belong to it
    bool test = false;       // "[TEST]": sent from the monitor's editor
};
Title parse_title(std::string_view title);

/// What a transition means for us.
struct Transition {
    AlertStatus status = AlertStatus::firing;
    Notification notification = Notification::trigger;
    bool warn = false;
    bool known = false;
};
Transition read_transition(std::string_view word);

/// The body as plain text: no %%%, entities, images, link targets, notification handles or invisible characters; cut to its limit.
std::string clean_body(std::string_view markdown);

/// All https links on Datadog's hosts in a body, in order.
std::vector<std::string> vendor_links(std::string_view body);

}  // namespace gumshoe::datadog
