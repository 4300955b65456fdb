// One SQLite connection: statements prepared once by their text, errors as values. Used by one thread at a time.
#pragma once

#include <SQLiteCpp/Database.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "store/database.hpp"

struct sqlite3_stmt;

namespace gumshoe {

class SqliteConnection final : public Connection {
public:
    enum class Use { write, read };

    /// Opens an existing file, changing nothing in it. Read: refuses every write.
    static result<std::unique_ptr<SqliteConnection>> open(const std::string& path, Use use);
    /// WAL, and no commit returns before it is on the disk.
    result<void> make_durable();

    result<std::int64_t> execute(std::string_view sql, const Arguments& arguments = {}) override;
    result<std::vector<Row>> query(std::string_view sql, const Arguments& arguments = {}) override;
    /// Several statements without arguments.
    result<void> script(const std::string& sql);

    /// False also when SQLite itself rolled the transaction back, as it does when the disk is full.
    bool in_transaction() const;
    /// An error after which the file or the disk under it cannot be relied on; stays once it happened.
    const std::optional<Error>& broken() const { return broken_; }
    /// Leaves the WAL as it is when this connection closes.
    void keep_wal_on_close();

private:
    explicit SqliteConnection(SQLite::Database database) : database_(std::move(database)) {}

    /// SQLiteCpp's statements copy every text and share every row's handle; these are the hot path of intake.
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

    result<void> step_through(std::string_view sql, const Arguments& arguments, std::vector<Row>* rows, std::int64_t* changes);
    result<sqlite3_stmt*> prepared(std::string_view sql);
    Error failure(std::string_view sql);

    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };

    SQLite::Database database_;
    std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> statements_;
    std::optional<Error> broken_;
};

}  // namespace gumshoe
