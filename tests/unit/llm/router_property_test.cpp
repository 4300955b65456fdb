// Random faults on random chains under a clock of our own: what must hold whatever happens.
// GUMSHOE_SCHEDULE=<seed> plays one schedule again, GUMSHOE_SCHEDULES=<count> sets how many are played.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>
#include <set>

#include "base/log.hpp"
#include "llm/memory.hpp"
#include "tests/unit/llm/bench.hpp"

using namespace gumshoe;
using namespace gumshoe::llm;
using namespace std::chrono_literals;
using gumshoe::test::FakeAnswer;
using gumshoe::test::FakeClock;
using gumshoe::test::FakeHttp;
using gumshoe::test::FakePiece;

namespace {

class Dice {
public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}
    int below(int n) { return static_cast<int>(random_() % static_cast<std::uint64_t>(n)); }
    bool one_in(int n) { return below(n) == 0; }
    milliseconds span(milliseconds most) { return milliseconds(below(static_cast<int>(most.count()) + 1)); }

private:
    std::mt19937_64 random_;
};

constexpr const char* question_text = "why is checkout slow, asked as ";
const std::vector<FailureClass> spoken{FailureClass::rate_limit,       FailureClass::overloaded,         FailureClass::server_error,
                                       FailureClass::bad_body,         FailureClass::account_dead,       FailureClass::auth_bad,
                                       FailureClass::forbidden,        FailureClass::model_gone,         FailureClass::content_filter,
                                       FailureClass::context_overflow, FailureClass::unsupported_param,  FailureClass::too_large,
                                       FailureClass::timeout,          FailureClass::bad_request_unknown};

/// What one request has seen, kept by the vendors' side.
struct Asked {
    int calls = 0;
    int in_flight = 0;
    std::set<std::size_t> tried;
    std::set<std::size_t> answered;  // they may be asked to mend it
    std::set<std::string> burned;    // providers that a refusal takes out
    bool overflow = false;
};

/// All vendors of a schedule, and what must hold between them and the router.
struct World {
    explicit World(std::uint64_t seed) : dice(seed) {}

    Dice dice;
    FakeClock* clock = nullptr;
    FakeHttp* http = nullptr;
    RouterOptions options;
    std::vector<std::shared_ptr<Target>> targets;
    std::vector<int> health;  // of ten calls so many are well
    std::map<int, Asked> asked;
    std::map<std::string, std::pair<Timestamp, Timestamp>> dead;  // scope: since, not to be called before
    std::vector<std::string> violations;

    void violate(std::string what) { violations.push_back(std::move(what)); }
    void arrived(std::size_t target, int request, FailureClass failure, bool replied);
};

/// "target request verb argument\n" both ways; an answer without its last newline was cut.
struct Line {
    std::size_t target = 0;
    int request = 0;
    std::string verb;
    std::string rest;
};
Line line_of(std::string_view text) {
    const auto words = split(trim(text), ' ');
    if (words.size() < 3) return {};
    Line line{static_cast<std::size_t>(std::stoi(words[0])), std::stoi(words[1]), words[2], {}};
    for (std::size_t i = 3; i < words.size(); ++i) line.rest += (i == 3 ? "" : " ") + words[i];
    return line;
}

std::variant<Reply, Failure> outcome_of(World& world, const Line& line) {
    if (line.verb == "class") {
        const FailureClass failure = *failure_class(line.rest);
        world.arrived(line.target, line.request, failure, false);
        Failure out{.failure = failure, .reason = "it said so", .status = 400};
        if (failure == FailureClass::rate_limit && world.dice.one_in(2)) out.retry_after = world.dice.span(100s);
        if (failure == FailureClass::unsupported_param) out.param = world.dice.one_in(2) ? "temperature" : "metadata";
        if (failure == FailureClass::context_overflow && world.dice.one_in(2)) out.window = 1024 + world.dice.below(4000);
        return out;
    }
    world.arrived(line.target, line.request, FailureClass::none, true);
    Reply reply{.text = R"({"n":1})",
                .tool_calls = {},
                .stop = Stop::end,
                .usage = {.input_tokens = 100},
                .model = {},
                .request_id = {},
                .opaque = {}};
    if (line.verb == "invalid") reply.text = "prose";
    if (line.verb == "empty") reply.text = "";
    if (line.verb == "length") reply.stop = Stop::length;
    if (line.verb == "refusal") reply.stop = Stop::refusal;
    Asked& asked = world.asked[line.request];
    asked.answered.insert(line.target);
    if (line.verb == "refusal") asked.burned.insert(world.targets[line.target]->provider);
    return reply;
}

