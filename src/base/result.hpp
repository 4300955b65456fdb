// The result of anything that may fail as a matter of course: a value, or an Error with one of a closed set of codes.
// Exceptions are for bugs and start-up only.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>

namespace gumshoe {

enum class errc {
    invalid_argument,  // a caller or an operator gave a value outside its contract
    parse,             // bytes are not of the format they claim
    not_found,         // the named thing does not exist
    unauthorized,      // credentials are missing or wrong
    forbidden,         // credentials are right and do not suffice
    conflict,          // the state of the thing does not allow it now
    lease_lost,        // another worker owns the job; nothing of ours may be written
    too_large,         // over a limit of base/limits.hpp
    timeout,           // a deadline passed
    cancelled,         // we stopped it ourselves
    network,           // no answer: DNS, connect, reset
    tls,               // certificate or handshake
    rate_limited,      // told to wait
    unavailable,       // the other side has trouble (5xx, overloaded)
    bad_reply,         // the other side answered what its contract does not allow
    storage,           // the database refused or the disk is full
    corrupt,           // stored bytes are not what was written
    unsupported,       // valid, and not something we do
    internal           // a bug
};

std::string_view to_string(errc code);

struct Error {
    errc code = errc::internal;
    std::string message;  // one line, no secrets, names what and where
};

/// The same error with "where: " before its message.
Error in_context(std::string_view where, Error error);

template <class T>
using result = boost::system::result<T, Error>;

}  // namespace gumshoe

// boost::system::result asks for this where .value() is called on an error: a bug, hence an exception.
namespace gumshoe {
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);
}
