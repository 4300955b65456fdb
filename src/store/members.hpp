// Who is in an investigation, and under which names the senders know it.
#pragma once

#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "alert/members.hpp"
#include "store/database.hpp"

namespace gumshoe {

/// An alert of the investigation: its alerting thing is a member, its service and names are known from now on.
result<void> add_member(Connection& connection, const Alert& alert, const std::string& investigation, const std::string& why,
                        Timestamp now);

/// Names by which `source` knows the investigation; known ones stay as they are.
result<void> add_names(Connection& connection, const std::string& investigation, const std::string& source,
                       const std::vector<std::string>& names, Timestamp now);

result<Members> members_of(Connection& connection, const std::string& investigation);

/// Investigations of about the same time that another sender knows by one of this one's names.
result<std::vector<std::string>> same_outage(Connection& connection, const std::string& investigation);

}  // namespace gumshoe
