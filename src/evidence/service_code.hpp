// Where a service's code is: who says so, and which repository of a configured source that is. The operator's configuration goes first,
// then the alert's own labels, what a catalogue states, what telemetry carries, and at last what change events name.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/source.hpp"

namespace gumshoe {

/// The names under which tools keep it: of the repository, the commit, the version; of several the first counts.
inline constexpr std::array<std::string_view, 4> repository_tags{"git.repository_url", "vcs.repository.url.full", "vcs.repository.url",
                                                                 "org.opencontainers.image.source"};
inline constexpr std::array<std::string_view, 4> revision_tags{"git.commit.sha", "vcs.ref.head.revision", "vcs.repository.ref.revision",
                                                               "org.opencontainers.image.revision"};
inline constexpr std::array<std::string_view, 3> version_tags{"version", "service.version", "org.opencontainers.image.version"};

/// What such tags say. `where` and the name are the origin: "span tag git.commit.sha". Nothing when none has a plausible value.
std::optional<CodeLocation> code_in(const std::map<std::string, std::string>& tags, const std::string& service, std::string_view where);

/// What an alert's own labels say of its service's code, its address recognised.
std::vector<CodeLocation> code_told_by(const Alert& alert, const std::vector<Source*>& sources);

/// Addresses in `records` become repositories where one of `sources` knows them; others lose their credentials, what is none its text.
void recognise(Records& records, const std::vector<Source*>& sources);

/// Repositories and paths of services for which none is known yet. What is known stays.
void learn(Subject& subject, const Records& found);

/// The subject's services whose repository is known, in their order, then those of which only telemetry told.
std::vector<std::string> services_with_code(const Subject& subject);

}  // namespace gumshoe
