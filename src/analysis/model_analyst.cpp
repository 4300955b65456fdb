// The turn loop: pack, ask, read what it asks for, ask again; at a limit it must answer with what it has. Each turn and each fetch is a
// step.
#include "analysis/model_analyst.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "analysis/answer.hpp"
#include "analysis/claims.hpp"
#include "analysis/tools.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"

namespace gumshoe {

namespace {

constexpr auto time_to_answer = std::chrono::seconds(20);  // less than this left: no more tools

/// One router call as it is journaled.
struct Turn {
    bool answered = false;
    llm::Reply reply;
    std::string target;
    std::string note;
    double cost_usd = 0;
    std::vector<RouteAttempt> attempts;
    std::string rejected;  // nobody answered, but this came: a text that had not the form asked for
    std::string rejected_by;
};

json turn_to_json(const Turn& turn) {
    json attempts = json::array();
    for (const RouteAttempt& hop : turn.attempts) {
        attempts.push_back({{"target", hop.target}, {"class", hop.failure}, {"millis", hop.duration.count()}, {"cost_usd", hop.cost_usd}});
    }
    return {{"answered", turn.answered}, {"reply", llm::to_json_value(turn.reply)},
            {"target", turn.target},     {"note", turn.note},
            {"cost_usd", turn.cost_usd}, {"attempts", attempts},
            {"rejected", turn.rejected}, {"rejected_by", turn.rejected_by}};
}

result<Turn> turn_from_json(const json& value) {
    Turn turn;
    turn.answered = get_bool(value, "answered").value_or(false);
    turn.target = string_or_empty(value, "target");
    turn.note = string_or_empty(value, "note");
    turn.cost_usd = get_number(value, "cost_usd").value_or(0);
    turn.rejected = string_or_empty(value, "rejected");
    turn.rejected_by = string_or_empty(value, "rejected_by");
    if (const json* reply = find(value, "reply"); reply && turn.answered) {
        auto read = llm::reply_from_json(*reply);
        if (!read) return in_context("journaled turn", read.error());
        turn.reply = *read;
    }
    if (const json* attempts = find(value, "attempts"); attempts && attempts->is_array()) {
        for (const json& hop : *attempts) {
            turn.attempts.push_back({string_or_empty(hop, "target"), string_or_empty(hop, "class"),
                                     milliseconds(get_int(hop, "millis").value_or(0)), get_number(hop, "cost_usd").value_or(0)});
        }
    }
    return turn;
}

template <class Outcome>
Turn turn_of(Outcome outcome) {
    Turn turn;
    turn.note = outcome.note;
    turn.cost_usd = outcome.cost_usd;
    for (const llm::Hop& hop : outcome.hops) {
        const bool failed = hop.failure.failure != FailureClass::none;
        turn.attempts.push_back({hop.target, failed ? std::string(to_string(hop.failure.failure)) : "", hop.duration, hop.cost_usd});
    }
    return turn;
}

std::string suspects_text(const Finding& builtin) {
    std::string text;
    for (const Suspect& suspect : builtin.suspects) {
        if (text.size() > 1500) break;
        text += "- " + suspect.entity + " (" + suspect.kind + "), score " + dump_json(json(std::round(suspect.score * 100) / 100)) + " [" +
                join(suspect.evidence, "][") + "]\n";
    }
    for (const RankedChange& change : builtin.changes) {
        if (text.size() > 3000) break;
        text += "- change " + change.id.substr(0, 12) + " \"" + truncate(change.subject, 100) + "\": " + join(change.reasons, "; ") + "\n";
    }
    return text.empty() ? "none stands out\n" : text;
}

std::string topology_text(const Gathering& gathering) {
    std::string text;
    std::set<std::string> seen;
    for (const Gathered& gathered : gathering.results) {
        for (const Edge& edge : gathered.fetched.records.edges) {
            const std::string line = edge.caller + " -> " + edge.callee + "\n";
            if (text.size() < 1500 && seen.insert(line).second) text += line;
        }
    }
    return text.empty() ? "unknown\n" : text;
}

std::string coverage_text(const std::vector<Coverage>& coverage) {
    std::string text;
    for (const Coverage& entry : coverage) {
        if (entry.status == CoverageStatus::ok || entry.status == CoverageStatus::empty) continue;
        text += "- " + entry.query + ": " + std::string(to_string(entry.status)) + ", " + truncate(entry.reason, 160) + "\n";
    }
    return text.empty() ? "everything planned was read\n" : text;
}

std::string alert_text(const Subject& subject) {
    const Alert& alert = subject.alert;
    return "source: " + alert.source + "\ntitle: " + alert.title + "\nservice: " + alert.service + "\nenvironment: " + alert.environment +
           "\nseverity: " + std::string(to_string(alert.severity)) + "\nquery: " + truncate(alert.query, 400) +
           "\nstarted: " + format_rfc3339(alert.started_at) + "\nonset estimated: " + format_rfc3339(subject.onset) +
           "\nnow: " + format_rfc3339(subject.incident.to) + "\ntext: " + truncate(alert.body, 2000);
}

class Loop {
public:
    Loop(ModelAnalystInput input, const Prompts& prompts, llm::Router& router, std::vector<Source*> sources, Steps& steps,
         Scheduler& scheduler, Clock& clock, const Redactor& redactor)
        : input_(std::move(input)),
          prompts_(prompts),
          router_(router),
          sources_(std::move(sources)),
          steps_(steps),
          scheduler_(scheduler),
          clock_(clock),
          redactor_(redactor),
          evidence_(input_.evidence) {}

