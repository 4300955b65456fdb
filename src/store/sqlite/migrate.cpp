// The version is the file's user_version, so a step and its number are one commit.
#include "store/sqlite/migrate.hpp"

#include <charconv>
#include <filesystem>

#include "base/log.hpp"

namespace gumshoe {

namespace {

constexpr std::int64_t application_id = 0x47554d53;  // "GUMS"

std::int64_t number_of(std::string_view path) {
    const auto name = path.substr(path.rfind('/') + 1);
    std::int64_t number = 0;
    std::from_chars(name.data(), name.data() + name.size(), number);
    return number;
}

result<std::int64_t> ask(SqliteConnection& connection, std::string_view sql) {
    auto rows = connection.query(sql);
    if (!rows) return rows.error();
    return rows->front().integer(0);
}

result<void> refuse_foreign(SqliteConnection& connection, const std::string& path, std::int64_t version) {
    auto id = ask(connection, "PRAGMA application_id");
    if (!id) return id.error();
    if (*id == application_id) return {};
    auto tables = ask(connection, "SELECT count(*) FROM sqlite_schema");
    if (!tables) return tables.error();
    if (version == 0 && *id == 0 && *tables == 0) return {};
    return Error{errc::unsupported, path + " is the SQLite database of another program; name another file in store.sqlite"};
}

result<void> back_up(SqliteConnection& connection, const std::string& path, std::int64_t version) {
    const std::string backup = path + ".v" + std::to_string(version) + ".bak";
    const std::string partial = backup + ".partial";
    std::error_code error;
    if (std::filesystem::exists(backup, error)) return {};
    std::filesystem::remove(partial, error);
    auto copied = connection.execute("VACUUM INTO ?1", {partial});
    if (!copied) return in_context("backing up before the schema changes", copied.error());
    std::filesystem::permissions(partial, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
    if (!error) std::filesystem::rename(partial, backup, error);
    if (error) return Error{errc::storage, "cannot write the backup " + backup + ": " + error.message()};
    log::info("store_backed_up", {{"file", backup}});
    return {};
}

result<void> apply(SqliteConnection& connection, const EmbeddedFile& step) {
    auto begun = connection.script("BEGIN IMMEDIATE");
    if (!begun) return begun.error();
    const std::string pragmas = "PRAGMA application_id = " + std::to_string(application_id) +
                                "; PRAGMA user_version = " + std::to_string(number_of(step.path)) + ";";
    auto done = connection.script(std::string(step.bytes));
    if (done) done = connection.script(pragmas);
    if (done) done = connection.script("COMMIT");
    if (!done) {
        if (connection.in_transaction()) connection.script("ROLLBACK");
        return in_context("migration " + std::string(step.path), done.error());
    }
    log::info("store_migrated", {{"step", std::string(step.path)}});
    return {};
}

}  // namespace

result<void> check_schema(SqliteConnection& connection, const std::string& path, const std::vector<EmbeddedFile>& steps) {
    auto version = ask(connection, "PRAGMA user_version");
    if (!version) return version.error();
    auto ours = refuse_foreign(connection, path, *version);
    if (!ours) return ours;
    const std::int64_t newest = steps.empty() ? 0 : number_of(steps.back().path);
    if (*version <= newest) return {};
    return Error{errc::unsupported, path + " has schema " + std::to_string(*version) + " and this binary knows up to " +
                                        std::to_string(newest) + ": run the newer binary again, or put back the copy it made (" + path +
                                        ".v" + std::to_string(newest) + ".bak)"};
}

result<void> migrate(SqliteConnection& connection, const std::string& path, const std::vector<EmbeddedFile>& steps) {
    auto version = ask(connection, "PRAGMA user_version");
    if (!version) return version.error();
    const std::int64_t newest = steps.empty() ? 0 : number_of(steps.back().path);
    if (*version > 0 && *version < newest) {
        auto saved = back_up(connection, path, *version);
        if (!saved) return saved;
    }
    for (const EmbeddedFile& step : steps) {
        if (number_of(step.path) <= *version) continue;
        auto applied = apply(connection, step);
        if (!applied) return applied;
    }
    return {};
}

}  // namespace gumshoe
