// The schema's way to the newest version, one transaction a step.
#pragma once

#include <vector>

#include "base/embedded.hpp"
#include "store/sqlite/connection.hpp"

namespace gumshoe {

/// Reads only. Errors: unsupported (a newer schema, another program's database).
result<void> check_schema(SqliteConnection& connection, const std::string& path, const std::vector<EmbeddedFile>& steps);

/// Steps are files named NNNN_what.sql, in order. A file that holds data is copied to "<path>.v<version>.bak" first.
result<void> migrate(SqliteConnection& connection, const std::string& path, const std::vector<EmbeddedFile>& steps);

}  // namespace gumshoe
