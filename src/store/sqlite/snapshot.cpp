// A consistent copy of a database that another process may be writing to.
#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>

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

}  // namespace gumshoe
