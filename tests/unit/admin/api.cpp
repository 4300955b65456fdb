// The admin API over a real store: credentials, routes, problems; and its description held against the table of routes.
#include "admin/api.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "alert/intake_store.hpp"
#include "base/embedded.hpp"
#include "delivery/outbox.hpp"
#include "queue/queue.hpp"
#include "store/database.hpp"
#include "store/store.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/process.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

class QuietRouter final : public llm::Router {
public:
    std::vector<std::string> released;

    awaitable<std::variant<llm::Answer, llm::NoAnswer>> complete(llm::Request, llm::Chain, llm::RouteContext, Deadline, Check) override {
        co_return llm::NoAnswer{};
    }
    task<void> recover() override { co_return result<void>{}; }
    std::vector<Quarantine> quarantines() const override { return {{"account:abc", "account_dead", "deactivated", {}, {}, 1}}; }
    task<void> release(std::string scope) override {
        released.push_back(std::move(scope));
        co_return result<void>{};
    }
    awaitable<std::vector<llm::Prospect>> dry_run(llm::Request, llm::Chain, llm::RouteContext) override {
        co_return std::vector<llm::Prospect>{};
    }
    void drill(std::string, FailureClass, int) override {}
    std::vector<llm::TargetState> snapshot(const llm::Targets&) const override { return {}; }
    task<void> reset(std::shared_ptr<const llm::Target>) override { co_return result<void>{}; }
};

struct House {
    Scratch scratch;
    std::unique_ptr<EventLoop> loop = make_event_loop();
    Store store = *open_sqlite_store((scratch / "test.db").string(), *loop);
    QuietRouter router;
    int woken = 0;
    AdminApi api{AdminServices{*store.admin,
                               *store.investigations,
                               *store.journal,
                               *store.attempts,
                               router,
                               loop->clock(),
                               {make_admin_token("reader", Secret("reader-token-0001"), {"read"}),
                                make_admin_token("root", Secret("root-token-00001"), {"admin"})},
                               {{"default", {"main"}}},
                               {{"main", "openai gpt-5.1"}},
                               [this] { ++woken; },
                               [] { return true; },
                               [] { return std::vector<Sample>{{"gumshoe_x_total", "", 2}}; }}};

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

std::string problem_detail(const HttpReply& reply) {
    return json::parse(reply.body).value("detail", std::string());
}

}  // namespace

TEST_CASE("the API's description and its routes are the same list") {
    House house;
    const json described = json::parse(*embedded_file("docs/openapi.json"));
    std::set<std::string> from_file;
    for (const auto& [path, methods] : described.at("paths").items()) {
        for (const auto& [method, operation] : methods.items()) {
            std::string scope;
            if (!operation.at("security").empty()) scope = operation.at("security")[0].at("bearer")[0].get<std::string>();
            std::string upper = method;
            for (char& c : upper) c = static_cast<char>(std::toupper(c));
            from_file.insert(upper + " " + path + " " + scope);
        }
    }
    std::set<std::string> from_table;
    for (const AdminRoute& route : house.api.routes()) from_table.insert(route.method + " " + route.pattern + " " + route.scope);
    CHECK(from_file == from_table);
}

TEST_CASE("every route but health asks for a token with its scope") {
    House house;
    for (const AdminRoute& route : house.api.routes()) {
        CAPTURE(route.method, route.pattern);
        std::string path = route.pattern;
        if (const auto at = path.find("{id}"); at != std::string::npos) path.replace(at, 4, "inv_none");
        const int open = house.call(route.method, path, "").status;
        CHECK((route.scope.empty() ? open == 200 : open == 401));
        if (route.scope.empty()) continue;
        CHECK(house.call(route.method, path, "wrong-token-00001").status == 401);
        const int as_reader = house.call(route.method, path, "reader-token-0001").status;
        CHECK((route.scope == "read" ? as_reader != 403 : as_reader == 403));
    }
    CHECK(house.call("GET", "/nowhere", "").status == 401);  // no token: not even what exists
    CHECK(house.call("GET", "/nowhere").status == 404);
    const HttpReply wrong = house.call("DELETE", "/api/v1/investigations");
    CHECK(wrong.status == 405);
    CHECK(wrong.headers.find("Allow") == "GET");
}

TEST_CASE("what was recorded comes back, and a run that does not exist is a problem") {
    House house;
    const std::string id = house.finished_investigation();
    const std::string one = "/api/v1/investigations/" + id;
    CHECK(json::parse(house.call("GET", "/api/v1/investigations?service=checkout").body).at("items").size() == 1);
    CHECK(json::parse(house.call("GET", "/api/v1/investigations?service=payments").body).at("items").empty());
    CHECK(json::parse(house.call("GET", one).body).at("state") == "done");
    CHECK(json::parse(house.call("GET", one + "/evidence").body).at("evidence").size() == 1);
    CHECK(json::parse(house.call("GET", one + "/runs").body).at("runs").size() == 1);
    CHECK(house.call("GET", one + "/evidence?run=run_none").status == 404);
    CHECK(house.call("GET", "/api/v1/investigations/inv_none").status == 404);
    CHECK(house.call("GET", "/api/v1/investigations?limit=0").status == 400);
    CHECK(house.call("GET", "/api/v1/investigations?since=yesterday").status == 400);
    CHECK(house.call("GET", "/metrics").body.find("# TYPE gumshoe_x_total counter\ngumshoe_x_total 2") != std::string::npos);
}

TEST_CASE("a replay is asked for once, however often it is sent") {
    House house;
    const std::string replay = "/api/v1/investigations/" + house.finished_investigation() + "/replay";
    const std::string token = "root-token-00001";
    CHECK(problem_detail(house.call("POST", replay, token, "{}")).find("Idempotency-Key") != std::string::npos);
    CHECK(house.call("POST", replay, token, R"({"mode":"warm"})", "k0").status == 400);
    CHECK(house.call("POST", replay, token, R"({"modus":"live"})", "k0").status == 400);
    CHECK(house.call("POST", replay, token, R"({"chain":"none"})", "k0").status == 400);
    CHECK(house.woken == 0);
    const HttpReply first = house.call("POST", replay, token, R"({"mode":"frozen"})", "k1");
    REQUIRE(first.status == 202);
    CHECK(house.woken == 1);
    const HttpReply again = house.call("POST", replay, token, R"({"mode":"frozen"})", "k1");
    CHECK(json::parse(again.body).at("id") == json::parse(first.body).at("id"));
    CHECK(house.call("POST", replay, token, "{}", "k2").status == 409);  // one is under way
    CHECK_FALSE(json::parse(house.call("GET", "/api/v1/audit").body).at("items").empty());
}

TEST_CASE("a quarantine is released with an audit row") {
    House house;
    CHECK(house.call("POST", "/api/v1/llm/release", "root-token-00001", "{}").status == 400);
    CHECK(house.call("POST", "/api/v1/llm/release", "root-token-00001", R"({"scope":"account:abc"})").status == 200);
    CHECK(house.router.released == std::vector<std::string>{"account:abc"});
    const std::string log = house.call("GET", "/api/v1/audit").body;
    CHECK(log.find("llm.release") != std::string::npos);
    CHECK(log.find("root") != std::string::npos);
}
