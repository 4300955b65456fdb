// Names of the error codes, and what happens to code that takes a value where there is an error.
#include "base/result.hpp"

#include <stdexcept>

namespace gumshoe {

std::string_view to_string(errc code) {
    switch (code) {
        case errc::invalid_argument:
            return "invalid_argument";
        case errc::parse:
            return "parse";
        case errc::not_found:
            return "not_found";
        case errc::unauthorized:
            return "unauthorized";
        case errc::forbidden:
            return "forbidden";
        case errc::conflict:
            return "conflict";
        case errc::lease_lost:
            return "lease_lost";
        case errc::too_large:
            return "too_large";
        case errc::timeout:
            return "timeout";
        case errc::cancelled:
            return "cancelled";
        case errc::network:
            return "network";
        case errc::tls:
            return "tls";
        case errc::rate_limited:
            return "rate_limited";
        case errc::unavailable:
            return "unavailable";
        case errc::bad_reply:
            return "bad_reply";
        case errc::storage:
            return "storage";
        case errc::corrupt:
            return "corrupt";
        case errc::unsupported:
            return "unsupported";
        case errc::internal:
            return "internal";
    }
    return "unknown";
}

Error in_context(std::string_view where, Error error) {
    error.message.insert(0, std::string(where) + ": ");
    return error;
}

void throw_exception_from_error(const Error& error, const boost::source_location& where) {
    throw std::logic_error(std::string(where.file_name()) + ":" + std::to_string(where.line()) + ": value() of an error (" +
                           std::string(to_string(error.code)) + "): " + error.message);
}

}  // namespace gumshoe