class LineReader final : public StreamReader {
public:
    explicit LineReader(World& world) : world_(world) {}
    bool feed(std::string_view bytes) override {
        if (bytes.starts_with(':')) return false;
        text_ += bytes;
        return true;
    }
    std::variant<Reply, Failure> finish() override {
        if (!text_.ends_with('\n')) return Failure{.failure = FailureClass::truncated_stream, .reason = "it was cut"};
        return outcome_of(world_, line_of(text_));
    }

private:
    World& world_;
    std::string text_;
};

class LineDialect final : public Dialect {
public:
    explicit LineDialect(World& world) : world_(world) {}
    std::string_view provider() const override { return "line"; }
    std::string_view default_api_url() const override { return ""; }
    HttpRequest build(const Request& request, const Target& target, bool) const override {
        HttpRequest http;
        http.method = "POST";
        http.url = target.api_url;
        http.body = target.settings.at("index") + " " + request.messages.at(1).text.substr(std::string(question_text).size()) + " ask " +
                    std::to_string(request.messages.size()) + " " + std::to_string(request.max_output_tokens) + " " +
                    target.model_on_wire();
        if (!request.messages.at(1).text.starts_with(question_text)) world_.violate("the question was changed");
        return http;
    }
    std::variant<Reply, Failure> read(const HttpResponse& response) const override {
        if (!response.body.ends_with('\n')) return Failure{.failure = FailureClass::bad_body, .reason = "it was cut"};
        return outcome_of(world_, line_of(response.body));
    }
    std::unique_ptr<StreamReader> stream_reader() const override { return std::make_unique<LineReader>(world_); }
    std::optional<HttpRequest> probe(const Target& target) const override {
        HttpRequest http;
        http.url = target.api_url;
        return http;
    }

private:
    World& world_;
};

void World::arrived(std::size_t index, int request, FailureClass failure, bool replied) {
    const Target& target = *targets[index];
    Asked& of = asked[request];
    if (replied) {
        for (const std::string& scope : {account_scope(target), key_scope(target), model_scope(target)}) dead.erase(scope);
        return;
    }
    using enum FailureClass;
    if (failure == content_filter || failure == bad_request_unknown || failure == too_large) of.burned.insert(target.provider);
    of.overflow = of.overflow || failure == context_overflow;
    const std::string scope = broken_scope(target, failure);
    if (scope.empty()) return;
    const Timestamp now = clock->now();
    const milliseconds least = failure == account_dead || failure == auth_bad ? 12min : 48min;  // a fifth less than the least pause
    auto& [since, until] = dead.try_emplace(scope, now, now).first->second;
    until = std::max(until, now + least);
}

/// A call arrives at its vendor.
void look_at_call(World& world, const Line& line) {
    const Target& target = *world.targets[line.target];
    Asked& asked = world.asked[line.request];
    if (++asked.calls > world.options.max_attempts) world.violate("more calls than max_attempts");
    asked.tried.insert(line.target);
    const auto words = split(line.rest, ' ');
    const int messages = std::stoi(words.at(0));
    const std::int64_t wanted = target.overrides.max_output_tokens.value_or(100);
    const std::int64_t output = std::stoll(words.at(1));
    const bool mends = messages > 2;
    if (mends && !asked.answered.contains(line.target)) world.violate("asked to mend what it never said");
    if (messages > 4) world.violate("built from an earlier hop");
    if (output != wanted && output != 2 * wanted) world.violate("the room for the answer is of another hop: " + words.at(1));
    if (words.at(2) != target.model_on_wire()) world.violate("another target's model");
    const Timestamp now = world.clock->now();
    for (const std::string& scope : {account_scope(target), key_scope(target), model_scope(target)}) {
        const auto found = world.dead.find(scope);
        if (found != world.dead.end() && now > found->second.first && now < found->second.second)
            world.violate("called although " + scope + " is dead");
    }
}

