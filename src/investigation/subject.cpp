// Windows follow the alert's start: monitors fire some minutes after the trouble began, so the incident begins before the alert.
#include "investigation/subject.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

namespace gumshoe {

namespace {

using std::chrono::minutes;

constexpr auto lead = minutes(15);  // how far before the alert the trouble may have begun
constexpr auto guard = minutes(5);  // between baseline and incident
constexpr auto baseline = minutes(60);
constexpr auto longest = minutes(120);  // an old alert: look at its beginning, not at everything since

void add_once(std::vector<std::string>& list, const std::string& value) {
    if (!value.empty() && std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

json window_json(Window window) {
    return {{"from", to_millis(window.from)}, {"to", to_millis(window.to)}};
}

Window window_from(const json& value, std::string_view key) {
    const std::string path(key);
    return {from_millis(get_int(value, path + ".from").value_or(0)), from_millis(get_int(value, path + ".to").value_or(0))};
}

std::map<std::string, std::string> texts_from(const json& value, std::string_view key) {
    std::map<std::string, std::string> texts;
    const json* object = find(value, key);
    if (!object || !object->is_object()) return texts;
    for (const auto& [name, text] : object->items()) {
        if (text.is_string()) texts[name] = text.get<std::string>();
    }
    return texts;
}

/// "Checkout Service (prod)" -> "checkout".
std::string folded(std::string_view name) {
    std::string text = to_lower(trim(name));
    if (const auto open = text.find('('); text.ends_with(')') && open != std::string::npos && open > 0) text.resize(open);
    std::erase_if(text, [](char c) { return c == ' ' || c == '_' || c == '-'; });
    for (const std::string_view added : {"service", "svc"}) {
        if (text.size() > added.size() && text.ends_with(added)) {
            text.resize(text.size() - added.size());
            break;
        }
    }
    return text;
}

/// The one service with a name that `says` yes to, "" for none or several.
template <class Says>
std::string only_service(const std::vector<ServiceInfo>& services, Says says) {
    std::string found;
    for (const ServiceInfo& info : services) {
        if (!says(info.name) && std::none_of(info.aliases.begin(), info.aliases.end(), says)) continue;
        if (!found.empty()) return {};
        found = info.name;
    }
    return found;
}

}  // namespace

std::string canonical_service(const std::vector<ServiceInfo>& services, const std::string& name) {
    if (name.empty()) return name;
    std::string found = only_service(services, [&](const std::string& known) { return known == name; });
    if (found.empty()) {
        const std::string meant = folded(name);
        found = only_service(services, [&](const std::string& known) { return folded(known) == meant; });
    }
    return found.empty() ? name : found;
}

std::vector<std::string> related_services(const std::vector<ServiceInfo>& services, const std::string& service) {
    std::vector<std::string> related;
    add_once(related, service);
    for (const ServiceInfo& info : services) {
        if (info.name == service) {
            for (const std::string& dependency : info.depends_on) add_once(related, dependency);
        }
        const auto& needs = info.depends_on;
        if (std::find(needs.begin(), needs.end(), service) != needs.end()) add_once(related, info.name);
    }
    return related;
}

Subject make_subject(const Alert& alert, const std::vector<ServiceInfo>& services, Timestamp now, const std::vector<std::string>& joined) {
    Subject subject;
    subject.alert = alert;
    const Timestamp started = alert.started_at == Timestamp{} || alert.started_at > now ? now : alert.started_at;
    subject.onset = started;
    subject.incident = {started - lead, std::min<Timestamp>(now, started + longest)};
    subject.baseline = {subject.incident.from - guard - baseline, subject.incident.from - guard};
    subject.services = related_services(services, alert.service);
    // Those that alert themselves are asked for before those that only might be concerned.
    const auto neighbours = subject.services.begin() + (subject.services.empty() ? 0 : 1);
    std::vector<std::string> rest(neighbours, subject.services.end());
    subject.services.erase(neighbours, subject.services.end());
    for (std::size_t i = 0; i < std::min(joined.size(), limits::joined_services); ++i) add_once(subject.services, joined[i]);
    for (const std::string& neighbour : rest) add_once(subject.services, neighbour);
    for (const ServiceInfo& info : services) {
        if (std::find(subject.services.begin(), subject.services.end(), info.name) == subject.services.end()) continue;
        if (!info.repository.empty()) subject.repositories[info.name] = info.repository;
        if (!info.path.empty()) subject.paths[info.name] = info.path;
    }
    return subject;
}

json to_json_value(const Subject& subject) {
    return {{"investigation", subject.investigation},    {"alert", to_json_value(subject.alert)},
            {"onset", to_millis(subject.onset)},         {"incident", window_json(subject.incident)},
            {"baseline", window_json(subject.baseline)}, {"services", subject.services},
            {"repositories", subject.repositories},      {"paths", subject.paths}};
}

result<Subject> subject_from_json(const json& value) {
    const json* alert = find(value, "alert");
    if (!alert) return Error{errc::parse, "subject: alert is missing"};
    auto read = alert_from_json(*alert);
    if (!read) return in_context("subject", read.error());
    Subject subject;
    subject.investigation = string_or_empty(value, "investigation");
    subject.alert = std::move(*read);
    subject.onset = from_millis(get_int(value, "onset").value_or(0));
    subject.incident = window_from(value, "incident");
    subject.baseline = window_from(value, "baseline");
    for (const json& service : value.value("services", json::array())) {
        if (service.is_string()) subject.services.push_back(service.get<std::string>());
    }
    subject.repositories = texts_from(value, "repositories");
    subject.paths = texts_from(value, "paths");
    return subject;
}

}  // namespace gumshoe
