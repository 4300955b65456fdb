// Pages of SigNoz's interface. Always at the configured address: SigNoz's own idea of it is often http://localhost:8080.
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "integrations/signoz/codec.hpp"

namespace gumshoe::signoz {

namespace {

std::string times(Window window) {
    return "startTime=" + std::to_string(to_millis(window.from)) + "&endTime=" + std::to_string(to_millis(window.to));
}

}  // namespace

std::string rule_link(const Account& account, std::string_view id) {
    return account.api_url + "/alerts/overview?ruleId=" + url_encode(id);
}

std::string history_link(const Account& account, std::string_view id, Window window) {
    return account.api_url + "/alerts/history?ruleId=" + url_encode(id) + "&" + times(window);
}

std::string explorer_link(const Account& account, Signal signal, const std::string& expression, Window window) {
    const bool logs = signal == Signal::logs;
    const json query = {{"queryType", "builder"},
                        {"builder",
                         {{"queryData",
                           {{{"queryName", "A"},
                             {"expression", "A"},
                             {"dataSource", logs ? "logs" : "traces"},
                             {"aggregateOperator", "noop"},
                             {"disabled", false},
                             {"orderBy", {{{"columnName", "timestamp"}, {"order", "desc"}}}},
                             {"filters", {{"op", "AND"}, {"items", json::array()}}},
                             {"filter", {{"expression", expression}}}}}},
                          {"queryFormulas", json::array()}}}};
    // Encoded twice: so the page reads it.
    return account.api_url + (logs ? "/logs/logs-explorer" : "/traces-explorer") +
           "?compositeQuery=" + url_encode(url_encode(dump_json(query))) + "&" + times(window);
}

std::string service_link(const Account& account, std::string_view service, Window window) {
    return account.api_url + "/services/" + url_encode(service) + "?" + times(window);
}

std::string service_map_link(const Account& account) {
    return account.api_url + "/service-map";
}

std::string exceptions_link(const Account& account, Window window) {
    return account.api_url + "/exceptions?" + times(window);
}

}  // namespace gumshoe::signoz