FakeAnswer answer_of(World& world, const HttpRequest& request) {
    Dice& dice = world.dice;
    if (request.method == "GET") {
        return {gumshoe::test::http_response(dice.one_in(2) ? 200 : 500, "{}"), dice.span(3s), {}};
    }
    const Line line = line_of(request.body);
    look_at_call(world, line);
    std::string text = std::to_string(line.target) + " " + std::to_string(line.request) + " ";
    FakeAnswer answer{gumshoe::test::http_response(200, ""), dice.one_in(5) ? dice.span(40s) : dice.span(2s), {}};
    if (dice.below(10) < world.health[line.target]) {
        text += "ok\n";
    } else {
        switch (dice.below(8)) {
            case 0:
                return {Error{errc::network, "refused"}, dice.span(2s), {}};
            case 1:
                return {Error{errc::bad_reply, "the connection broke"}, dice.span(20s), {}};
            case 2:
                answer.after = 1000h;  // accepts, says nothing
                text += "ok\n";
                break;
            case 3:
                text += "cut";
                break;
            case 4: {
                const std::vector<const char*> verbs{"invalid", "empty", "length", "refusal"};
                text += std::string(verbs[static_cast<std::size_t>(dice.below(4))]) + "\n";
                break;
            }
            default:
                text +=
                    "class " + std::string(to_string(spoken[static_cast<std::size_t>(dice.below(static_cast<int>(spoken.size())))])) + "\n";
        }
    }
    answer.response->body = text;
    if (dice.one_in(4)) {  // in pieces, with keep-alives between them
        const auto half = text.size() / 2;
        answer.pieces = {{dice.span(20s), ": ping"}, {dice.span(10s), text.substr(0, half)}, {dice.span(20s), ": ping"}};
        if (dice.one_in(2)) answer.pieces.push_back({dice.span(20s), text.substr(half)});
    }
    return answer;
}

/// The router's clock: when it waits, nobody may be left to be asked.
class WatchedClock final : public Clock {
public:
    WatchedClock(FakeClock& clock, std::function<void()> on_sleep) : clock_(clock), on_sleep_(std::move(on_sleep)) {}
    Timestamp now() const override { return clock_.now(); }
    Monotonic monotonic() const override { return clock_.monotonic(); }
    awaitable<void> sleep_until(Monotonic when) override {
        on_sleep_();
        co_await clock_.sleep_until(when);
    }

private:
    FakeClock& clock_;
    std::function<void()> on_sleep_;
};

Chain random_chain(World& world, const Dialect& dialect) {
    Dice& dice = world.dice;
    Chain chain;
    const int count = 1 + dice.below(5);
    int group = 0;
    Strategy strategy = Strategy::ordered;
    for (int i = 0; i < count; ++i) {
        auto target = std::make_shared<Target>();
        const bool another_key = i > 0 && dice.one_in(4);
        target->name = another_key ? world.targets.back()->name : "t" + std::to_string(i);
        target->provider = another_key ? world.targets.back()->provider : "p" + std::to_string(dice.below(3));
        target->model = "m" + std::to_string(dice.below(2));
        target->api_url = "http://" + target->name + ".test";
        target->account = "a" + std::to_string(dice.below(3));
        target->api_key = Secret("key-" + std::to_string(dice.below(4)) + target->account);
        target->settings["index"] = std::to_string(i);
        target->context_window = dice.one_in(8) ? 50 : 100'000;
        if (dice.one_in(3)) target->overrides.model = "override-" + std::to_string(i);
        if (dice.one_in(3)) target->overrides.max_output_tokens = 40 + dice.below(50);
        target->price = {.input_per_million = 1.0 * dice.below(3), .cached_per_million = 0, .output_per_million = 2};
        target->dialect = &dialect;
        const bool next_group = !another_key && dice.one_in(2);
        if (next_group) {
            ++group;
            strategy = static_cast<Strategy>(dice.below(4));
        }
        world.targets.push_back(target);
        world.health.push_back(std::vector{10, 9, 5, 0}[static_cast<std::size_t>(dice.below(4))]);
        chain.push_back({.target = target, .group = group, .strategy = strategy, .weight = 1.0 * dice.below(3)});
    }
    return chain;
}

