// What telemetry shows of the versions that ran: which one a service runs, and the deploys that nobody announced.
#pragma once

#include <string>
#include <vector>

#include "evidence/source.hpp"

namespace gumshoe {

/// A version of a service as it was seen running.
struct RunningVersion {
    std::string version;   // "v412", "" when only the commit is known
    std::string revision;  // commit, "" when not known
    Timestamp first{};     // seen
    std::string origin;    // "span tag version"

    std::string name() const;  // "v412 (4f1c2aa)", "4f1c2aa"
};

/// In the order in which they began: by commit, or by name where more names than commits were seen.
std::vector<RunningVersion> versions_of(const Records& records, const std::string& service);

/// Adds a change of kind deploy for each version that began inside the windows after another one had been seen. One that was announced
/// gains what the sightings know of it instead: its commit, that it is live. Doing it again changes nothing.
void add_observed_deploys(const Subject& subject, Records& records);

/// One sentence a service: what it runs, since when, and where its code is. The alert's service first.
std::vector<Fact> running_code(const Subject& subject, const Records& records);

}  // namespace gumshoe
