// Sightings are samples: the time of a version's first one is the latest that its deploy can have been.
#include "evidence/running_versions.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "base/text.hpp"
#include "evidence/code_changes.hpp"

namespace gumshoe {

namespace {

using std::chrono::minutes;

constexpr std::size_t most_versions = 50;  // of a service
constexpr std::size_t most_deploys = 5;    // of a service
constexpr std::size_t most_services = 6;   // that are spoken of
// Versions that ran side by side from the beginning differ by chance in their first sighting.
constexpr auto apart = minutes(5);
// A deploy is announced when it is asked for or done; the first sighting of what it brought may be this much later or earlier.
constexpr auto announced_before = minutes(30);
constexpr auto announced_after = minutes(5);
// Logs may tell the version and spans the commit of one and the same deploy.
constexpr auto same_moment = minutes(10);

bool is_same(const RunningVersion& a, const RunningVersion& b) {
    if (!a.revision.empty() && !b.revision.empty()) return same_commit(a.revision, b.revision);
    return !a.version.empty() && a.version == b.version;
}

/// The whole word, so that v41 is not found in v412.
bool mentions(const std::string& text, const std::string& word) {
    const auto ends = [&text](std::size_t at) { return at >= text.size() || std::isalnum(static_cast<unsigned char>(text[at])) == 0; };
    for (auto at = text.find(word); at != std::string::npos && !word.empty(); at = text.find(word, at + 1)) {
        if ((at == 0 || ends(at - 1)) && ends(at + word.size())) return true;
    }
    return false;
}

/// A service's code records with what one knows added to the others: a tag tells a version's commit.
std::vector<CodeLocation> completed(const Records& records, const std::string& service) {
    std::vector<CodeLocation> own;
    for (const auto& code : records.code) {
        const bool tells = !code.version.empty() || !code.revision.empty();
        if (code.service == service && tells && own.size() < most_versions * 4) own.push_back(code);
    }
    for (auto& code : own) {
        for (const auto& other : own) {
            const bool both = !other.version.empty() && !other.revision.empty();
            if (both && code.revision.empty() && code.version == other.version) code.revision = other.revision;
            if (both && code.version.empty() && !code.revision.empty() && same_commit(code.revision, other.revision))
                code.version = other.version;
        }
    }
    return own;
}

/// Each version once, in the order of the first sightings: those with a commit, or those with a name. Not everything that tells one tells
/// the other, so the two are never compared with each other.
std::vector<RunningVersion> seen(const std::vector<CodeLocation>& codes, bool by_revision) {
    std::vector<RunningVersion> versions;
    for (const auto& code : codes) {
        if (code.seen_at == Timestamp{} || (by_revision ? code.revision : code.version).empty()) continue;
        RunningVersion one{code.version, code.revision, code.seen_at, code.origin};
        const auto same = std::ranges::find_if(versions, [&one](const RunningVersion& other) { return is_same(one, other); });
        if (same == versions.end()) {
            if (versions.size() < most_versions) versions.push_back(std::move(one));
            continue;
        }
        if (one.first < same->first) {
            same->first = one.first;
            same->origin = one.origin;
        }
        if (same->version.empty()) same->version = one.version;
        if (one.revision.size() > same->revision.size()) same->revision = one.revision;
    }
    std::ranges::sort(versions, [](const RunningVersion& a, const RunningVersion& b) {
        return a.first != b.first ? a.first < b.first : a.name() < b.name();
    });
    return versions;
}

/// What began while we looked, after something else had been seen.
std::vector<RunningVersion> began(const Subject& subject, const std::vector<RunningVersion>& versions) {
    std::vector<RunningVersion> later;
    for (const auto& one : versions) {
        const bool inside = one.first >= std::min(subject.baseline.from, subject.incident.from) && one.first < subject.incident.to;
        if (inside && one.first >= versions.front().first + apart) later.push_back(one);
    }
    if (later.size() > most_deploys) later.erase(later.begin(), later.end() - static_cast<std::ptrdiff_t>(most_deploys));
    return later;
}

/// The deploy that was announced, if it was: by its commit, its version's name, or its time when it has neither.
Change* announced(Records& records, const std::string& service, const RunningVersion& version) {
    Change* by_time = nullptr;
    for (auto& change : records.changes) {
        if (change.kind != "deploy" || (!change.service.empty() && change.service != service)) continue;
        if (!change.sha.empty() && !version.revision.empty()) {
            if (same_commit(change.sha, version.revision)) return &change;
            continue;
        }
        if (mentions(change.subject, version.version) || mentions(change.id, version.version)) return &change;
        const bool near = change.time >= version.first - announced_before && change.time <= version.first + announced_after;
        if (change.sha.empty() && !change.service.empty() && near) by_time = &change;
    }
    return by_time;
}

/// The commit in full, where its record is here.
std::string full_revision(const Records& records, const std::string& revision) {
    for (const auto& change : records.changes) {
        if (change.kind == "commit" && !revision.empty() && same_commit(change.id, revision)) return change.id;
    }
    return revision;
}

std::string repository_of(const Subject& subject, const Records& records, const std::string& service) {
    if (const auto known = subject.repositories.find(service); known != subject.repositories.end()) return known->second;
    for (const auto& code : records.code) {
        if (code.service == service && !code.repository.empty()) return code.repository;
    }
    return {};
}

std::string subject_of(const std::string& service, const RunningVersion& version) {
    return service + " began running " + version.name() + " (nobody announced it; " + version.origin + " shows it)";
}

void add_deploy(const Subject& subject, Records& records, const std::string& service, const RunningVersion& version) {
    const auto sha = full_revision(records, version.revision);
    if (Change* known = announced(records, service, version)) {
        if (known->sha.empty()) known->sha = sha;
        if (known->service.empty()) known->service = service;
        if (known->subject.empty()) known->subject = subject_of(service, version);  // what a comparison told of our own
        if (!known->deployed.value_or(true)) known->time = version.first;           // it was taken for one that never went live
        known->deployed = true;
        return;
    }
    Change deploy;
    deploy.id = service + "@" + (version.version.empty() ? short_sha(version.revision) : version.version);
    deploy.kind = "deploy";
    deploy.time = version.first;
    deploy.service = service;
    deploy.repository = repository_of(subject, records, service);
    deploy.subject = subject_of(service, version);
    deploy.environment = subject.alert.environment;
    deploy.sha = sha;
    deploy.deployed = true;
    records.changes.push_back(std::move(deploy));
}

std::string sentence(const Subject& subject, const Records& records, const std::string& service) {
    std::string text;
    const auto versions = versions_of(records, service);
    if (!versions.empty()) {
        const auto& now = versions.back();
        text = service + " runs " + now.name();
        if (versions.size() > 1) {
            text += ", first seen at " + format_clock(now.first) + "; before it " + versions[versions.size() - 2].name();
        }
        text += " (" + now.origin + ")";
    } else {
        const auto codes = completed(records, service);  // only stated
        if (!codes.empty()) {
            text = service + " runs " + RunningVersion{codes.front().version, codes.front().revision, {}, {}}.name() + " (" +
                   codes.front().origin + ")";
        }
    }
    const auto learned = subject.learned.find(service);
    if (learned == subject.learned.end()) return text;
    const auto path = subject.paths.find(service);
    text += (text.empty() ? "the" : "; the") + std::string(" code of ") + service + " is " + subject.repositories.at(service);
    text += (path == subject.paths.end() ? "" : ", " + path->second) + " (" + learned->second + ")";
    return text;
}

}  // namespace

std::string RunningVersion::name() const {
    if (version.empty()) return short_sha(revision);
    return revision.empty() ? version : version + " (" + short_sha(revision) + ")";
}

std::vector<RunningVersion> versions_of(const Records& records, const std::string& service) {
    const auto codes = completed(records, service);
    auto by_commit = seen(codes, true);
    auto by_name = seen(codes, false);
    return by_name.size() > by_commit.size() ? by_name : by_commit;
}

void add_observed_deploys(const Subject& subject, Records& records) {
    std::set<std::string> services;
    for (const auto& code : records.code) {
        if (!code.service.empty() && code.seen_at != Timestamp{}) services.insert(code.service);
    }
    for (const auto& service : services) {
        const auto codes = completed(records, service);
        auto deploys = began(subject, seen(codes, true));
        for (auto& named : began(subject, seen(codes, false))) {
            const auto same = std::ranges::find_if(deploys, [&named](const RunningVersion& other) {
                const bool together = std::chrono::abs(other.first - named.first) <= same_moment;
                return is_same(other, named) || (together && (other.version.empty() || named.revision.empty()));
            });
            if (same == deploys.end()) {
                deploys.push_back(std::move(named));
            } else if (same->version.empty()) {
                same->version = named.version;
            }
        }
        for (const auto& deploy : deploys) add_deploy(subject, records, service, deploy);
    }
}

std::vector<Fact> running_code(const Subject& subject, const Records& records) {
    std::vector<std::string> services;
    for (const auto& code : records.code) {
        if (std::ranges::find(services, code.service) == services.end()) services.push_back(code.service);
    }
    std::ranges::partition(services, [&subject](const std::string& service) { return service == subject.alert.service; });
    std::vector<Fact> facts;
    for (const auto& service : services) {
        auto text = sentence(subject, records, service);
        if (!text.empty() && facts.size() < most_services) facts.push_back({service, std::move(text), {}, {}});
    }
    return facts;
}

}  // namespace gumshoe
