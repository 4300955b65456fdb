// Runs the queries of the plan: which calls, in what order, when to stop; the codec does the rest.
#include "integrations/pagerduty/evidence.hpp"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/text.hpp"
#include "integrations/pagerduty/client.hpp"
#include "integrations/pagerduty/note.hpp"
#include "integrations/pagerduty/plan.hpp"

namespace gumshoe::pagerduty {
namespace {

constexpr std::size_t pages_read = 3;
constexpr std::size_t log_entries_kept = 20;
constexpr std::size_t notes_kept = 10;
constexpr std::size_t incidents_opened = 3;  // past ones whose notes are read
constexpr std::size_t services_named = 10;   // of the service map, which names ids

// A query with its arguments checked, and what one fetch collects.
struct Job {
    Query query;
    ServiceNames names;
    Fetched fetched;

    std::string argument(const char* name) const {
        const auto found = query.arguments.find(name);
        return found == query.arguments.end() ? std::string() : found->second;
    }
    std::string incident() const { return argument(argument::incident); }
    std::string named(const std::string& what) const { return what + " of incident " + incident(); }
    void keep_raw(const Answer& answer) {
        const auto room = limits::raw_bytes_per_query - std::min(fetched.raw.size(), limits::raw_bytes_per_query);
        fetched.raw += answer.bytes.substr(0, room);
    }
};

/// How to ask for the page at an offset, and what to do with it: true when that is enough.
struct Listing {
    std::string what;
    bool optional_feature = false;
    std::size_t pages = pages_read;
    std::function<HttpRequest(std::size_t offset)> request;
    std::function<result<bool>(const json& body)> take;
};

/// Adds what a page holds, up to `most`: true when there is no room for more.
template <class T>
result<bool> add_all(result<std::vector<T>> read, std::vector<T>& to, std::size_t most = limits::records_per_query) {
    if (!read) return read.error();
    for (T& item : *read) {
        if (to.size() == most) return true;
        to.push_back(std::move(item));
    }
    return false;
}

class PagerdutySource final : public Source {
public:
    PagerdutySource(Account account, HttpClient& http, Clock& clock) : account_(std::move(account)), client_(http, clock) {}

    std::string_view name() const override { return "pagerduty"; }
    std::vector<Query> plan(const Subject& subject) const override { return first_round(subject); }
    std::vector<Query> follow_up(const Subject& subject, const Records& found) const override { return second_round(subject, found); }
    std::vector<QueryKind> on_demand() const override { return {QueryKind::events, QueryKind::history}; }
    result<Query> ask(QueryKind kind, std::string service, Window window, const Subject& subject) const override {
        return question(kind, service, window, subject);
    }

    task<Fetched> fetch(Query query, Deadline deadline) override {
        Job job;
        job.query = std::move(query);
        job.names = ServiceNames(job.argument(argument::known));
        const std::string ask = job.argument(argument::ask);
        const bool of_service = ask == "changes" || ask == "dependencies" || ask == "resolved_incidents";
        const std::string subject = ask == "oncall" ? job.argument(argument::policy) : job.incident();
        if (!of_service && !is_id(subject)) co_return Error{errc::invalid_argument, "a question to PagerDuty names an incident by its id"};
        using Ask = task<Fetched> (PagerdutySource::*)(Job, Deadline);
        static const std::map<std::string, Ask> asks{
            {"incident", &PagerdutySource::incident},
            {"alerts", &PagerdutySource::alerts},
            {"log", &PagerdutySource::log},
            {"notes", &PagerdutySource::notes},
            {"past_incidents", &PagerdutySource::past_incidents},
            {"related_incidents", &PagerdutySource::related_incidents},
            {"related_changes", &PagerdutySource::related_changes},
            {"oncall", &PagerdutySource::oncall},
            {"changes", &PagerdutySource::changes},
            {"dependencies", &PagerdutySource::dependencies},
            {"resolved_incidents", &PagerdutySource::resolved_incidents},
        };
        const auto found = asks.find(ask);
        if (found == asks.end()) co_return Error{errc::unsupported, "PagerDuty has no such evidence"};
        const Ask run = found->second;
        co_return co_await (this->*run)(std::move(job), deadline);
    }

