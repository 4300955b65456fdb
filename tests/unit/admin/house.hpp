// The admin API over a real store and a router that says what it is told to say.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "admin/api.hpp"
#include "alert/intake_store.hpp"
#include "delivery/outbox.hpp"
#include "llm/classify.hpp"
#include "queue/queue.hpp"
#include "store/database.hpp"
#include "store/store.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/process.hpp"

namespace gumshoe::test {

class ToldRouter final : public llm::Router {
public:
    std::vector<Quarantine> quarantined = {{"account:abc", "account_dead", "deactivated", {}, {}, 1}};
    std::vector<llm::TargetState> states;
    std::vector<llm::Prospect> prospects;
    std::vector<std::string> told;  // what was asked of it: "release account:abc", "drill main timeout 3"
    llm::Request dry;               // the request of the last dry run
    llm::RouteContext dry_context;

    awaitable<std::variant<llm::Answer, llm::NoAnswer>> complete(llm::Request, llm::Chain, llm::RouteContext, Deadline, Check) override {
        co_return llm::NoAnswer{};
    }
    task<void> recover() override { co_return result<void>{}; }
    std::vector<Quarantine> quarantines() const override { return quarantined; }
    task<void> release(std::string scope) override {
        told.push_back("release " + scope);
        co_return result<void>{};
    }
    awaitable<std::vector<llm::Prospect>> dry_run(llm::Request request, llm::Chain, llm::RouteContext context) override {
        dry = std::move(request);
        dry_context = std::move(context);
        co_return prospects;
    }
    void drill(std::string target, FailureClass failure, int times) override {
        told.push_back("drill " + target + " " + std::string(to_string(failure)) + " " + std::to_string(times));
    }
    std::vector<llm::TargetState> snapshot(const llm::Targets&) const override { return states; }
    double retry_tokens() const override { return 7.5; }
    task<void> reset(std::shared_ptr<const llm::Target> target) override {
        told.push_back("reset " + target->name + " " + target->account);
        co_return result<void>{};
    }
};

/// Reads errors by the router's table; a body {"answer": "..."} is an answer, an event stream of "data: ..." too.
class PlainDialect final : public llm::Dialect {
public:
    std::string_view provider() const override { return "openai"; }
    std::string_view default_api_url() const override { return "http://vendor.test"; }
    HttpRequest build(const llm::Request&, const llm::Target&, bool) const override { return {}; }
    std::variant<llm::Reply, Failure> read(const HttpResponse& response) const override {
        const auto body = parse_json(response.body);
        if (response.status == 200 && body && body->contains("answer")) {
            llm::Reply reply;
            reply.text = string_or_empty(*body, "answer");
            return reply;
        }
        return llm::classify_response("openai", response);
    }
    std::unique_ptr<llm::StreamReader> stream_reader() const override {
        class Reader final : public llm::StreamReader {
        public:
            bool feed(std::string_view bytes) override {
                reply_.text += bytes;
                return true;
            }
            std::variant<llm::Reply, Failure> finish() override { return reply_; }

        private:
            llm::Reply reply_;
        };
        return std::make_unique<Reader>();
    }
    std::optional<HttpRequest> probe(const llm::Target&) const override { return std::nullopt; }
};

struct House {
    Scratch scratch;
    std::unique_ptr<EventLoop> loop = make_event_loop();
    Store store = *open_sqlite_store((scratch / "test.db").string(), *loop);
    ToldRouter router;
    PlainDialect dialect;
    llm::Targets targets = {named("main", "first key"), named("main", "second key"), named("second", "b")};
    int woken = 0;
    AdminApi api{AdminServices{.store = *store.admin,
                               .investigations = *store.investigations,
                               .journal = *store.journal,
                               .attempts = *store.attempts,
                               .router = router,
                               .clock = loop->clock(),
                               .tokens = {make_admin_token("reader", Secret("reader-token-0001"), {"read"}),
                                          make_admin_token("root", Secret("root-token-00001"), {"admin"})},
                               .targets = targets,
                               .chains = {{"default", llm::in_order(targets)}},
                               .teams = {{"payments", 5}},
                               .dialects = {{"openai", &dialect}},
                               .on_work = [this] { ++woken; },
                               .ready = [] { return true; },
                               .samples = [] { return std::vector<Sample>{{"gumshoe_x_total", "", 2}}; }}};

    static std::shared_ptr<const llm::Target> named(std::string name, std::string account) {
        auto target = std::make_shared<llm::Target>();
        target->name = std::move(name);
        target->account = std::move(account);
        target->provider = "openai";
        target->model = "gpt-5.1";
        return target;
    }

    HttpReply call(std::string method, std::string path, std::string token = "root-token-00001", std::string body = "",
                   std::string key = "") {
        RawRequest request;
        request.method = std::move(method);
        const auto mark = path.find('?');
        request.path = path.substr(0, mark);
        if (mark != std::string::npos) request.query = path.substr(mark + 1);
        if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
        if (!key.empty()) request.headers.add("Idempotency-Key", key);
        request.body = std::move(body);
        return run(*loop, api.handle(std::move(request)));
    }

    std::string finished_investigation() {
        Alert alert;
        alert.source = "datadog";
        alert.title = "checkout is slow";
        alert.service = "checkout";
        alert.fingerprint = "f1";
        alert.episode = "e1";
        auto run_row = run(*loop, store.investigations->start(alert, loop->clock().now()));
        auto job = run(*loop, store.queue->claim({"run"}, "boot", std::chrono::seconds(60)));
        const Fence fence = (*job)->fence;
        run(*loop, store.investigations->begin(fence, run_row->id, loop->clock().now()));
        run(*loop, store.investigations->complete(fence, run_row->id, R"({"version":1,"evidence":[{"id":"E1"}],"coverage":[]})", true,
                                                  loop->clock().now()));
        run(*loop, store.queue->finish(fence));
        return run_row->investigation;
    }
};

inline std::string problem_detail(const HttpReply& reply) {
    return json::parse(reply.body).value("detail", std::string());
}

}  // namespace gumshoe::test
