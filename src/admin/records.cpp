// Endpoints about deliveries (the webhook doctor) and the audit log; and what all endpoints share.
#include <nlohmann/json.hpp>

#include "admin/api.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace gumshoe {

HttpReply problem_of(const Error& error) {
    switch (error.code) {
        case errc::not_found:
            return problem(404, "Not Found", error.message);
        case errc::conflict:
            return problem(409, "Conflict", error.message);
        case errc::invalid_argument:
        case errc::parse:
            return problem(400, "Bad Request", error.message);
        case errc::storage:
        case errc::corrupt:
            return problem(503, "Store unavailable", error.message);
        default:
            return problem(500, "Internal Server Error", error.message);
    }
}

std::optional<Page> page_of(const AdminCall& call) {
    Page page;
    if (const auto cursor = call.query.find("cursor"); cursor != call.query.end()) page.cursor = cursor->second;
    if (const auto limit = call.query.find("limit"); limit != call.query.end()) {
        const json holder = {{"limit", limit->second}};
        const auto number = get_int(holder, "limit");
        if (!number || *number < 1 || *number > 500) return std::nullopt;
        page.limit = static_cast<std::size_t>(*number);
    }
    return page;
}

awaitable<HttpReply> AdminApi::deliveries(AdminCall call) {
    const auto page = page_of(call);
    if (!page) co_return problem(400, "Bad Request", "limit must be a number from 1 to 500");
    auto listed = co_await services_.store.deliveries(call.query["source"], call.query["verdict"], *page);
    if (!listed) co_return problem_of(listed.error());
    co_return json_reply(200,
                         "{\"items\":[" + join(listed->items, ",") + "],\"next_cursor\":" + dump_json(json(listed->next_cursor)) + "}");
}

awaitable<HttpReply> AdminApi::delivery(AdminCall call) {
    auto found = co_await services_.store.delivery(call.path["id"]);
    if (!found) co_return problem_of(found.error());
    co_return json_reply(200, *found);
}

awaitable<HttpReply> AdminApi::audit_log(AdminCall call) {
    const auto page = page_of(call);
    if (!page) co_return problem(400, "Bad Request", "limit must be a number from 1 to 500");
    auto listed = co_await services_.store.audit_log(*page);
    if (!listed) co_return problem_of(listed.error());
    co_return json_reply(200,
                         "{\"items\":[" + join(listed->items, ",") + "],\"next_cursor\":" + dump_json(json(listed->next_cursor)) + "}");
}

}  // namespace gumshoe
