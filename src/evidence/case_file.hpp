// One investigation's whole input and output as a file of JSON lines (docs/case-files.md): NAME.case.jsonl or .case.jsonl.gz.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "evidence/source.hpp"

namespace gumshoe {

struct CaseFile {
    std::string id;
    Subject subject;
    Records records;
    std::vector<Coverage> coverage;
    std::vector<json> steps;     // journaled results: lines of type step
    std::vector<json> llm;       // exchanges with models: lines of type llm
    std::vector<json> findings;  // lines of type finding, in order
    std::vector<json> truth;     // none or one; for evaluation only, never shown to an analyst
};

/// Errors: not_found; parse (file and line number); too_large (512 MiB inflated, 16 MiB a line).
result<CaseFile> read_case(const std::filesystem::path& path);
/// Compressed when the name ends in .gz.
result<void> write_case(const CaseFile& file, const std::filesystem::path& path);
/// The lines themselves, uncompressed: for an API.
std::string case_lines(const CaseFile& file);

}  // namespace gumshoe
