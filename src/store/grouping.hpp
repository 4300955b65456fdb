// To which investigation a new firing belongs, if there is one for it already.
#pragma once

#include <string>

#include "alert/intake_store.hpp"
#include "store/database.hpp"

namespace gumshoe {

struct Placement {
    std::string investigation;  // "": it needs one of its own
    std::string why;
};

/// In this order: what another sender knows under one of the alert's names; what runs for a service that belongs together with the
/// alert's; in a storm the newest of its route. Cancelled ones are nobody's.
result<Placement> find_place(Connection& connection, const Alert& alert, const IntakePolicy& policy, const std::string& route,
                             Timestamp now);

}  // namespace gumshoe
