// One request's way along its chain: what was tried, what each target said, and whom to ask next. Pure: no clock, no I/O.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "llm/memory.hpp"
#include "llm/order.hpp"
#include "llm/router.hpp"

namespace gumshoe::llm {

/// A target within one request.
struct Slot {
    std::shared_ptr<const Target> target;
    double draw = 0;  // of [0, 1): whether this request is of the share that a ramp lets through
    int tries = 0;
    int repairs = 0;       // calls again after a parameter was mended; not counted as tries
    bool renewed = false;  // its key was refused, and another lay in its file; once
    bool burned = false;   // not to be asked again by this request
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
    std::vector<Slot> slots;  // in the order of asking
    RouteContext context;
    Monotonic last_call;             // nothing ends after it: the deadline less the reserve
    std::int64_t prompt_tokens = 0;  // upper bound
    int attempts = 0;
    std::string last_target;  // that was called
    int hops_made = 0;        // changes of target
    double spent_usd = 0;
    std::optional<double> left_usd;    // of run, team and day, before this request; nullopt: no limit
    std::set<std::string> refused_by;  // providers with a deterministic 400
    bool caller_fault = false;
    bool cancelled = false;
    std::shared_ptr<int> journal_failures = std::make_shared<int>(0);  // told of even after the request
    std::vector<Hop> hops;
    std::optional<NoAnswer::Rejected> best_rejected;
    bool best_is_well_formed = false;  // only the caller refused it
};

Journey plan_journey(Request request, const Chain& chain, RouteContext context, Monotonic last_call, const Memory& memory, Random& random);

enum class Skip { none, burned, tries, budget, window, quarantine, gate, crowded, breaker, ramp, time, pause };
std::string_view to_string(Skip skip);

struct Standing {
    Skip skip = Skip::none;
    std::string words = {};                                  // for the journal
    Monotonic opens{};                                       // gate, crowded, breaker, pause: when it is worth another look
    bool probing = false;                                    // breaker: a call that finds out is under way
    FailureClass failure = FailureClass::none;               // quarantine: of what class
    Memory::Block::Turn turn = Memory::Block::Turn::closed;  // quarantine that is due: for what
    std::string scope = {};                                  // its scope
};
/// Whether this target may be called now, and why not.
Standing standing(const Journey& journey, const Slot& slot, const Memory& memory, const RouterOptions& options, Monotonic now,
                  Timestamp wall);

struct Choice {
    enum class Kind { call, wait, stop } kind = Kind::stop;
    std::size_t slot = 0;
    bool others_viable = false;       // keep time for them
    bool trial = false;               // the real call that ends a quarantine, or does not
    bool forced = false;              // through an open breaker
    bool hedge = false;               // beside another call
    std::string scope;                // of that quarantine
    Monotonic until{};                // wait
    std::vector<std::size_t> probes;  // targets whose quarantine is due for a free look, to be had beside this request
    std::vector<std::pair<std::size_t, Standing>> skips;
};
Choice choose(const Journey& journey, const Memory& memory, const RouterOptions& options, Monotonic now, Timestamp wall);

/// Who may be asked beside the first: another vendor, untried, of whom nothing bad is known.
std::optional<Choice> choose_hedge(const Journey& journey, const Slot& first, const Memory& memory, const RouterOptions& options,
                                   Monotonic now, Timestamp wall);

/// An attempt shorter than this is worth nothing while somebody else could be asked: what half of its answers take.
milliseconds min_useful(const Place& place);

/// How long one attempt may take.
milliseconds attempt_span(const Journey& journey, const Place& place, bool others_viable, Monotonic now);

/// Upper bound of what the attempt can cost.
double estimated_usd(const Journey& journey, const Slot& slot);

}  // namespace gumshoe::llm
