// Which questions to ask a code host, from typed fields alone: the same for every host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "evidence/source.hpp"

namespace gumshoe {

/// Changes further back than this are not looked for.
inline constexpr auto code_look_back = std::chrono::hours(7 * 24);

/// What a plan must know of a host.
struct CodeHost {
    std::string name;              // the configuration's section: "github"
    std::string title;             // "GitHub"
    std::vector<QueryKind> kinds;  // what it has of commits, deployments and pull_requests
    /// "acme/shop" in its normal form; an error for what may not be asked.
    result<std::string> (*repository)(std::string_view name) = nullptr;
    bool knows_versions = false;  // whether a range may be between names ("v412") as well as commits
};

/// Arguments: repository, path; of deployments the environment.
std::vector<Query> code_questions(const CodeHost& host, const Subject& subject);
/// Compares each of the newest rollouts before onset with the one it replaced: deploys, and revisions first seen running. Arguments:
/// deploy, environment, base ("" when nothing is known before it), head, and known: commits whose files need no fetching.
std::vector<Query> code_comparisons(const CodeHost& host, const Subject& subject, const Records& found);
result<Query> code_question(const CodeHost& host, QueryKind kind, const std::string& service, Window window, const Subject& subject);

/// "v412", "checkout@1.2.3": a name that a tag may have, or a sha.
bool is_revision(std::string_view text);

}  // namespace gumshoe
