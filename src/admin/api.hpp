// The admin API: a table of routes, each with the scope it asks for. docs/openapi.json describes it; a test holds the two together.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/admin_store.hpp"
#include "admin/tokens.hpp"
#include "base/clock.hpp"
#include "investigation/journal.hpp"
#include "investigation/store.hpp"
#include "io/http_message.hpp"
#include "llm/attempt_store.hpp"
#include "llm/router.hpp"

namespace gumshoe {

/// What the API reads and sets going. All outlive it.
struct AdminServices {
    AdminStore& store;
    InvestigationStore& investigations;
    Journal& journal;
    AttemptStore& attempts;
    llm::Router& router;
    Clock& clock;
    std::vector<AdminToken> tokens = {};
    llm::Targets targets = {};                                 // all; several of one name are its keys
    std::map<std::string, llm::Chain> chains = {};             // by name
    std::map<std::string, double> teams = {};                  // what each may spend a day, USD; 0: no limit
    std::map<std::string, const llm::Dialect*> dialects = {};  // by provider, of all that this build speaks
    std::function<void()> on_work = {};                        // a run was queued
    std::function<bool()> ready = {};                          // false while draining
    std::function<std::vector<Sample>()> samples = {};         // of the process: uptime, requests, RSS, what the models did
};

/// One request that found its route.
struct AdminCall {
    RawRequest request;
    std::map<std::string, std::string> path;   // {id} -> value
    std::map<std::string, std::string> query;  // decoded
    std::string actor;                         // token name
};

struct AdminRoute {
    std::string method;
    std::string pattern;  // "/api/v1/investigations/{id}"
    std::string scope;    // "" is open to all
    std::function<awaitable<HttpReply>(AdminCall)> handle;
};

class AdminApi {
public:
    explicit AdminApi(AdminServices services);

    awaitable<HttpReply> handle(RawRequest request);
    const std::vector<AdminRoute>& routes() const { return routes_; }

private:
    awaitable<HttpReply> health(AdminCall call);
    awaitable<HttpReply> readiness(AdminCall call);
    awaitable<HttpReply> metrics(AdminCall call);
    awaitable<HttpReply> openapi(AdminCall call);
    awaitable<HttpReply> investigations(AdminCall call);
    awaitable<HttpReply> investigation(AdminCall call);
    awaitable<HttpReply> evidence(AdminCall call);
    awaitable<HttpReply> attempts(AdminCall call);
    awaitable<HttpReply> runs(AdminCall call);
    awaitable<HttpReply> steps(AdminCall call);
    awaitable<HttpReply> case_file(AdminCall call);
    awaitable<HttpReply> diff(AdminCall call);
    awaitable<HttpReply> replay(AdminCall call);
    awaitable<HttpReply> cancel(AdminCall call);
    awaitable<HttpReply> deliveries(AdminCall call);
    awaitable<HttpReply> delivery(AdminCall call);
    awaitable<HttpReply> audit_log(AdminCall call);
    awaitable<HttpReply> llm_targets(AdminCall call);
    awaitable<HttpReply> llm_release(AdminCall call);
    awaitable<HttpReply> llm_dry_run(AdminCall call);
    awaitable<HttpReply> llm_drill(AdminCall call);
    awaitable<HttpReply> llm_reset(AdminCall call);
    awaitable<HttpReply> llm_classify(AdminCall call);

    task<RunRow> run_of(AdminCall call);
    /// Before what it tells of is done: a change nobody can look up is none. `detail` is JSON.
    task<void> audit(AdminCall call, std::string action, std::string subject, std::string detail);

    AdminServices services_;
    std::vector<AdminRoute> routes_;
};

/// The problem document for an error of ours.
HttpReply problem_of(const Error& error);

/// ?cursor= and ?limit= of a listing; nothing when the limit is not a number from 1 to 500.
std::optional<Page> page_of(const AdminCall& call);

}  // namespace gumshoe