    task<std::string> probe(Deadline deadline) override {
        auto request = any_service_request(account_);
        auto answer = co_await client_.call(std::move(request), "a service", false, deadline);
        if (!answer) co_return answer.error();
        const auto services = read_services(*answer->body);
        if (!services) co_return services.error();
        // A token is of an account, which only the links name.
        const std::string link = services->empty() ? std::string() : services->front().link;
        const std::string where = link.empty() ? account_.api_url : link.substr(8, link.find('/', 8) - 8);
        co_return where + (account_.from.empty() ? "" : ", notes are written as " + account_.from);
    }

private:
    /// Page by page until there is enough, an error, or the pages are used up. What came before an error is kept.
    task<void> pages(Job& job, const Listing& listing, Deadline deadline) {
        for (std::size_t page = 0;; ++page) {
            auto request = listing.request(page * page_size);
            auto answer = co_await client_.call(std::move(request), listing.what, listing.optional_feature, deadline);
            if (!answer && page == 0) co_return answer.error();
            if (!answer) break;
            job.keep_raw(*answer);
            const auto enough = listing.take(*answer->body);
            if (!enough) co_return enough.error();
            const bool more = has_more(*answer->body);
            if (!*enough && !more) co_return result<void>();
            if (*enough || page + 1 == listing.pages) break;
        }
        job.fetched.truncated = true;
        co_return result<void>();
    }

    task<Fetched> incident(Job job, Deadline deadline) {
        job.fetched.query_text = "incident " + job.incident();
        auto request = incident_request(account_, job.incident());
        auto answer = co_await client_.call(std::move(request), job.fetched.query_text, false, deadline);
        if (!answer) co_return answer.error();
        job.keep_raw(*answer);
        auto fact = read_incident(*answer->body, job.query.entity);
        if (!fact) co_return fact.error();
        job.fetched.link = fact->link;
        job.fetched.references = incident_references(*answer->body);
        job.fetched.records.facts.push_back(std::move(*fact));
        co_return std::move(job.fetched);
    }

    task<Fetched> alerts(Job job, Deadline deadline) {
        job.fetched.query_text = job.named("the alerts");
        const std::string incident = job.incident();
        Listing listing{job.fetched.query_text, false, pages_read, {}, {}};
        listing.request = [this, incident](std::size_t offset) { return alerts_request(account_, incident, offset); };
        listing.take = [&job](const json& body) -> result<bool> {
            auto read = read_alerts(body, job.query.entity);
            if (!read) return read.error();
            std::ranges::move(read->facts, std::back_inserter(job.fetched.records.facts));
            for (std::string& reference : read->references) job.fetched.references.push_back(std::move(reference));
            return false;
        };
        auto listed = co_await pages(job, listing, deadline);
        if (!listed) co_return listed.error();
        co_return std::move(job.fetched);
    }

    /// What happened to the incident so far, oldest first: one statement.
    task<Fetched> log(Job job, Deadline deadline) {
        job.fetched.query_text = job.named("the log");
        const std::string incident = job.incident();
        std::vector<std::string> entries;
        Listing listing{job.fetched.query_text, false, pages_read, {}, {}};
        listing.request = [this, incident](std::size_t offset) { return log_request(account_, incident, offset); };
        listing.take = [&entries](const json& body) { return add_all(read_log(body), entries, log_entries_kept); };
        auto listed = co_await pages(job, listing, deadline);
        if (!listed) co_return listed.error();
        std::ranges::reverse(entries);
        if (!entries.empty()) {
            job.fetched.records.facts.push_back(
                {"PagerDuty incident", "PagerDuty's log (UTC): " + join(entries, "; "), job.query.window.to, ""});
        }
        co_return std::move(job.fetched);
    }

    task<Fetched> notes(Job job, Deadline deadline) {
        job.fetched.query_text = job.named("the notes");
        const std::string incident = job.incident();
        auto notes = co_await notes_of(job, incident, deadline);
        if (!notes) co_return notes.error();
        for (const Note& note : *notes) {
            if (job.fetched.records.facts.size() == notes_kept) job.fetched.truncated = true;
            if (job.fetched.records.facts.size() == notes_kept) break;
            const std::string who = note.user.empty() ? "Somebody" : note.user;
            job.fetched.records.facts.push_back(
                {"PagerDuty incident", who + " noted on the incident: " + one_line(note.content, 500), note.at, ""});
        }
        co_return std::move(job.fetched);
    }

    /// People's notes; ours would only repeat what we said.
    task<std::vector<Note>> notes_of(Job& job, std::string incident, Deadline deadline) {
        auto request = notes_request(account_, incident);
        const std::string what = "the notes of incident " + incident;
        auto answer = co_await client_.call(std::move(request), what, false, deadline);
        if (!answer) co_return answer.error();
        job.keep_raw(*answer);
        auto notes = read_notes(*answer->body);
        if (notes) std::erase_if(*notes, [](const Note& note) { return is_own_note(note.content); });
        co_return notes;
    }

