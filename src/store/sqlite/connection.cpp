// Statements, and what SQLite's result codes mean for us.
#include "store/sqlite/connection.hpp"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

namespace gumshoe {

namespace {

bool is_fatal(int code) {
    switch (code & 0xff) {
        case SQLITE_IOERR:  // includes a failed fsync: what reached the disk is unknown, and asking again would lie
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_CANTOPEN:
        case SQLITE_PROTOCOL:
            return true;
        case SQLITE_READONLY:
            return code != SQLITE_READONLY;  // the file was moved or its directory became read-only
        default:
            return false;
    }
}

errc meaning(int code) {
    switch (code & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return errc::corrupt;
        case SQLITE_CONSTRAINT:
            return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ? errc::conflict : errc::internal;
        case SQLITE_ERROR:
        case SQLITE_MISUSE:
        case SQLITE_RANGE:
        case SQLITE_MISMATCH:
            return errc::internal;
        default:
            return errc::storage;
    }
}

/// The arguments outlive the statement's steps, so their bytes are not copied. SQLiteCpp has no binding of a string_view.
struct Binder {
    sqlite3_stmt* statement;
    int index;
    int operator()(std::nullptr_t) const { return sqlite3_bind_null(statement, index); }
    int operator()(std::int64_t value) const { return sqlite3_bind_int64(statement, index, value); }
    int operator()(double value) const { return sqlite3_bind_double(statement, index, value); }
    int operator()(std::string_view value) const {
        const char* bytes = value.data() == nullptr ? "" : value.data();  // a null pointer would bind NULL
        return sqlite3_bind_text64(statement, index, bytes, value.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    int operator()(BlobView value) const {
        const char* bytes = value.bytes.data() == nullptr ? "" : value.bytes.data();
        return sqlite3_bind_blob64(statement, index, bytes, value.bytes.size(), SQLITE_STATIC);
    }
};

std::string bytes_of(const void* data, int size) {
    return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

Row read_row(sqlite3_stmt* statement) {
    std::vector<Value> values;
    const int count = sqlite3_column_count(statement);
    values.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        switch (sqlite3_column_type(statement, i)) {
            case SQLITE_INTEGER:
                values.emplace_back(std::int64_t{sqlite3_column_int64(statement, i)});
                break;
            case SQLITE_FLOAT:
                values.emplace_back(sqlite3_column_double(statement, i));
                break;
            case SQLITE_TEXT:
                values.emplace_back(bytes_of(sqlite3_column_text(statement, i), sqlite3_column_bytes(statement, i)));
                break;
            case SQLITE_BLOB:
                values.emplace_back(Blob{bytes_of(sqlite3_column_blob(statement, i), sqlite3_column_bytes(statement, i))});
                break;
            default:
                values.emplace_back(nullptr);
        }
    }
    return Row(std::move(values));
}

/// A statement's first words, for an error: no argument ever appears in the text.
std::string_view opening(std::string_view sql) {
    const auto start = sql.find_first_not_of(" \n");
    return start == std::string_view::npos ? sql : sql.substr(start, 40);
}

constexpr int busy_timeout_ms = 5000;
constexpr auto common_pragmas =
    "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384; PRAGMA trusted_schema = OFF;";
constexpr auto durable_pragmas = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000;";
constexpr auto read_pragmas = "PRAGMA query_only = ON;";

}  // namespace

result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::string& path, Use use) {
    try {
        // Each connection belongs to one thread: SQLite need not lock it.
        SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, busy_timeout_ms);
        sqlite3_extended_result_codes(database.getHandle(), 1);
        std::unique_ptr<SqliteConnection> connection(new SqliteConnection(std::move(database)));
        auto set = connection->script(common_pragmas);
        if (set && use == Use::read) set = connection->script(read_pragmas);
        if (!set) return set.error();
        return connection;
    } catch (const SQLite::Exception& error) {
        const errc code = meaning(error.getErrorCode());
        return Error{code == errc::internal ? errc::storage : code, error.what()};
    }
}

result<void> SqliteConnection::make_durable() {
    auto mode = query("PRAGMA journal_mode = WAL");
    if (!mode) return mode.error();
    if (mode->front().text(0) != "wal") return Error{errc::storage, "the file system cannot hold SQLite's WAL (a network share?)"};
    return script(durable_pragmas);
}

result<std::int64_t> SqliteConnection::execute(std::string_view sql, const Arguments& arguments) {
    std::int64_t changes = 0;
    auto done = step_through(sql, arguments, nullptr, &changes);
    if (!done) return done.error();
    return changes;
}

result<std::vector<Row>> SqliteConnection::query(std::string_view sql, const Arguments& arguments) {
    std::vector<Row> rows;
    auto done = step_through(sql, arguments, &rows, nullptr);
    if (!done) return done.error();
    return rows;
}

result<void> SqliteConnection::script(const std::string& sql) {
    if (database_.tryExec(sql) != SQLITE_OK) return failure(sql);
    return {};
}

result<void> SqliteConnection::step_through(std::string_view sql, const Arguments& arguments, std::vector<Row>* rows,
                                            std::int64_t* changes) {
    auto statement = prepared(sql);
    if (!statement) return statement.error();
    if (static_cast<std::size_t>(sqlite3_bind_parameter_count(*statement)) != arguments.size()) {
        return Error{errc::internal, "store: another number of arguments than parameters: " + std::string(opening(sql))};
    }
    int code = SQLITE_OK;
    for (std::size_t i = 0; i < arguments.size() && code == SQLITE_OK; ++i) {
        code = std::visit(Binder{*statement, static_cast<int>(i) + 1}, arguments[i]);
    }
    if (code == SQLITE_OK) {
        while ((code = sqlite3_step(*statement)) == SQLITE_ROW) {
            if (rows) rows->push_back(read_row(*statement));
        }
    }
    result<void> outcome;
    if (code != SQLITE_DONE)
        outcome = failure(sql);
    else if (changes)
        *changes = sqlite3_changes64(database_.getHandle());
    sqlite3_reset(*statement);
    return outcome;
}

result<sqlite3_stmt*> SqliteConnection::prepared(std::string_view sql) {
    if (const auto known = statements_.find(sql); known != statements_.end()) return known->second.get();
    sqlite3_stmt* raw = nullptr;
    const int code =
        sqlite3_prepare_v3(database_.getHandle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    Statement statement(raw);
    if (code != SQLITE_OK) return failure(sql);
    return statements_.emplace(std::string(sql), std::move(statement)).first->second.get();
}

void SqliteConnection::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

Error SqliteConnection::failure(std::string_view sql) {
    const int code = database_.getExtendedErrorCode();
    Error error{meaning(code), std::string("SQLite: ") + database_.getErrorMsg() + " (" + std::string(opening(sql)) + ")"};
    if (is_fatal(code) && !broken_) broken_ = error;
    return error;
}

bool SqliteConnection::in_transaction() const {
    return sqlite3_get_autocommit(database_.getHandle()) == 0;
}

void SqliteConnection::keep_wal_on_close() {
    sqlite3_db_config(database_.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace gumshoe
