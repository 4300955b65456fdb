// The fault wall: every way in which a provider of models is known to fail, S01 to S42. A simulated model is called by the fault it
// has: "fb-s02", "fb-s10-503". docs/fault-wall.md tells what we make of each.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/http_message.hpp"
#include "sandbox/faults.hpp"

namespace gumshoe::sandbox {

struct WallScenario {
    enum class MadeBy {
        simulation,  // an answer in the vendor's own words and shape
        server,      // what the sandbox server makes of the simulation's good answer
        bench        // no model's name can make it: an address, a certificate, a chain
    };
    std::string_view id;      // "S14"
    std::string_view models;  // of its variants, separated by blanks
    std::string_view what;
    MadeBy made_by = MadeBy::simulation;
    bool streamed = true;
    bool buffered = true;
    std::string_view not_of = {};   // providers that cannot show it, separated by blanks; "*" is all but `only`
    std::string_view only = {};     // see not_of
    std::string_view because = {};  // why not
};

std::span<const WallScenario> wall();

/// Whether a provider ("openai") can show it.
bool applies(const WallScenario& scenario, std::string_view provider);

/// Spoils a good reply as the model's name says, and says how it is to be sent; nullopt: as any reply. Names that the server has no
/// part in leave all as it is. `request` is as the vendor got it, `elsewhere` the root of another host, for redirects.
std::optional<Fault> spoil(std::string_view model, const RawRequest& request, const std::string& elsewhere, HttpReply& reply);

}  // namespace gumshoe::sandbox
