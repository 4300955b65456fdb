// The words of runs, as stored and as the API speaks them.
#include "investigation/store.hpp"

namespace gumshoe {

std::string_view to_string(ReplayMode mode) {
    switch (mode) {
        case ReplayMode::none:
            return "none";
        case ReplayMode::frozen:
            return "frozen";
        case ReplayMode::exact:
            return "exact";
        case ReplayMode::live:
            return "live";
    }
    return "none";
}

std::string_view to_string(PostMode mode) {
    switch (mode) {
        case PostMode::none:
            return "none";
        case PostMode::thread:
            return "thread";
        case PostMode::update:
            return "update";
    }
    return "none";
}

}  // namespace gumshoe
