// Tags and addresses are anybody's text: they are read strictly, and only a configured source can turn one into a repository.
#include "evidence/service_code.hpp"

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "evidence/code_changes.hpp"

namespace gumshoe {

namespace {

constexpr std::size_t most_learned = 8;  // services

struct Tag {
    std::string value;
    std::string_view name;
};

/// The first of `names` with a value; senders write "" and words for it when they have none.
template <std::size_t n>
Tag first_of(const std::map<std::string, std::string>& tags, const std::array<std::string_view, n>& names) {
    constexpr std::array nothings{"", "null", "none", "unknown", "undefined"};
    for (const auto name : names) {
        const auto found = tags.find(std::string(name));
        if (found == tags.end()) continue;
        const auto value = trim(found->second);
        if (std::ranges::find(nothings, to_lower(value)) == nothings.end()) return {std::string(value), name};
    }
    return {};
}

/// A version that is a commit: not all of it decimal (20260801 is a date).
bool names_commit(std::string_view version) {
    const bool decimal = version.find_first_not_of("0123456789") == std::string_view::npos;
    return is_sha(version) && (!decimal || version.size() == 40);
}

/// "v1.2.3", "checkout@1.2.3+7", "release/412": it goes into sentences, and may become a tag's name.
bool is_version(std::string_view text) {
    return !text.empty() && text.size() <= 100 && text.find("..") == std::string_view::npos && std::ranges::all_of(text, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("._+-/@:~").find(c) != std::string_view::npos;
    });
}

/// "./services/checkout/**" -> "services/checkout"; "" for what is no path inside a repository.
std::string plain_path(const std::string& text) {
    std::vector<std::string> parts;
    for (const std::string& part : split(text, '/')) {
        if (part.find_first_of("*?[{") != std::string::npos) break;
        if (part == "..") return {};
        const bool printable = std::ranges::all_of(part, [](unsigned char c) { return c >= ' ' && c != 0x7f; });
        if (!printable || parts.size() > 30) return {};
        if (!part.empty() && part != ".") parts.push_back(part);
    }
    return join(parts, "/");
}

std::string repository_at(const RepositoryAddress& address, const std::vector<Source*>& sources) {
    for (const Source* source : sources) {
        if (auto repository = source->repository_at(address); !repository.empty()) return repository;
    }
    return {};
}

std::string web_address(const RepositoryAddress& address) {
    return "https://" + address.host + "/" + address.name;
}

void recognise(CodeLocation& code, const std::vector<Source*>& sources) {
    code.path = plain_path(code.path);
    const auto address = parse_repository_address(code.url);
    if (!address) {
        code.url.clear();
        code.path.clear();  // of a repository that we do not know
        return;
    }
    code.url = web_address(*address);
    if (code.path.empty()) code.path = address->path;
    if (code.repository.empty()) code.repository = repository_at(*address, sources);
}

void recognise(Change& change, const std::vector<Source*>& sources) {
    // "github:acme/shop" is a code host's own word, or an earlier recognition's: addresses begin with a host, a user or a scheme.
    const auto colon = change.repository.find(':');
    const bool settled = colon != std::string::npos && !change.repository.substr(colon).starts_with("://") &&
                         change.repository.substr(0, colon).find_first_of(".@/") == std::string::npos;
    if (change.repository.empty() || settled) return;
    const auto address = parse_repository_address(change.repository);
    auto repository = address ? repository_at(*address, sources) : std::string();
    change.repository = !repository.empty() ? std::move(repository) : address ? web_address(*address) : "";
}

void learn(Subject& subject, const std::string& service, const std::string& repository, const std::string& path,
           const std::string& origin) {
    const bool usable = !service.empty() && !repository.empty();
    if (!usable || (!subject.repositories.contains(service) && subject.learned.size() >= most_learned)) return;
    if (subject.repositories.emplace(service, repository).second) subject.learned[service] = origin;
    const bool same = subject.repositories.at(service) == repository;
    // A path narrows what is read: where the operator named the repository, only he narrows it.
    if (same && !path.empty() && subject.learned.contains(service)) subject.paths.emplace(service, path);
}

}  // namespace

std::optional<CodeLocation> code_in(const std::map<std::string, std::string>& tags, const std::string& service, std::string_view where) {
    const auto url = first_of(tags, repository_tags);
    auto revision = first_of(tags, revision_tags);
    auto version = first_of(tags, version_tags);
    if (!is_sha(revision.value)) revision = {};
    if (!is_version(version.value)) version = {};
    if (revision.value.empty() && names_commit(version.value)) revision = version;
    if (revision.value == version.value) version = {};
    if (url.value.empty() && revision.value.empty() && version.value.empty()) return std::nullopt;
    CodeLocation code;
    code.service = service;
    code.url = url.value;
    code.revision = to_lower(revision.value);
    code.version = version.value;
    const auto name = !url.name.empty() ? url.name : !revision.name.empty() ? revision.name : version.name;
    code.origin = std::string(where) + " " + std::string(name);
    return code;
}

std::vector<CodeLocation> code_told_by(const Alert& alert, const std::vector<Source*>& sources) {
    Records told;
    if (auto code = code_in(alert.labels, alert.service, "alert label")) told.code.push_back(std::move(*code));
    recognise(told, sources);
    return std::move(told.code);
}

void recognise(Records& records, const std::vector<Source*>& sources) {
    for (auto& code : records.code) recognise(code, sources);
    for (auto& change : records.changes) recognise(change, sources);
}

void learn(Subject& subject, const Records& found) {
    for (const bool stated : {true, false}) {
        for (const auto& code : found.code) {
            if ((code.seen_at == Timestamp{}) == stated) learn(subject, code.service, code.repository, code.path, code.origin);
        }
    }
    for (const auto& change : found.changes) {
        // An address that nobody recognised stays one.
        if (!change.repository.starts_with("https://")) learn(subject, change.service, change.repository, "", "change " + change.id);
    }
}

std::vector<std::string> services_with_code(const Subject& subject) {
    std::vector<std::string> services;
    const auto add = [&](const std::string& service) {
        if (subject.repositories.contains(service) && std::ranges::find(services, service) == services.end()) services.push_back(service);
    };
    for (const auto& service : subject.services) add(service);
    for (const auto& [service, origin] : subject.learned) add(service);
    return services;
}

}  // namespace gumshoe
