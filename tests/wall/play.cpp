#include "tests/wall/play.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "base/text.hpp"
#include "integrations/registry.hpp"

namespace gumshoe::test {
namespace {

std::string key_of(const std::string& run, const std::string& target) {
    return std::string(wall_canary) + run + "/" + target;
}

/// The answer is long enough that the middle of a stream of it holds content.
json scenario_of(const std::string& run) {
    const std::string summary =
        "The checkout service's connection pool is exhausted since release 4f1c2aa, which holds a connection for as long as it waits for "
        "the payment gateway; café orders wait too. Roll the release back, or raise the pool's size until it is mended.";
    json scenario;
    scenario["llm"]["script"] = json::array({{{"answer", {{"summary", summary}}}}});
    scenario["llm"]["bedrock"] = {{"access_key_id", "AKIAWALL"},
                                  {"secret_access_key", key_of(run, "main")}};  // signatures are made with it
    return scenario;
}

/// With a tool where the fault is in a call, with an effort where that is what is refused.
llm::Request question_for(const llm::Target& target) {
    llm::Request request;
    request.messages = {{.role = llm::Role::system, .text = "You are an analyst."}, {.role = llm::Role::user, .text = "Why?"}};
    request.schema_name = "finding";
    request.schema = R"({"type":"object","properties":{"summary":{"type":"string"}},"required":["summary"],"additionalProperties":false})";
    request.max_output_tokens = 1000;
    if (target.model == "fb-s37") {
        request.tools = {
            {"get_logs", "Log lines of a service.",
             R"({"type":"object","properties":{"service":{"type":"string"}},"required":["service"],"additionalProperties":false})"}};
    }
    if (target.model == "fb-s16" && target.provider == "ollama") request.reasoning_effort = "low";
    return request;
}

result<void> has_summary(const llm::Reply& reply) {
    const auto document = parse_json(reply.text);
    if (document && icontains(string_or_empty(*document, "summary"), "pool is exhausted")) return {};
    return Error{errc::parse, "the answer has no summary"};
}

std::string file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    return bytes.str();
}

}  // namespace

std::vector<Spoken> spoken() {
    return {{"openai", "openai"},       {"openai_responses", "openai"},  {"azure", "azure"},
            {"anthropic", "anthropic"}, {"gemini", "gemini", "/v1beta"}, {"bedrock", "bedrock"},
            {"ollama", "ollama"},       {"groq", "groq", "/openai/v1"},  {"openrouter", "openrouter", "/api/v1"},
            {"vllm", "vllm", "/v1"},    {"llamacpp", "llamacpp", "/v1"}};
}

/// Everything of one case, so that nothing of another can be taken for its own.
struct WallBench::Stand {
    std::string run;
    bool stream = true;
    std::unique_ptr<sandbox::SandboxServer> server;
    std::unique_ptr<llm::Router> router;
    std::shared_ptr<const llm::Target> main;
    std::shared_ptr<const llm::Target> second;
};

