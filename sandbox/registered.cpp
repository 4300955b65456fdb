// The simulations of the registry's vendors: apart from the server, which needs no vendor.
#include "integrations/registry.hpp"
#include "sandbox/server.hpp"

namespace gumshoe::sandbox {

std::vector<MakeSimulation> registered_simulations() {
    std::vector<MakeSimulation> makers;
    for (const Vendor& vendor : vendors()) {
        if (vendor.simulation != nullptr) makers.emplace_back(vendor.simulation);
    }
    return makers;
}

}  // namespace gumshoe::sandbox