    task<Fetched> past_incidents(Job job, Deadline deadline) {
        job.fetched.query_text = "past incidents like " + job.incident();
        auto request = past_incidents_request(account_, job.incident());
        auto answer = co_await client_.call(std::move(request), job.fetched.query_text, true, deadline);
        if (!answer) co_return answer.error();
        job.keep_raw(*answer);
        auto past = read_past_incidents(*answer->body, job.query.entity);
        if (!past) co_return past.error();
        job.fetched.records.incidents = std::move(*past);
        co_await add_resolutions(job, deadline);
        co_return std::move(job.fetched);
    }

    task<Fetched> resolved_incidents(Job job, Deadline deadline) {
        auto service = co_await service_of(job, deadline);
        if (!service) co_return service.error();
        job.fetched.query_text = "resolved incidents of " + service->name;
        job.fetched.link = service->link;
        const std::string id = service->id;
        const Window window = job.query.window;
        std::vector<PastIncident> past;
        Listing listing{job.fetched.query_text, false, pages_read, {}, {}};
        listing.request = [this, id, window](std::size_t offset) { return resolved_incidents_request(account_, id, window, offset); };
        listing.take = [&](const json& body) { return add_all(read_resolved_incidents(body, job.query.entity), past); };
        auto listed = co_await pages(job, listing, deadline);
        if (!listed) co_return listed.error();
        const std::string title = job.argument(argument::title);
        std::ranges::sort(past, [&title](const PastIncident& a, const PastIncident& b) {
            return std::tuple(!iequals(a.title, title), b.at, a.id) < std::tuple(!iequals(b.title, title), a.at, b.id);
        });
        job.fetched.records.incidents = std::move(past);
        co_await add_resolutions(job, deadline);
        co_return std::move(job.fetched);
    }

    /// The last note of an incident is what people wrote when it was over. A failure costs that and no more.
    awaitable<void> add_resolutions(Job& job, Deadline deadline) {
        std::vector<PastIncident>& past = job.fetched.records.incidents;
        for (std::size_t i = 0; i < std::min(past.size(), incidents_opened); ++i) {
            if (!is_id(past[i].id)) continue;
            auto notes = co_await notes_of(job, past[i].id, deadline);
            if (!notes) job.fetched.truncated = true;
            if (!notes) co_return;
            const auto last = std::ranges::max_element(*notes, {}, &Note::at);
            if (last != notes->end()) past[i].resolution = one_line(last->content, 300);
        }
    }

    task<Fetched> related_incidents(Job job, Deadline deadline) {
        job.fetched.query_text = "incidents related to " + job.incident();
        auto request = related_incidents_request(account_, job.incident());
        auto answer = co_await client_.call(std::move(request), job.fetched.query_text, true, deadline);
        if (!answer) co_return answer.error();
        job.keep_raw(*answer);
        auto facts = read_related_incidents(*answer->body, job.names);
        if (!facts) co_return facts.error();
        job.fetched.records.facts = std::move(*facts);
        co_return std::move(job.fetched);
    }

    task<Fetched> related_changes(Job job, Deadline deadline) {
        const std::string incident = job.incident();
        Listing listing{"change events related to " + incident, true, 1, {}, {}};
        listing.request = [this, incident](std::size_t) { return related_changes_request(account_, incident); };
        co_return co_await fetch_changes(std::move(job), std::move(listing), deadline);
    }

    task<Fetched> changes(Job job, Deadline deadline) {
        auto service = co_await service_of(job, deadline);
        if (!service) co_return service.error();
        job.fetched.link = service->link;
        const std::string id = service->id;
        const Window window = job.query.window;
        Listing listing{"change events of " + service->name, false, pages_read, {}, {}};
        listing.request = [this, id, window](std::size_t offset) { return service_changes_request(account_, id, window, offset); };
        co_return co_await fetch_changes(std::move(job), std::move(listing), deadline);
    }

    task<Fetched> fetch_changes(Job job, Listing listing, Deadline deadline) {
        job.fetched.query_text = listing.what;
        listing.take = [&job](const json& body) -> result<bool> {
            auto read = read_changes(body, job.query.entity, job.names);
            if (!read) return read.error();
            for (Change& change : read->changes) {
                if (change.link.empty()) change.link = job.fetched.link;
                job.fetched.records.changes.push_back(std::move(change));
            }
            std::ranges::move(read->code, std::back_inserter(job.fetched.records.code));
            return false;
        };
        auto listed = co_await pages(job, listing, deadline);
        if (!listed) co_return listed.error();
        co_return std::move(job.fetched);
    }

