// Answers of Datadog's API as neutral records, pure. Every field may be missing; ids stay text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/records.hpp"
#include "integrations/datadog/requests.hpp"
#include "io/http_message.hpp"

namespace gumshoe::datadog {

/// Nothing when the status is 2xx. Reads both error shapes; `permission` is what the application key needs for this call.
std::optional<Error> read_error(const HttpResponse& response, std::string_view permission);
/// Seconds until the limit is lifted, from X-RateLimit-Reset.
std::optional<seconds> rate_limit_reset(const HttpResponse& response);

/// Where the next page of a search starts; "" after the last one.
struct Page {
    std::string cursor;
    bool partial = false;  // Datadog gave up before it had seen everything
};
/// Logs and spans also tell which code wrote them.
result<Page> read_logs(const HttpResponse& response, Records& records);
result<Page> read_spans(const HttpResponse& response, Records& records);
/// Deploys and flag changes become changes, the rest facts. Links go to `app_url`.
result<Page> read_events(const HttpResponse& response, const std::string& app_url, Records& records);

/// `queries` as they were asked. A percentile's series has our name; one of a monitor's own query has Datadog's.
result<void> read_metrics(const HttpResponse& response, const std::vector<MetricQuery>& queries, Records& records);

/// Callers and callees within two steps of `service`.
result<void> read_dependencies(const HttpResponse& response, const std::string& service, Records& records);

/// Where the code of `service` is, and what it depends on, as the catalogue states it; nothing when it has no entry.
result<void> read_entity(const HttpResponse& response, const std::string& service, Records& records);
result<void> read_definition(const HttpResponse& response, const std::string& service, Records& records);

struct Monitor {
    std::string id;
    std::string name;
    std::string type;  // "query alert"
    std::string query;
    std::string state;  // "Alert"
    Fact fact;          // all of it in a sentence
};
result<Monitor> read_monitor(const HttpResponse& response, const std::string& entity, const std::string& app_url);

}  // namespace gumshoe::datadog
