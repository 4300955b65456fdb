// A case file as the only source: its records, and its failed queries failing again.
#pragma once

#include <memory>

#include "evidence/case_file.hpp"
#include "evidence/source.hpp"

namespace gumshoe {

std::unique_ptr<Source> make_case_source(CaseFile file);

}  // namespace gumshoe
