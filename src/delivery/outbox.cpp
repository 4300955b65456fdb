// Names of the message states.
#include "delivery/outbox.hpp"

namespace gumshoe {

std::string_view to_string(MessageState state) {
    switch (state) {
        case MessageState::ready:
            return "ready";
        case MessageState::sending:
            return "sending";
        case MessageState::unknown:
            return "unknown";
        case MessageState::anchored:
            return "anchored";
        case MessageState::suppressed:
            return "suppressed";
        case MessageState::parked:
            return "parked";
    }
    return "unknown";
}

}  // namespace gumshoe