/// One router and a few requests to it.
class Schedule {
public:
    Schedule(EventLoop& loop, FakeClock& clock, std::uint64_t seed) : loop_(loop), clock_(clock), world_(seed), dialect_(world_) {
        world_.clock = &clock_;
        world_.http = &http_;
        http_.use_clock(clock_);
        http_.answer_with([this](const HttpRequest& request) { return answer_of(world_, request); });
        world_.options.max_attempts = 1 + world_.dice.below(6);
        world_.options.stream = !world_.dice.one_in(4);
        world_.options.hedge = world_.dice.one_in(12);
        world_.options.seed = static_cast<std::uint32_t>(seed);
        if (world_.dice.one_in(10)) world_.options.per_day_usd = 0.001;
        chain_ = random_chain(world_, dialect_);
        router_ = make_router(http_, store_, loop_, watched_, world_.options, {});
        if (world_.options.hedge) warm_up();
    }

    std::vector<std::string> play() {
        const int rounds = 1 + world_.dice.below(4);
        for (int round = 0; round < rounds; ++round) {
            const int side_by_side = world_.dice.one_in(4) ? 3 : 1;
            if (side_by_side == 1 && world_.dice.one_in(5)) {
                drop_one();
            } else {
                ask_together(side_by_side);
            }
            gumshoe::test::run_until(loop_, [&] { return loop_.spawned() == 0; });  // probes
            look_at_rest();
            if (world_.dice.one_in(2)) clock_.advance(world_.dice.span(40min));
        }
        return std::move(world_.violations);
    }

private:
    /// Hedges are for one request in twenty.
    void warm_up() {
        const std::vector<int> health = std::exchange(world_.health, std::vector<int>(world_.targets.size(), 10));
        for (int i = 0; i < 20; ++i) ask_together(1);
        world_.health = health;
    }

