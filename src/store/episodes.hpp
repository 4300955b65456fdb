// What an alert does to what is known of its fingerprint: the rules that decide between a new investigation and an old one.
#pragma once

#include <string>

#include "alert/intake_store.hpp"
#include "store/database.hpp"

namespace gumshoe {

enum class Effect {
    started,   // a new investigation
    joined,    // another alert of an investigation that is there (grouping, cooldown)
    repeated,  // the same episode again
    resolved,  // its end
    none
};
std::string_view to_string(Effect effect);

struct Taken {
    Effect effect = Effect::none;
    std::string investigation;  // "" when there is none
    std::string episode;
    std::string reason;  // why it had no effect, or why it joined
};

/// Within a transaction. An episode's state follows the sender's clock, so deliveries may come in any order and number: it is open
/// while its latest trigger is later than its latest recovery.
result<Taken> take_alert(Connection& connection, const Alert& alert, const IntakePolicy& policy, Timestamp now);

}  // namespace gumshoe
