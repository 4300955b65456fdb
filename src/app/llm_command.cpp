// llm test: the way of each chain under a fault at each of its targets, rehearsed for nothing; and with --live one small real call each.
#include <algorithm>
#include <cstdio>

#include "app/commands.hpp"
#include "app/no_journal.hpp"
#include "app/rehearsal.hpp"
#include "app/runtime.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "llm/classify.hpp"
#include "llm/router.hpp"

namespace gumshoe {

namespace {

constexpr auto live_deadline = seconds(60);
constexpr std::int64_t live_output_tokens = 1024;  // models that think first use some

double in_seconds(milliseconds span) {
    return static_cast<double>(span.count()) / 1000;
}

/// Of the chain, in its order, each once.
std::vector<std::string> names_of(const llm::Chain& chain) {
    std::vector<std::string> names;
    for (const llm::Link& link : chain) {
        if (std::ranges::find(names, link.target->name) == names.end()) names.push_back(link.target->name);
    }
    return names;
}

void print_row(std::string_view fault, const std::string& at, const Rehearsal& told) {
    std::printf("  %-15s %-28s %-20s %5d  %6.1f s  %s\n", std::string(fault).c_str(), at.c_str(),
                told.answered_by.empty() ? "NOBODY" : told.answered_by.c_str(), told.calls, in_seconds(told.waited),
                strip_invisible(told.note).c_str());
}

/// The faults of one target alone that leave the chain without an answer: "key refused at main".
std::vector<std::string> single_points(const llm::Chain& chain, milliseconds deadline) {
    std::vector<std::string> found;
    for (const RehearsedFault& fault : rehearsed_faults()) {
        for (const std::string& name : names_of(chain)) {
            const Rehearsal told = rehearse(chain, hit_by(chain, name, fault.reach), fault, deadline);
            if (told.answered_by.empty()) found.push_back(std::string(fault.name) + " at " + name);
        }
    }
    return found;
}

/// Each fault at the first target, then spreading along the chain.
void print_routes(const llm::Chain& chain, milliseconds deadline) {
    std::printf("  %-15s %-28s %-20s %5s  %8s  %s\n", "fault", "at", "answers", "calls", "after", "people are told");
    print_row("none", "", rehearse(chain, {}, rehearsed_faults().front(), deadline));
    for (const RehearsedFault& fault : rehearsed_faults()) {
        std::set<const llm::Target*> broken;
        std::string at;
        for (const std::string& name : names_of(chain)) {
            const std::size_t before = broken.size();
            broken.merge(hit_by(chain, name, fault.reach));
            at += (at.empty() ? "" : " + ") + name;
            if (broken.size() > before) print_row(fault.name, at, rehearse(chain, broken, fault, deadline));
        }
    }
}

bool test_chain(const std::string& name, const llm::Chain& chain, milliseconds deadline) {
    std::vector<std::string> members;
    for (const llm::Link& link : chain) members.push_back(link.target->name + " (" + link.target->model_on_wire() + ")");
    std::printf("Chain %s: %s; deadline %s\n", name.c_str(), chain.empty() ? "no targets" : join(members, ", ").c_str(),
                format_duration(deadline).c_str());
    if (chain.empty()) return false;
    print_routes(chain, deadline);
    const std::vector<std::string> alone = single_points(chain, deadline);
    if (alone.empty()) {
        std::printf("  No fault of one target leaves this chain without an answer.\n\n");
    } else {
        std::printf("  SINGLE POINT OF FAILURE: no model answers under %s. Findings are then the built-in analyst's.\n\n",
                    join(alone, "; ").c_str());
    }
    return alone.empty();
}

awaitable<bool> call_live(Runtime& runtime, std::shared_ptr<const llm::Target> target) {
    NoJournal journal;
    Clock& clock = runtime.loop->clock();
    const auto router = llm::make_router(*runtime.http, journal, *runtime.loop, clock, {}, {});
    llm::Request request;
    llm::Message question;
    question.text = "Answer with the single word ready.";
    request.messages.push_back(question);
    request.max_output_tokens = live_output_tokens;
    request.purpose = "test";
    llm::Chain chain = llm::in_order({target});
    llm::RouteContext context;
    llm::Router::Check check;
    const Monotonic start = clock.monotonic();
    auto outcome =
        co_await router->complete(std::move(request), std::move(chain), std::move(context), Deadline::after(clock, live_deadline), check);
    const auto took = std::chrono::duration_cast<milliseconds>(clock.monotonic() - start);
    const auto* answer = std::get_if<llm::Answer>(&outcome);
    if (answer) {
        const llm::Usage& usage = answer->reply.usage;
        std::printf("  %-20s ok      %6lld ms  %5lld in  %5lld out  $%.5f  %s\n", target->name.c_str(),
                    static_cast<long long>(took.count()), static_cast<long long>(usage.input_tokens),
                    static_cast<long long>(usage.output_tokens), answer->cost_usd,
                    strip_invisible(truncate(answer->reply.model, 80)).c_str());
    } else {
        std::printf("  %-20s FAILED  %6lld ms  %s\n", target->name.c_str(), static_cast<long long>(took.count()),
                    strip_invisible(std::get<llm::NoAnswer>(outcome).note).c_str());
    }
    co_return answer != nullptr;
}

awaitable<int> call_all(Runtime& runtime, llm::Targets targets) {
    bool well = true;
    std::printf("One real call each:\n");
    for (const auto& target : targets) {
        const bool answered = co_await call_live(runtime, target);
        well = well && answered;
    }
    co_return well ? exit_ok : exit_failed;
}

}  // namespace

int test_llm(const LlmTestArguments& arguments) {
    log::set_level(log::Level::error);
    Runtime runtime = make_runtime();
    const auto config = load_or_explain(arguments.config, runtime);
    if (!config) return exit_configuration;
    llm::set_configured_classes(config->llm.classes);
    const auto& chains = config->llm.chains;
    if (!arguments.chain.empty() && !chains.contains(arguments.chain)) {
        std::fprintf(stderr, "there is no chain named %s\n", arguments.chain.c_str());
        return exit_usage;
    }
    bool well = true;
    llm::Targets targets;
    for (const auto& [name, chain] : chains) {
        if (!arguments.chain.empty() && name != arguments.chain) continue;
        well = test_chain(name, chain, config->llm.deadline) && well;
        for (const llm::Link& link : chain) {
            if (std::ranges::find(targets, link.target) == targets.end()) targets.push_back(link.target);
        }
    }
    if (arguments.live) well = run_to_end(runtime, call_all(runtime, std::move(targets))) == exit_ok && well;
    return well ? exit_ok : exit_failed;
}

}  // namespace gumshoe
