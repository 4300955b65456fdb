#include "llm/alarm.hpp"

#include "base/text.hpp"
#include "llm/classify.hpp"

namespace gumshoe::llm {

std::string advice(const Target& target, FailureClass failure) {
    const std::string vendor = vendor_name(target.provider);
    switch (failure) {
        case FailureClass::account_dead:
            return "Look at the account's status, billing and limits in the console of " + vendor + ".";
        case FailureClass::auth_bad:
            if (target.api_key.file().empty()) return "Put a valid " + vendor + " key into the configuration and restart.";
            return "Put a valid " + vendor + " key into " + target.api_key.file() + ": the next request reads it.";
        case FailureClass::model_gone:
            return "Check the model's name (" + target.model_on_wire() +
                   ") and the API address in the configuration, and what models the account may use.";
        default:
            return "Ask the owner of the " + vendor + " organisation what this key may do, and from which addresses.";
    }
}

Alarm dead_target_alarm(const Target& target, const Failure& failure, const Quarantine& entry, const std::vector<std::string>& hit) {
    Alarm alarm;
    alarm.subject = "Model " + target.name + " is out: " + failure.reason;
    std::string seen;
    if (failure.status != 0) seen = " (HTTP " + std::to_string(failure.status) + (failure.code.empty() ? "" : ", " + failure.code) + ")";
    alarm.words = failure.reason + seen + ". Not called until it is mended: " + join(hit, ", ") +
                  ". The rest of the chain answers meanwhile. Next look: " + format_rfc3339(entry.until) + ". " +
                  advice(target, failure.failure);
    return alarm;
}

}  // namespace gumshoe::llm
