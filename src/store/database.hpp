// The database as the repositories see it: transactions of SQL that both engines take. One writer with group commit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/task.hpp"

namespace gumshoe {

struct Blob {
    std::string bytes;
};
using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string, Blob>;

struct BlobView {
    std::string_view bytes;
};
/// What a statement is given: views, which live as long as the call.
using Argument = std::variant<std::nullptr_t, std::int64_t, double, std::string_view, BlobView>;
using Arguments = std::vector<Argument>;

/// One row of an answer; columns by position.
class Row {
public:
    explicit Row(std::vector<Value> values) : values_(std::move(values)) {}
    bool null(std::size_t i) const;
    std::string text(std::size_t i) const;  // "" for NULL; blobs too
    std::int64_t integer(std::size_t i) const;
    double real(std::size_t i) const;

private:
    std::vector<Value> values_;
};

class Connection {
public:
    virtual ~Connection() = default;
    /// Arguments are ?1, ?2, ... in the text. Rows changed.
    virtual result<std::int64_t> execute(std::string_view sql, const Arguments& arguments = {}) = 0;
    virtual result<std::vector<Row>> query(std::string_view sql, const Arguments& arguments = {}) = 0;
};

struct DatabaseCounters {
    std::uint64_t writes = 0;   // callers' transactions
    std::uint64_t commits = 0;  // that made them durable
};

class Database {
public:
    virtual ~Database() = default;

    /// Runs `work` in one write transaction on the writer thread and resumes when it is durable. Several callers' transactions share
    /// one commit; an error of one rolls back only its own. `work` must not touch anything of the event loop. It is not cancellable:
    /// a cancelled caller resumes when it ended. Errors besides those of `work`: storage (disk full, too many waiting; after an I/O
    /// error all that follow, until a restart), corrupt, conflict (a unique constraint), internal.
    virtual task<void> write(std::function<result<void>(Connection&)> work) = 0;
    /// As write(), for one who does not wait; it comes before all that is written later, and is durable some milliseconds from now or
    /// when that is. `failed` is called on the loop.
    virtual void post(std::function<result<void>(Connection&)> work, std::function<void(const Error&)> failed) = 0;
    /// A read-only snapshot on another connection.
    virtual task<void> read(std::function<result<void>(Connection&)> work) = 0;
    /// Since the start; safe to ask at any time.
    virtual DatabaseCounters counters() const = 0;
};

/// write/read with a value.
template <class T>
task<T> write_value(Database& database, std::function<result<T>(Connection&)> work) {
    auto slot = std::make_shared<std::optional<T>>();
    std::function<result<void>(Connection&)> inner = [slot, work = std::move(work)](Connection& connection) -> result<void> {
        auto value = work(connection);
        if (!value) return value.error();
        *slot = std::move(*value);
        return {};
    };
    auto done = co_await database.write(std::move(inner));
    if (!done) co_return done.error();
    co_return std::move(**slot);
}

template <class T>
task<T> read_value(Database& database, std::function<result<T>(Connection&)> work) {
    auto slot = std::make_shared<std::optional<T>>();
    std::function<result<void>(Connection&)> inner = [slot, work = std::move(work)](Connection& connection) -> result<void> {
        auto value = work(connection);
        if (!value) return value.error();
        *slot = std::move(*value);
        return {};
    };
    auto done = co_await database.read(std::move(inner));
    if (!done) co_return done.error();
    co_return std::move(**slot);
}

}  // namespace gumshoe