/// What is logged goes into a file from here on.
WallBench::WallBench() {
    auto opened = open_sqlite_store(folder_ / "wall.db", *loop_);
    if (!opened) throw std::runtime_error("cannot open the store: " + opened.error().message);
    store_.emplace(std::move(*opened));
    kept_stderr_ = ::dup(STDERR_FILENO);
    const int log = ::open((folder_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(log, STDERR_FILENO);
    ::close(log);
}

WallBench::~WallBench() {
    ::dup2(kept_stderr_, STDERR_FILENO);
    ::close(kept_stderr_);
}

std::string WallBench::everything_said() {
    return said_ + file(folder_ / "wall.db") + file(folder_ / "wall.db-wal") + file(folder_ / "log");
}

/// One that learns the vendor's time (S41) is nobody else's.
const llm::Dialect* WallBench::dialect_of(std::string_view provider, const std::string& run) {
    auto& made = dialects_[std::string(provider) + "/" + run];
    if (!made) made = find_vendor(provider)->dialect();
    return made.get();
}

std::shared_ptr<const llm::Target> WallBench::target_of(const Stand& stand, const Spoken& as, std::string name, std::string model) {
    auto target = std::make_shared<llm::Target>();
    target->name = std::move(name);
    target->provider = as.provider;
    target->model = std::move(model);
    target->api_url = stand.server->url(as.simulation) + std::string(as.path);
    target->account = stand.run;
    target->api_key = Secret(key_of(stand.run, target->name));
    target->settings = {{"api_version", "2024-10-21"}, {"region", "us-east-1"}};
    if (target->provider == "bedrock") target->access_key_id = Secret("AKIAWALL");
    target->dialect = dialect_of(as.provider, stand.run);
    target->context_window = target->name == "main" ? 128'000 : 1'000'000;
    return target;
}

std::unique_ptr<sandbox::SandboxServer> WallBench::server_for(const WallCase& its, std::string_view other) {
    sandbox::SandboxOptions options;
    options.scenario = std::make_shared<const json>(scenario_of(its.name));
    options.zero = loop_->clock().now();
    for (const std::string_view name : {its.main.simulation, other}) options.simulations.emplace_back(find_vendor(name)->simulation);
    auto server = sandbox::make_sandbox_server(*loop_, std::move(options));
    if (!server) throw std::runtime_error("no server: " + server.error().message);
    return std::move(*server);
}

awaitable<Seen> WallBench::play_one(WallCase its) {
    const Spoken other = its.main.simulation == "openai" ? Spoken{"anthropic", "anthropic"} : Spoken{"openai", "openai"};
    Seen seen;
    Stand stand;
    stand.run = its.name;
    stand.stream = its.stream;
    stand.server = server_for(its, other.simulation);
    auto on_dead = [this, &seen](const std::string& subject, const std::string& words) {
        seen.alarms.push_back(subject + "\n" + words);
        said_ += subject + words;
    };
    llm::RouterOptions router;
    router.stream = its.stream;
    stand.router = llm::make_router(*http_, *store_->attempts, *loop_, loop_->clock(), router, std::move(on_dead));
    auto main = std::make_shared<llm::Target>(*target_of(stand, its.main, "main", its.model));
    if (its.api_url) main->api_url = *its.api_url;
    stand.main = std::move(main);
    const std::string well = other.provider == "openai" ? "gpt-5.1" : "claude-sonnet-5";
    stand.second = target_of(stand, other, "second", its.second_model.empty() ? well : its.second_model);

    const Monotonic start = loop_->clock().monotonic();
    seen.outcome = co_await ask(stand);
    seen.took = std::chrono::duration_cast<milliseconds>(loop_->clock().monotonic() - start);
    seen.main_calls = stand.server->calls(its.main.simulation, "POST");
    seen.second_calls = stand.server->calls(other.simulation, "POST");
    seen.other_calls = stand.server->calls("");
    auto attempts = co_await store_->attempts->attempts(stand.run);
    if (attempts) seen.attempts = std::move(*attempts);
    llm::Targets main_alone{stand.main};
    seen.main = stand.router->snapshot(main_alone).at(0);
    if (seen.main.quarantine || seen.main.gate.count() > 0) {
        auto again = co_await ask(stand);
        seen.main_calls_again = stand.server->calls(its.main.simulation, "POST") - seen.main_calls;
        seen.answered_again = std::holds_alternative<llm::Answer>(again);
    }
    Deadline soon = Deadline::after(loop_->clock(), seconds(5));
    co_await stand.server->stop(soon);
    co_return seen;
}

awaitable<std::variant<llm::Answer, llm::NoAnswer>> WallBench::ask(Stand& stand) {
    llm::RouteContext context{.run = stand.run, .step = "wall"};
    llm::Chain chain = llm::in_order({stand.main, stand.second});
    llm::Router::Check check = has_summary;
    Deadline deadline = Deadline::after(loop_->clock(), wall_deadline);
    auto outcome =
        co_await stand.router->complete(question_for(*stand.main), std::move(chain), std::move(context), deadline, std::move(check));
    if (const auto* answer = std::get_if<llm::Answer>(&outcome)) {
        said_ += answer->note + answer->reply.text;
        for (const llm::Hop& hop : answer->hops) said_ += hop.failure.reason;
    } else {
        said_ += std::get<llm::NoAnswer>(outcome).note;
    }
    co_return outcome;
}

awaitable<void> WallBench::play_in_turn(std::shared_ptr<Work> work) {
    while (work->next < work->cases.size()) {
        const std::size_t mine = work->next++;
        Seen seen = co_await play_one(work->cases[mine]);
        work->seen[mine] = std::move(seen);
    }
}

std::vector<Seen> WallBench::play(std::vector<WallCase> cases, std::size_t at_once) {
    auto work = std::make_shared<Work>();
    work->cases = std::move(cases);
    work->seen.resize(work->cases.size());
    std::size_t ended = 0;
    std::exception_ptr problem;
    for (std::size_t i = 0; i < at_once; ++i) {
        boost::asio::co_spawn(loop_->executor(), play_in_turn(work), [&](std::exception_ptr exception) {
            ++ended;
            if (exception) problem = exception;
        });
    }
    if (!run_until(*loop_, [&] { return ended == at_once; }, seconds(240))) throw std::runtime_error("the wall did not end");
    if (problem) std::rethrow_exception(problem);
    return std::move(work->seen);
}

}  // namespace gumshoe::test
