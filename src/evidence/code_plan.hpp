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
    std::vector<QueryKind> kinds;  // what it has of commits, deployments, pull_requests and code
    /// "acme/shop" in its normal form; an error for what may not be asked.
    result<std::string> (*repository)(std::string_view name) = nullptr;
};

/// What to ask in the first round. Arguments: repository, path; of deployments the environment.
std::vector<Query> code_questions(const CodeHost& host, const Subject& subject);
/// What the records call for: the same questions about repositories learned since; the commit of a version that was seen without one
/// (argument: version); and what each of the newest rollouts before onset brought, compared with the revision that it replaced. Arguments
/// of a comparison: deploy, environment, base ("" when nothing is known before it), head, and known: commits whose files need no fetching.
std::vector<Query> code_follow_up(const CodeHost& host, const Subject& subject, const Records& found);
result<Query> code_question(const CodeHost& host, QueryKind kind, const std::string& service, Window window, const Subject& subject);

}  // namespace gumshoe
