// Who calls: the socket's address, or what a trusted proxy says in X-Forwarded-For.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "io/http_message.hpp"

namespace gumshoe {

/// IPv4 in IPv6 ("::ffff:10.0.0.1") as IPv4.
boost::asio::ip::address plain_address(const boost::asio::ip::address& address);

class TrustedProxies {
public:
    /// "10.0.0.0/8", "fd00::/8", "192.0.2.7".
    static result<TrustedProxies> parse(const std::vector<std::string>& networks);

    bool contains(const boost::asio::ip::address& address) const;
    /// The rightmost address of X-Forwarded-For that is no trusted proxy; the socket's own where it is none, or where the field
    /// holds something else.
    std::string caller(const boost::asio::ip::address& socket, const Headers& headers) const;

private:
    std::vector<boost::asio::ip::network_v4> v4_;
    std::vector<boost::asio::ip::network_v6> v6_;
};

}  // namespace gumshoe
