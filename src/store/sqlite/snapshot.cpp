// Reading a database that another process may be writing to: a consistent copy of it, and one table.
#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>

#include "llm/attempt_store.hpp"
#include "store/store.hpp"

namespace gumshoe {

result<void> snapshot_sqlite_store(const std::string& path, const std::string& into) {
    if (!std::filesystem::exists(path)) return Error{errc::not_found, "there is no database " + path};
    try {
        SQLite::Database database(path, SQLite::OPEN_READONLY, 5000);
        SQLite::Statement copy(database, "VACUUM INTO ?1");
        copy.bind(1, into);
        copy.exec();
    } catch (const SQLite::Exception& problem) {
        return Error{errc::storage, "cannot read " + path + ": " + problem.what()};
    }
    return {};
}

result<std::vector<Quarantine>> read_quarantines(const std::string& path) {
    std::vector<Quarantine> entries;
    try {
        SQLite::Database database(path, SQLite::OPEN_READONLY, 5000);
        SQLite::Statement rows(database, "SELECT scope, failure, reason, since, until, strikes FROM quarantines ORDER BY scope");
        while (rows.executeStep()) {
            entries.push_back({rows.getColumn(0).getString(), rows.getColumn(1).getString(), rows.getColumn(2).getString(),
                               from_millis(rows.getColumn(3).getInt64()), from_millis(rows.getColumn(4).getInt64()),
                               rows.getColumn(5).getInt()});
        }
    } catch (const SQLite::Exception& problem) {
        return Error{errc::storage, "cannot read " + path + ": " + problem.what()};
    }
    return entries;
}

}  // namespace gumshoe
