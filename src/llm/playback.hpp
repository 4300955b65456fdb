// What a simulated model says: the turns that a scenario scripts, with the evidence ids of the prompt it was really sent.
// Shared by the simulations of every LLM vendor; sandbox/scenarios/README.md, heading `llm`, describes the script.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "llm/request.hpp"

namespace gumshoe::llm {

/// A conversation as a model sees it.
struct Heard {
    std::size_t turns = 0;           // answers given so far
    std::string prompt;              // all texts of it, in order
    std::vector<std::string> tools;  // that it may call now
};

struct Said {
    std::string text;
    std::vector<ToolCall> calls;
};

/// The script's next turn. Turns that call a tool which is not offered are passed over; past its end the last turn is repeated.
/// `call_prefix` begins the ids of its calls ("call_", "toolu_").
Said play(const json& script, const Heard& heard, Timestamp zero, std::string_view call_prefix);

/// `scenario`'s script and fault for a provider and model: "ok", or the name of a fault. Models "fb-NAME" have the fault NAME.
const json* script_of(const json& scenario, std::string_view provider);
std::string fault_of(const json& scenario, std::string_view provider, std::string_view model);

/// Faults have numbers too, the same for every vendor: "quota" of "s03". A name that is no number stays; of a number that is the
/// network's business ("s21") nothing is known here, so that the simulation answers well.
std::string fault_name(std::string fault);

/// The sentence that a server says about a prompt that is too long, of the faults "context-1" to "context-9"; "" for any other.
std::string_view overflow_text(std::string_view fault);

/// What the model says under a fault that is inside its answer: `empty`, `length`, `bad-schema`, `bad-call`, `refusal`, `filtered`.
/// The vendor's own mark of it (a stop reason) is the simulation's to add.
Said spoilt(Said said, std::string_view fault, const Heard& heard);

/// Pieces of a text as a model streams it; cuts fall between code points.
std::vector<std::string> pieces_of(std::string_view text);

/// True when the scenario lists the provider's models and this is none of them.
bool unknown_model(const json& scenario, std::string_view provider, std::string_view model);

}  // namespace gumshoe::llm
