// Scenarios of the wall, each played over real sockets: the sandbox server with two vendors, the product's HTTP client and router, the
// attempts in SQLite. Many at once on one loop.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "io/http_client.hpp"
#include "llm/router.hpp"
#include "sandbox/server.hpp"
#include "store/store.hpp"
#include "tests/support/store.hpp"

namespace gumshoe::test {

/// Part of every key that a target of the wall has.
inline constexpr std::string_view wall_canary = "sk-wall-canary-0123456789abcdef";
/// Of each request.
inline constexpr milliseconds wall_deadline{12'000};

/// A provider as the wall asks it: the vendor's own simulation answers, or that of another who speaks for it.
struct Spoken {
    std::string_view provider;
    std::string_view simulation;  // its name
    std::string_view path = {};   // of the API, below the simulation's root
};
/// Those whose faults are tried.
std::vector<Spoken> spoken();

struct WallCase {
    std::string name;  // of the run in the journal
    Spoken main;
    std::string model;  // of main
    bool stream = true;
    std::optional<std::string> api_url = {};  // in place of the simulation's
    std::string second_model = {};            // "": one that is well
};

struct Seen {
    std::variant<llm::Answer, llm::NoAnswer> outcome;
    milliseconds took{};
    std::size_t main_calls = 0;
    std::size_t second_calls = 0;
    std::size_t other_calls = 0;  // to paths that no vendor has: where a redirect led
    std::vector<LlmAttempt> attempts;
    llm::TargetState main;
    std::vector<std::string> alarms;
    /// Asked a second time, where the target was quarantined or its gate is shut: calls to it then, and whether somebody answered.
    std::optional<std::size_t> main_calls_again;
    bool answered_again = false;
};

class WallBench {
public:
    WallBench();
    WallBench(const WallBench&) = delete;
    ~WallBench();
    /// What was seen, in the order of the cases; so many are played at once.
    std::vector<Seen> play(std::vector<WallCase> cases, std::size_t at_once = 40);
    /// Every byte of the store, of the log, of notes and alarms so far.
    std::string everything_said();

private:
    struct Stand;
    struct Work {
        std::vector<WallCase> cases;
        std::vector<Seen> seen;
        std::size_t next = 0;
    };
    awaitable<void> play_in_turn(std::shared_ptr<Work> work);
    awaitable<Seen> play_one(WallCase its);
    awaitable<std::variant<llm::Answer, llm::NoAnswer>> ask(Stand& stand);
    std::unique_ptr<sandbox::SandboxServer> server_for(const WallCase& its, std::string_view other);
    std::shared_ptr<const llm::Target> target_of(const Stand& stand, const Spoken& as, std::string name, std::string model);
    const llm::Dialect* dialect_of(std::string_view provider, const std::string& run);

    std::unique_ptr<EventLoop> loop_ = make_event_loop();
    TempDir folder_;
    std::unique_ptr<HttpClient> http_ = make_http_client(*loop_);
    std::optional<Store> store_;
    std::map<std::string, std::unique_ptr<llm::Dialect>> dialects_;
    std::string said_;  // notes and alarms
    int kept_stderr_ = -1;
};

}  // namespace gumshoe::test
