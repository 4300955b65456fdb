// Trusted proxies and X-Forwarded-For.
#include "io/peer_address.hpp"

#include "base/text.hpp"

namespace gumshoe {

namespace ip = boost::asio::ip;

ip::address plain_address(const ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    return address;
}

result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& networks) {
    TrustedProxies proxies;
    for (const std::string& text : networks) {
        const bool six = text.find(':') != std::string::npos;
        const std::string with_length = text.find('/') != std::string::npos ? text : text + (six ? "/128" : "/32");
        boost::system::error_code error;
        if (six) {
            proxies.v6_.push_back(ip::make_network_v6(with_length, error).canonical());
        } else {
            proxies.v4_.push_back(ip::make_network_v4(with_length, error).canonical());
        }
        if (error) return Error{errc::invalid_argument, "not a network: '" + text + "' (like 10.0.0.0/8)"};
    }
    return proxies;
}

bool TrustedProxies::contains(const ip::address& address) const {
    if (address.is_v4()) {
        for (const auto& network : v4_) {
            if (ip::network_v4(address.to_v4(), network.prefix_length()).canonical() == network) return true;
        }
        return false;
    }
    for (const auto& network : v6_) {
        if (ip::network_v6(address.to_v6(), network.prefix_length()).canonical() == network) return true;
    }
    return false;
}

std::string TrustedProxies::caller(const ip::address& socket, const Headers& headers) const {
    ip::address nearest = plain_address(socket);
    std::vector<std::string> hops;
    for (const std::string_view field : headers.find_all("X-Forwarded-For")) {
        for (std::string& hop : split(field, ',')) hops.push_back(std::move(hop));
    }
    for (auto hop = hops.rbegin(); hop != hops.rend() && contains(nearest); ++hop) {
        boost::system::error_code error;
        const ip::address before = ip::make_address(std::string(trim(*hop)), error);
        if (error) break;
        nearest = plain_address(before);
    }
    return nearest.to_string();
}

}  // namespace gumshoe