    task<Fetched> oncall(Job job, Deadline deadline) {
        const std::string policy = job.argument(argument::policy);
        job.fetched.query_text = "who is on call for escalation policy " + policy;
        std::vector<std::string> people;
        Listing listing{job.fetched.query_text, false, pages_read, {}, {}};
        listing.request = [this, policy](std::size_t offset) { return oncalls_request(account_, policy, offset); };
        listing.take = [&people](const json& body) { return add_all(read_oncalls(body), people); };
        auto listed = co_await pages(job, listing, deadline);
        if (!listed) co_return listed.error();
        if (!people.empty()) {
            job.fetched.records.facts.push_back(
                {"PagerDuty on-call", "On call: " + truncate(join(people, ", "), 500), job.query.window.to, ""});
        }
        co_return std::move(job.fetched);
    }

    task<Fetched> dependencies(Job job, Deadline deadline) {
        auto service = co_await service_of(job, deadline);
        if (!service) co_return service.error();
        job.fetched.query_text = "service dependencies of " + service->name;
        job.fetched.link = service->link;
        auto request = dependencies_request(account_, service->id);
        auto answer = co_await client_.call(std::move(request), job.fetched.query_text, true, deadline);
        if (!answer) co_return answer.error();
        job.keep_raw(*answer);
        auto relations = read_dependencies(*answer->body);
        if (!relations) co_return relations.error();
        std::map<std::string, std::string> names{{service->id, job.query.entity}};
        for (const Dependency& relation : *relations) {
            co_await name_service(job, relation.dependent, names, deadline);
            co_await name_service(job, relation.supporting, names, deadline);
            const std::string caller = names[relation.dependent.id];
            const std::string callee = names[relation.supporting.id];
            if (!caller.empty() && !callee.empty()) job.fetched.records.edges.push_back({caller, callee});
        }
        co_return std::move(job.fetched);
    }

    /// A relation names ids; a service's name is asked for once, up to a limit.
    awaitable<void> name_service(Job& job, ServiceReference service, std::map<std::string, std::string>& names, Deadline deadline) {
        if (names.contains(service.id)) co_return;
        if (service.name.empty() && is_id(service.id) && names.size() <= services_named) {
            auto request = service_request(account_, service.id);
            const std::string what = "service " + service.id;
            auto answer = co_await client_.call(std::move(request), what, false, deadline);
            const auto read = answer ? read_service(*answer->body) : result<ServiceReference>(answer.error());
            if (read) service.name = read->name;
        }
        if (service.name.empty()) job.fetched.truncated = true;
        names[service.id] = service.name.empty() ? std::string() : job.names.ours(service.name);
    }

    /// The service by its id from the alert, else the one of PagerDuty's that has the name.
    task<ServiceReference> service_of(Job& job, Deadline deadline) {
        const std::string id = job.argument(argument::service);
        if (is_id(id)) co_return ServiceReference{id, job.query.entity, ""};
        auto request = services_request(account_, ServiceNames::search_word(job.query.entity));
        const std::string what = "the service " + job.query.entity;
        auto answer = co_await client_.call(std::move(request), what, false, deadline);
        if (!answer) co_return answer.error();
        auto services = read_services(*answer->body);
        if (!services) co_return services.error();
        std::erase_if(*services, [&job](const ServiceReference& service) {
            return !is_id(service.id) || !ServiceNames::same(job.query.entity, service.name);
        });
        const auto exact =
            std::ranges::find_if(*services, [&job](const ServiceReference& one) { return iequals(one.name, job.query.entity); });
        if (exact != services->end()) co_return std::move(*exact);
        if (services->size() == 1) co_return std::move(services->front());
        const std::string asked = one_line(job.query.entity, 100);
        if (services->empty()) co_return Error{errc::unsupported, "PagerDuty has no service named " + asked};
        co_return Error{errc::unsupported, "PagerDuty has several services that may be " + asked};
    }

    Account account_;
    Client client_;
};

}  // namespace

std::unique_ptr<Source> make_source(Account account, HttpClient& http, Clock& clock) {
    return std::make_unique<PagerdutySource>(std::move(account), http, clock);
}

}  // namespace gumshoe::pagerduty
