// What each endpoint of the simulated PagerDuty answers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "integrations/pagerduty/sandbox_objects.hpp"

namespace gumshoe::pagerduty::answers {

using Parameters = std::multimap<std::string, std::string>;

/// One request of an endpoint, its parameters known to be allowed there.
struct Call {
    const RawRequest& request;
    const sandbox::World& world;
    Objects objects;
    Parameters parameters;
    std::string argument;  // what stood for * in the path
    std::vector<PostedNote>& posted;

    std::string parameter(const std::string& name) const;
    bool includes(const std::string& what) const;
    /// The argument names the incident, by id or by number.
    bool of_incident() const;
};

HttpReply refuse(int status, int code, const std::string& message, const std::string& detail = {});
HttpReply invalid(const std::string& detail);
HttpReply not_found();

HttpReply resolved_incidents(const Call& call);
HttpReply incident(const Call& call);
HttpReply alerts(const Call& call);
HttpReply log_entries(const Call& call);
HttpReply notes(const Call& call);
HttpReply post_note(const Call& call);
HttpReply past_incidents(const Call& call);
HttpReply related_incidents(const Call& call);
HttpReply related_changes(const Call& call);
HttpReply services(const Call& call);
HttpReply service(const Call& call);
HttpReply changes_of_service(const Call& call);
HttpReply dependencies(const Call& call);
HttpReply oncalls(const Call& call);

}  // namespace gumshoe::pagerduty::answers
