// A router that answers as a test says, and keeps what it was asked.
#pragma once

#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "llm/router.hpp"

namespace gumshoe::test {

class ScriptedRouter final : public llm::Router {
public:
    std::deque<std::string> answers;  // one after the other; none left: nobody answers
    std::string rejected;             // what nobody's answer came to, if anything
    std::vector<std::string> asked;   // "analysis: main second; payments 5"

    awaitable<std::variant<llm::Answer, llm::NoAnswer>> complete(llm::Request request, llm::Chain chain, llm::RouteContext context,
                                                                 Deadline, Check check) override {
        std::string line = request.purpose + ":";
        for (const llm::Link& link : chain) line += " " + link.target->name;
        if (!context.team.empty()) line += "; " + context.team + " " + std::to_string(static_cast<int>(context.team_per_day_usd));
        asked.push_back(std::move(line));
        if (!answers.empty()) {
            llm::Answer answer;
            answer.reply.text = answers.front();
            answer.target = "main";
            answers.pop_front();
            if (!check || check(answer.reply)) co_return answer;
        }
        llm::NoAnswer none;
        none.note = "no model answered";
        if (!rejected.empty()) {
            none.best_rejected.emplace();
            none.best_rejected->reply.text = rejected;
            none.best_rejected->target = "second";
        }
        co_return none;
    }
    task<void> recover() override { co_return result<void>(); }
    std::vector<Quarantine> quarantines() const override { return {}; }
    task<void> release(std::string) override { co_return result<void>(); }
    awaitable<std::vector<llm::Prospect>> dry_run(llm::Request, llm::Chain, llm::RouteContext) override {
        co_return std::vector<llm::Prospect>{};
    }
    void drill(std::string, FailureClass, int) override {}
    std::vector<llm::TargetState> snapshot(const llm::Targets&) const override { return {}; }
    task<void> reset(std::shared_ptr<const llm::Target>) override { co_return result<void>(); }
    double retry_tokens() const override { return 20; }
};

}  // namespace gumshoe::test
