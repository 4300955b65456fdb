// Evidence that we hold ourselves: past investigations and the operator's runbooks.
#pragma once

#include <memory>
#include <string>

#include "evidence/source.hpp"
#include "investigation/store.hpp"

namespace gumshoe {

/// Findings of the last 90 days as past incidents.
std::unique_ptr<Source> make_past_investigations(InvestigationStore& store);

/// Markdown files of a directory whose name or first lines speak of the alert's service or title; read anew each time.
std::unique_ptr<Source> make_runbooks(std::string directory);

}  // namespace gumshoe
