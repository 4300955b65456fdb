// What the simulated API answers to a request that it found in order, whole and streamed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "io/http_message.hpp"
#include "sandbox/simulation.hpp"

namespace gumshoe::openai {

/// One request that is to be answered. `fault`: one inside the answer, or none.
struct Asked {
    const json& body;
    const sandbox::World& world;
    std::string_view provider;  // whose script it is
    std::string fault;
    bool filter_results = false;  // Azure tells what its filters found
};

HttpReply answer_chat(const Asked& asked);
/// As answer_chat, of the Responses API.
HttpReply answer_response(const Asked& asked);

/// Pieces of a text as a model streams it; cuts fall between code points.
std::vector<std::string> pieces_of(std::string_view text);

/// 200 with a stream of events, or with a whole document. Faults cut the document short.
HttpReply event_stream(std::string body);
HttpReply document(std::string body, std::string_view fault);

/// What reasoning is sealed with: no other seal is taken back.
inline constexpr std::string_view simulated_seal = "c2VhbGVkIGJ5IHRoZSBzaW11bGF0aW9u";

}  // namespace gumshoe::openai