    void ask_together(int count) {
        std::vector<awaitable<void>> work;
        for (int i = 0; i < count; ++i) work.push_back(ask(milliseconds(1000 + world_.dice.below(120'000))));
        alone_ = count == 1;
        gumshoe::test::run(loop_, loop_.all(std::move(work)));
    }

    void drop_one() {
        const Targets all(world_.targets.begin(), world_.targets.end());
        const auto before = router_->snapshot(all);
        alone_ = true;
        awaitable<void> work = ask(90s);
        const bool ended = gumshoe::test::run(loop_, loop_.within(Deadline::after(clock_, world_.dice.span(5s)), std::move(work)));
        const std::string run = "run_" + std::to_string(next_request_ - 1);
        const bool heard = std::ranges::any_of(
            store_.rows, [&](const LlmAttempt& row) { return row.run == run && row.finished_at && row.purpose != "skip"; });
        if (ended || heard) return;
        const auto after = router_->snapshot(all);
        for (std::size_t i = 0; i < all.size(); ++i) {
            const bool changed = after[i].calls > before[i].calls || after[i].failures > before[i].failures ||
                                 after[i].trips > before[i].trips || (after[i].quarantine && !before[i].quarantine) ||
                                 after[i].samples != before[i].samples || (after[i].gate > 0s && before[i].gate == 0s);
            if (changed) world_.violate("a dropped request changed what is known of " + all[i]->name);
        }
    }

    awaitable<void> ask(milliseconds span) {
        const int number = next_request_++;
        current_ = number;
        Request request;
        request.messages = {{.role = Role::system, .text = "You are an analyst."},
                            {.role = Role::user, .text = question_text + std::to_string(number)}};
        request.schema = "{}";
        request.max_output_tokens = 100;
        RouteContext context{.run = "run_" + std::to_string(number), .step = "s"};
        const Deadline deadline = Deadline::after(clock_, span);
        Router::Check check;
        if (world_.dice.one_in(6)) check = [](const Reply&) -> result<void> { return Error{errc::bad_reply, "no"}; };
        Chain chain = chain_;
        auto outcome = co_await router_->complete(std::move(request), std::move(chain), std::move(context), deadline, std::move(check));
        if (clock_.monotonic() > deadline.at) world_.violate("it ended after its deadline");
        const auto* none = std::get_if<NoAnswer>(&outcome);
        if (none != nullptr && none->note.empty()) world_.violate("no answer, and no word why");
        for (const LlmAttempt& row : store_.rows) {
            const bool open = row.run == "run_" + std::to_string(number) && !row.finished_at;
            if (open) world_.violate("an attempt was left open");
        }
        if (side_of(outcome) > world_.options.max_attempts) world_.violate("more hops than max_attempts");
    }
    static int side_of(const std::variant<Answer, NoAnswer>& outcome) {
        return static_cast<int>(std::visit([](const auto& end) { return end.hops.size(); }, outcome));
    }

    void look_at_sleep() {
        // Beside a call it is the hedge that waits for its moment.
        if (!alone_ || world_.options.hedge) return;
        const Asked& asked = world_.asked[current_];
        if (asked.overflow || asked.calls >= world_.options.max_attempts) return;
        const Targets all(world_.targets.begin(), world_.targets.end());
        const auto states = router_->snapshot(all);
        for (std::size_t i = 0; i < all.size(); ++i) {
            const TargetState& state = states[i];
            const auto of_its_name = std::ranges::count_if(asked.tried, [&](std::size_t t) { return all[t]->name == all[i]->name; });
            const bool viable = !asked.tried.contains(i) && !asked.burned.contains(all[i]->provider) && of_its_name < 3 &&
                                state.breaker == "closed" && !state.quarantine && state.gate == 0s && !state.most_calls &&
                                state.window > 1000 && world_.options.per_day_usd <= 0;
            if (viable) world_.violate("it waited although " + all[i]->name + " could be asked");
        }
    }

    void look_at_rest() {
        if (http_.in_flight != 0) world_.violate("a call was left open");
        const Targets all(world_.targets.begin(), world_.targets.end());
        for (const TargetState& state : router_->snapshot(all)) {
            if (state.in_flight != 0) world_.violate("a place in the throttle was not given back, or twice");
            if (state.breaker == "half-open" && state.breaker_opens_in > 0s) world_.violate("a permit was not given back");
        }
    }

    EventLoop& loop_;
    FakeClock& clock_;
    World world_;
    LineDialect dialect_;
    FakeHttp http_;
    gumshoe::llm::test::MemoryStore store_;
    WatchedClock watched_{clock_, [this] { look_at_sleep(); }};
    Chain chain_;
    std::unique_ptr<Router> router_;
    int next_request_ = 0;
    int current_ = 0;
    bool alone_ = true;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

#ifdef __OPTIMIZE__
constexpr std::uint64_t schedules = 100'000;
#else
constexpr std::uint64_t schedules = 500;  // builds for reports take ten to a hundred times as long
#endif

TEST_CASE("whatever fails in whatever order: calls, time, permits and state stay within their bounds") {
    log::set_level(log::Level::error);
    FakeClock clock;
    clock.idle_before_advance = 0ms;
    const auto loop = make_event_loop(clock);
    const std::uint64_t only = number_from("GUMSHOE_SCHEDULE", 0);
    const std::uint64_t count = only != 0 ? 1 : number_from("GUMSHOE_SCHEDULES", schedules);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t seed = only != 0 ? only : i + 1;
        std::vector<std::string> violations = Schedule(*loop, clock, seed).play();
        if (violations.empty()) continue;
        FAIL_CHECK("GUMSHOE_SCHEDULE=" << seed << ": " << join(violations, "; "));
        break;
    }
    SUCCEED(count << " schedules");
    log::set_level(log::Level::info);
}
