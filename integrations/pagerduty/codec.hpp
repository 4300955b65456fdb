// PagerDuty's REST API as pure functions: what we ask (requests.cpp) and what we read out of the answers (responses.cpp, changes.cpp).
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/secret.hpp"
#include "evidence/records.hpp"
#include "io/http_message.hpp"

namespace gumshoe::pagerduty {

struct Account {
    std::string api_url;
    Secret token;
    std::string from;  // the address on what we write; "" when we do not
};

/// PagerDuty's ids are opaque: letters and digits, at most 64.
bool is_id(std::string_view text);
/// An http(s) address without spaces or control characters, at most 4 KiB.
bool is_web_link(std::string_view text);
/// Without control characters, in one line, cut.
std::string one_line(std::string_view text, std::size_t most);

// Requests. Ids are checked by the caller (is_id) and percent-encoded here.

inline constexpr std::size_t page_size = 100;

HttpRequest incident_request(const Account& account, std::string_view incident);
HttpRequest alerts_request(const Account& account, std::string_view incident, std::size_t offset);
HttpRequest log_request(const Account& account, std::string_view incident, std::size_t offset);
HttpRequest notes_request(const Account& account, std::string_view incident);
HttpRequest note_request(const Account& account, std::string_view incident, std::string_view content);
HttpRequest past_incidents_request(const Account& account, std::string_view incident);
HttpRequest related_incidents_request(const Account& account, std::string_view incident);
HttpRequest related_changes_request(const Account& account, std::string_view incident);  // the newest hundred: it has no pages
HttpRequest service_changes_request(const Account& account, std::string_view service, Window window, std::size_t offset);
HttpRequest resolved_incidents_request(const Account& account, std::string_view service, Window window, std::size_t offset);
HttpRequest services_request(const Account& account, std::string_view name);
HttpRequest service_request(const Account& account, std::string_view service);
HttpRequest dependencies_request(const Account& account, std::string_view service);
HttpRequest oncalls_request(const Account& account, std::string_view escalation_policy, std::size_t offset);
HttpRequest any_service_request(const Account& account);

// Responses.

/// Why PagerDuty refused, and how long it told us to wait when waiting helps.
struct Refusal {
    Error error;
    std::optional<milliseconds> wait;
};
/// Nullopt for a 2xx. `what` names the call in words: "the notes of incident Q1". An optional feature is not in every plan: whatever
/// way the account lacks it is `unsupported`.
std::optional<Refusal> refusal(const HttpResponse& response, std::string_view what, bool optional_feature = false);
/// Whether a list goes on behind this page.
bool has_more(const json& body);

/// PagerDuty's names of services and the ones that we ask about: the same but for case, spaces, punctuation and what people add
/// ("Checkout Service", "checkout-svc", "Checkout (prod)").
class ServiceNames {
public:
    /// Of the names we ask about, one a line.
    explicit ServiceNames(std::string_view known = {});
    /// Ours, or PagerDuty's own name where we know none.
    std::string ours(std::string_view theirs) const;
    static bool same(std::string_view a, std::string_view b);
    /// What to search PagerDuty's services by: its search finds parts of a name as they are written, so one word of it.
    static std::string search_word(std::string_view ours);

private:
    static std::string shape_of(std::string_view name);

    std::map<std::string, std::string> by_shape_;
};

struct ServiceReference {
    std::string id;
    std::string name;
    std::string link;
};
struct Dependency {
    ServiceReference dependent;  // names may be missing
    ServiceReference supporting;
};
struct Note {
    std::string content;
    std::string user;
    Timestamp at{};
};
struct Alerts {
    std::vector<Fact> facts;
    std::vector<std::string> references;
};
struct Changes {
    std::vector<Change> changes;
    std::vector<CodeLocation> code;
};

// Errors: bad_reply, naming the field. `entity` is the service that records are about.
result<Fact> read_incident(const json& body, const std::string& entity);
std::vector<std::string> incident_references(const json& body);
result<Alerts> read_alerts(const json& body, const std::string& entity);
/// "10:00:05 Triggered through Datadog", one an entry, as PagerDuty lists them: newest first.
result<std::vector<std::string>> read_log(const json& body);
result<std::vector<Note>> read_notes(const json& body);
result<std::vector<PastIncident>> read_past_incidents(const json& body, const std::string& entity);
result<std::vector<PastIncident>> read_resolved_incidents(const json& body, const std::string& entity);
result<std::vector<Fact>> read_related_incidents(const json& body, const ServiceNames& names);
result<std::vector<std::string>> read_oncalls(const json& body);
result<std::vector<ServiceReference>> read_services(const json& body);
result<ServiceReference> read_service(const json& body);
result<std::vector<Dependency>> read_dependencies(const json& body);
/// `entity` is the service of a change that names none.
result<Changes> read_changes(const json& body, const std::string& entity, const ServiceNames& names);

/// "deploy", "flag" or "config", by what the change says of itself.
std::string kind_of_change(std::string_view words);
/// "key: value" lines of an object's fields, nested ones with dots; a text is itself. Bounded.
std::vector<std::string> detail_lines(const json& value);
/// What a sender told, in `details` (an object or a text) and `cef_details` of an alert's body or a log entry's channel.
std::string details_text(const json& holder);
/// `html_url`, when it is a page of PagerDuty itself.
std::string page_of(const json& value);
/// Links and dedup keys anywhere in it, by which other tools know this outage. Bounded.
void add_references(const json& value, std::vector<std::string>& references);

}  // namespace gumshoe::pagerduty
