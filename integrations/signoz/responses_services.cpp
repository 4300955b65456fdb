// Services, who calls whom, exceptions: the endpoints that take nanoseconds and mostly answer with bare arrays.
#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.hpp"
#include "integrations/signoz/codec.hpp"
#include "integrations/signoz/response_fields.hpp"

namespace gumshoe::signoz {

namespace {

double figure(const json& object, const char* key) {
    const json* value = member(object, key);
    return value == nullptr ? 0 : std::max(0.0, finite(*value).value_or(0));
}

result<json> read_list(const HttpResponse& response, const char* what) {
    auto data = read_data(response);
    if (!data) return data.error();
    if (data->is_null()) return json(json::array());
    if (!data->is_array()) return Error{errc::bad_reply, std::string("SigNoz's answer about ") + what + " is no list"};
    return data;
}

/// Two decimals, none that are zero.
std::string rounded(double value) {
    return decimal(std::round(value * 100) / 100);
}

std::string milliseconds_text(double nanos) {
    return decimal(std::round(nanos / 1e6)) + " ms";
}

bool contains(const std::vector<std::string>& list, const std::string& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

result<std::vector<ServiceFigures>> read_services(const HttpResponse& response) {
    const auto list = read_list(response, "services");
    if (!list) return list.error();
    std::vector<ServiceFigures> services;
    for (const json& item : *list) {
        ServiceFigures service;
        service.name = one_line(string_or_empty(item, "serviceName"), 200);
        service.calls_per_second = figure(item, "callRate");
        const double calls = figure(item, "numCalls");
        service.error_percent = calls > 0 ? 100 * figure(item, "numErrors") / calls : figure(item, "errorRate");
        service.p99_nanos = figure(item, "p99");
        if (!service.name.empty()) services.push_back(std::move(service));
    }
    return services;
}

void compare_services(const std::vector<ServiceFigures>& before, const std::vector<ServiceFigures>& now,
                      const std::vector<std::string>& around, const Account& account, Window window, Records& records) {
    for (const ServiceFigures& service : now) {
        const auto same = std::find_if(before.begin(), before.end(), [&](const auto& other) { return other.name == service.name; });
        if (same == before.end() || !contains(around, service.name)) continue;
        const bool fails = service.error_percent >= 1 && service.error_percent >= 2 * same->error_percent;
        const bool dawdles = service.p99_nanos >= 50e6 && service.p99_nanos >= 2 * same->p99_nanos;
        if (!fails && !dawdles) continue;
        Fact fact;
        fact.entity = service.name;
        fact.text = service.name + " as SigNoz counts it: errors " + rounded(service.error_percent) + " % of calls (" +
                    rounded(same->error_percent) + " % before), p99 " + milliseconds_text(service.p99_nanos) + " (" +
                    milliseconds_text(same->p99_nanos) + " before), " + rounded(service.calls_per_second) + " calls/s (" +
                    rounded(same->calls_per_second) + " before)";
        fact.at = window.from;
        fact.link = service_link(account, service.name, window);
        records.facts.push_back(std::move(fact));
    }
}

result<void> read_dependencies(const HttpResponse& response, const std::string& service, Records& records) {
    const auto list = read_list(response, "dependencies");
    if (!list) return list.error();
    std::vector<Edge> all;
    for (const json& item : *list) {
        Edge edge{one_line(string_or_empty(item, "parent"), 200), one_line(string_or_empty(item, "child"), 200)};
        if (!edge.caller.empty() && !edge.callee.empty() && edge.caller != edge.callee) all.push_back(std::move(edge));
    }
    std::set<std::string> near{service};
    for (int step = 0; step < 2; ++step) {
        std::set<std::string> next = near;
        for (const Edge& edge : all) {
            if (near.contains(edge.caller)) next.insert(edge.callee);
            if (near.contains(edge.callee)) next.insert(edge.caller);
        }
        near = std::move(next);
    }
    for (Edge& edge : all) {
        if (near.contains(edge.caller) && near.contains(edge.callee)) records.edges.push_back(std::move(edge));
    }
    return {};
}

result<void> read_exceptions(const HttpResponse& response, const std::vector<std::string>& services, const Account& account, Window window,
                             Timestamp since, Records& records) {
    constexpr std::size_t most = 5;
    const auto list = read_list(response, "exceptions");
    if (!list) return list.error();
    for (const json& item : *list) {
        const std::string service = one_line(string_or_empty(item, "serviceName"), 200);
        const json* first = member(item, "firstSeen");
        const auto nano = first == nullptr ? std::nullopt : nanos(*first);
        if (!nano || !contains(services, service) || from_millis(*nano / 1'000'000) < since) continue;
        Fact fact;
        fact.entity = service;
        fact.at = from_millis(*nano / 1'000'000);
        const std::string message = one_line(string_or_empty(item, "exceptionMessage"), 200);
        fact.text = service + " threw " + one_line(string_or_empty(item, "exceptionType"), 120) +
                    (message.empty() ? std::string() : " \"" + message + "\"") + " " +
                    std::to_string(get_int(item, "exceptionCount").value_or(1)) + " times, first at " + format_clock(fact.at) +
                    ", not once in the " + format_duration(fact.at - window.from) + " before";
        fact.link = exceptions_link(account, window);
        if (records.facts.size() < most) records.facts.push_back(std::move(fact));
    }
    return {};
}

}  // namespace gumshoe::signoz
