// One request's way along its chain: what was tried, what each target said, and whom to ask next. Pure: no clock, no I/O.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "llm/memory.hpp"
#include "llm/router.hpp"

namespace gumshoe::llm {

/// A target within one request.
struct Slot {
    std::shared_ptr<const Target> target;
    int tries = 0;
    int repairs = 0;      // calls again after a parameter was mended; not counted as tries
    bool burned = false;  // not to be asked again by this request
    Monotonic not_before{};
    bool mending = false;                         // its next call is a repaired one
    std::vector<Message> repair_turn = {};        // added to the request when its answer was invalid; once
    std::optional<std::int64_t> max_output = {};  // in place of the request's, after an answer or a prompt did not fit; once
    std::string last_words = {};                  // why it did not answer, for the note
    FailureClass last_failure = FailureClass::none;
    std::string skip_journaled = {};  // the skip reason that stands in the journal already
};

/// What holds for the whole request.
struct Journey {
    Request request;
    std::vector<Slot> slots;
    RouteContext context;
    Monotonic last_call;             // nothing ends after it: the deadline less the reserve
    std::int64_t prompt_tokens = 0;  // upper bound
    int attempts = 0;
    double spent_usd = 0;
    std::optional<double> left_usd;    // of run and day, before this request; nullopt: no limit
    std::set<std::string> refused_by;  // providers with a deterministic 400
    bool caller_fault = false;
    bool cancelled = false;
    int journal_failures = 0;
    std::vector<Hop> hops;
};

Journey plan_journey(Request request, const Chain& chain, RouteContext context, Monotonic last_call);

/// Bytes over three: more than any tokenizer makes of text.
std::int64_t estimated_tokens(const Request& request);

enum class Skip { none, burned, tries, budget, window, quarantine, gate, breaker, pause };
std::string_view to_string(Skip skip);

struct Standing {
    Skip skip = Skip::none;
    std::string words = {};                                  // for the journal
    Monotonic opens{};                                       // gate, breaker, pause: when it is worth another look
    FailureClass failure = FailureClass::none;               // quarantine: of what class
    Memory::Block::Turn turn = Memory::Block::Turn::closed;  // quarantine that is due: for what
    std::string scope = {};                                  // its scope
};
/// Whether this target may be called now, and why not.
Standing standing(const Journey& journey, const Slot& slot, Memory& memory, const RouterOptions& options, Monotonic now, Timestamp wall);

struct Choice {
    enum class Kind { call, wait, stop } kind = Kind::stop;
    std::size_t slot = 0;
    bool others_viable = false;       // keep time for them
    bool trial = false;               // the real call that ends a quarantine, or does not
    std::string scope;                // of that quarantine
    Monotonic until{};                // wait
    std::vector<std::size_t> probes;  // targets whose quarantine is due for a free look, to be had beside this request
    std::vector<std::pair<std::size_t, Standing>> skips;
};
Choice choose(const Journey& journey, Memory& memory, const RouterOptions& options, Monotonic now, Timestamp wall);

/// How long one attempt may take.
milliseconds attempt_span(const Journey& journey, bool others_viable, Monotonic now);

/// An attempt shorter than this is worth nothing while somebody else could be asked.
inline constexpr milliseconds min_useful{3000};

/// Upper bound of what the attempt can cost.
double estimated_usd(const Journey& journey, const Slot& slot);

/// "2nd choice; main: the OpenAI account is deactivated"; "" when the first choice answered.
std::string answer_note(const Journey& journey, std::size_t answered_by);
std::string no_answer_note(const Journey& journey);

}  // namespace gumshoe::llm
