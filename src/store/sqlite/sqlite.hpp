// SQLite as the database: one file, one writer thread with group commit, one reader thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/embedded.hpp"
#include "store/database.hpp"

namespace gumshoe {

/// Opens or creates the file (mode 0600), checks it and migrates it. Callers resume on `executor`. The destructor finishes what
/// waits, checkpoints and joins. Only one process may have the file open.
result<std::unique_ptr<Database>> open_sqlite(const std::string& path, boost::asio::any_io_executor executor,
                                              const std::vector<EmbeddedFile>& migrations);

}  // namespace gumshoe