    task<ModelAnalysis> run();

private:
    result<void> open();
    task<Turn> ask(int number, bool last);
    task<StepOutput> ask_now(llm::Request request, std::string step);
    awaitable<std::string> serve(llm::ToolCall call);
    awaitable<std::string> fetch_more(ToolRequest wanted);
    std::string add_items(const Gathered& gathered);
    void account(const Turn& turn);
    Finding finish(Finding finding) const;
    void keep_rejected(const Turn& turn);

    ModelAnalystInput input_;
    const Prompts& prompts_;
    llm::Router& router_;
    std::vector<Source*> sources_;
    Steps& steps_;
    Scheduler& scheduler_;
    Clock& clock_;
    const Redactor& redactor_;

    std::vector<Evidence> evidence_;
    llm::Request request_;
    std::vector<Gathered> fetched_;
    std::set<std::string> asked_;
    std::string target_;
    std::string note_;
    std::vector<RouteAttempt> attempts_;
    double cost_usd_ = 0;
    int tool_calls_ = 0;
    std::vector<Aside> asides_;
};

result<void> Loop::open() {
    const std::string nonce = sha256_hex(input_.run + "/nonce").substr(0, 16);
    auto system = fill(prompts_.by_id.at("analyse"), {{"nonce", nonce}});
    if (!system) return system.error();
    auto user = fill(prompts_.by_id.at("case"), {{"nonce", nonce},
                                                 {"alert", alert_text(input_.subject)},
                                                 {"topology", topology_text(input_.gathering)},
                                                 {"suspects", suspects_text(input_.builtin)},
                                                 {"evidence", pack(evidence_, limits::pack_tokens)},
                                                 {"coverage", coverage_text(input_.gathering.coverage())}});
    if (!user) return user.error();
    llm::Message instructions;
    instructions.role = llm::Role::system;
    instructions.text = *system;
    llm::Message question;
    question.role = llm::Role::user;
    question.text = strip_invisible(sanitize_utf8(*user));
    request_.messages = {instructions, question};
    request_.tools = tools_for(input_.subject, sources_);
    request_.schema_name = "finding";
    request_.schema = prompts_.finding_schema;
    request_.purpose = "analysis";
    return {};
}

task<StepOutput> Loop::ask_now(llm::Request request, std::string step) {
    llm::RouteContext context;
    context.run = input_.run;
    context.step = step;
    context.team = input_.route.team;
    context.team_per_day_usd = input_.route.team_per_day_usd;
    if (input_.budget_usd > 0) {
        context.budget_usd = input_.budget_usd - cost_usd_;
        if (context.budget_usd <= 0) {
            Turn spent;
            spent.note = "the budget of this investigation is spent";
            co_return StepOutput{std::make_shared<const json>(turn_to_json(spent)), {}};
        }
    }
    llm::Router::Check check = [this](const llm::Reply& reply) -> result<void> {
        if (!reply.tool_calls.empty()) return {};
        auto laid = lay_answer(reply.text, input_.builtin);
        if (!laid) return laid.error();
        return {};
    };
    const auto found = input_.route.chains.find(request.purpose);
    llm::Chain chain = found == input_.route.chains.end() ? llm::Chain() : found->second;
    auto outcome = co_await router_.complete(std::move(request), std::move(chain), std::move(context), input_.deadline, std::move(check));
    Turn turn;
    if (auto* answer = std::get_if<llm::Answer>(&outcome)) {
        turn = turn_of(*answer);
        turn.answered = true;
        turn.reply = answer->reply;
        turn.target = answer->target;
    } else {
        const auto& none = std::get<llm::NoAnswer>(outcome);
        turn = turn_of(none);
        if (none.best_rejected) {
            turn.rejected = none.best_rejected->reply.text;
            turn.rejected_by = none.best_rejected->target;
        }
    }
    co_return StepOutput{std::make_shared<const json>(turn_to_json(turn)), {}};
}

task<Turn> Loop::ask(int number, bool last) {
    llm::Request request = request_;
    if (last) request.tool_choice = llm::ToolChoice::none;
    const std::string step = "llm/turn-" + std::to_string(number);
    json about = {{"messages", request.messages.size()}, {"last", last}, {"prompt", prompts_.hash}};
    std::function<task<StepOutput>()> work = [this, request, step] { return ask_now(request, step); };
    auto value = co_await steps_.step(step, std::move(about), std::move(work));
    if (!value) co_return value.error();
    co_return turn_from_json(**value);
}

void Loop::account(const Turn& turn) {
    target_ = turn.target;
    if (!turn.note.empty()) note_ = turn.note;
    cost_usd_ += turn.cost_usd;
    attempts_.insert(attempts_.end(), turn.attempts.begin(), turn.attempts.end());
}

std::string Loop::add_items(const Gathered& gathered) {
    Gathering one;
    one.results.push_back(gathered);
    std::string text;
    for (Evidence item : condense(input_.subject, one)) {
        const bool known = std::any_of(evidence_.begin(), evidence_.end(), [&](const Evidence& have) { return have.text == item.text; });
        if (known || evidence_.size() >= 2 * limits::evidence_items) continue;
        item.id = "E" + std::to_string(evidence_.size() + 1);
        text += pack({item}, 400);
        evidence_.push_back(std::move(item));
    }
    if (text.empty()) return "Nothing beyond the items you have.";
    return truncate(text, limits::tool_result_bytes);
}

awaitable<std::string> Loop::fetch_more(ToolRequest wanted) {
    for (Source* source : sources_) {
        const auto kinds = source->on_demand();
        if (std::find(kinds.begin(), kinds.end(), wanted.kind) == kinds.end()) continue;
        auto query = source->ask(wanted.kind, wanted.service, wanted.window, input_.subject);
        if (!query) continue;
        const std::string step = "tool/" + query->id;
        if (!asked_.insert(step).second) co_return "You asked this before; the items are above.";
        const Deadline deadline = Deadline::after(clock_, limits::fetch_total).earlier(input_.deadline);
        auto gathered = co_await gather_one(*query, *source, step, steps_, scheduler_, clock_, redactor_, deadline);
        if (!gathered) co_return "Not available: " + gathered.error().message;
        fetched_.push_back(*gathered);
        if (gathered->coverage.status == CoverageStatus::ok) co_return add_items(*gathered);
        co_return "The query came back " + std::string(to_string(gathered->coverage.status)) + ": " + gathered->coverage.reason;
    }
    co_return "No source can answer that.";
}

awaitable<std::string> Loop::serve(llm::ToolCall call) {
    auto wanted = read_tool_call(call, input_.subject);
    if (!wanted) co_return "Refused: " + wanted.error().message;
    if (wanted->detail) co_return detail_text(evidence_, wanted->evidence_id);
    co_return co_await fetch_more(*wanted);
}

Finding Loop::finish(Finding finding) const {
    finding.evidence = evidence_;
    finding.coverage = input_.gathering.coverage();
    for (const Gathered& gathered : fetched_) finding.coverage.push_back(gathered.coverage);
    finding.answered_by = target_;
    finding.route_note = note_;
    finding.attempts = attempts_;
    finding.cost_usd = cost_usd_;
    return finding;
}

/// An answer in a wrong form is worth showing if what it says stands up to the evidence all the same.
void Loop::keep_rejected(const Turn& turn) {
    auto laid = lay_answer(turn.rejected, input_.builtin);
    if (!laid) return;
    Finding said = finish(std::move(*laid));
    const CheckReport report = check_claims(said);
    if (!report.problems.empty() || std::ranges::none_of(said.claims, &Claim::verified)) return;
    asides_ = {{.summary = said.summary, .cause = said.cause.statement, .evidence = said.cause.evidence, .answered_by = turn.rejected_by}};
}

task<ModelAnalysis> Loop::run() {
    auto opened = open();
    if (!opened) co_return opened.error();
    bool repaired = false;
    ModelAnalysis analysis;
    for (int number = 1; number <= limits::analysis_turns; ++number) {
        const bool last = number == limits::analysis_turns || tool_calls_ >= limits::analysis_tool_calls ||
                          input_.deadline.remaining(clock_) < time_to_answer;
        auto turn = co_await ask(number, last);
        if (!turn) co_return turn.error();
        account(*turn);
        if (!turn->answered) {
            keep_rejected(*turn);
            break;
        }
        llm::Message said;
        said.role = llm::Role::assistant;
        said.text = turn->reply.text;
        said.tool_calls = turn->reply.tool_calls;
        said.opaque = turn->reply.opaque;
        said.opaque_target = turn->target;
        request_.messages.push_back(said);
        if (!turn->reply.tool_calls.empty()) {
            for (const llm::ToolCall& call : turn->reply.tool_calls) {
                ++tool_calls_;
                llm::Message told;
                told.role = llm::Role::tool;
                told.tool_call_id = call.id;
                told.text = "No more tool calls: answer now.";
                if (tool_calls_ <= limits::analysis_tool_calls) {
                    told.text = co_await serve(call);
                }
                request_.messages.push_back(std::move(told));
            }
            continue;
        }
        auto laid = lay_answer(turn->reply.text, input_.builtin);
        if (!laid) break;  // the router's check has refused it already
        Finding finding = finish(*laid);
        const CheckReport report = check_claims(finding);
        analysis.answered = true;
        analysis.finding = std::move(finding);
        const bool mendable = !report.problems.empty() && !repaired && number < limits::analysis_turns;
        if (!mendable || input_.deadline.remaining(clock_) < time_to_answer) break;
        repaired = true;
        auto complaint = fill(prompts_.by_id.at("repair"), {{"problems", "- " + join(report.problems, "\n- ")}});
        if (!complaint) co_return complaint.error();
        llm::Message back;
        back.role = llm::Role::user;
        back.text = *complaint;
        request_.messages.push_back(std::move(back));
        request_.purpose = "repair";
    }
    if (analysis.answered) {
        analysis.finding.cost_usd = cost_usd_;
        analysis.finding.attempts = attempts_;
    } else {
        target_ = "built-in";
        analysis.finding = finish(input_.builtin);
        fill_not_checked(analysis.finding);
        analysis.finding.asides = std::move(asides_);
    }
    analysis.fetched = std::move(fetched_);
    co_return analysis;
}

}  // namespace

task<ModelAnalysis> analyse_with_model(ModelAnalystInput input, const Prompts& prompts, llm::Router& router, std::vector<Source*> sources,
                                       Steps& steps, Scheduler& scheduler, Clock& clock, const Redactor& redactor) {
    Loop loop(std::move(input), prompts, router, std::move(sources), steps, scheduler, clock, redactor);
    co_return co_await loop.run();
}

}  // namespace gumshoe
