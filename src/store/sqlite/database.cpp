// The writer: whatever waits when a commit ends goes into the next one, each caller inside a savepoint of its own.
#include <sqlite3.h>

#include <atomic>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/open.hpp"
#include "store/sqlite/sqlite.hpp"

namespace gumshoe {

namespace {

namespace asio = boost::asio;

using Work = std::function<result<void>(Connection&)>;

constexpr std::chrono::milliseconds linger{10};  // over what nobody waits for, so that more goes into one commit

/// A caller and what it asks for. Its guard keeps the loop running until it resumed.
struct Request {
    Work work;
    asio::any_completion_handler<void(result<void>)> resume;
    asio::executor_work_guard<asio::any_io_executor> guard;
    bool waits = true;  // else it wants to know of failures alone
    result<void> outcome = {};
};
using Requests = std::vector<std::unique_ptr<Request>>;

/// What waits for one thread.
class Lane {
public:
    /// False (and the request is untouched) when too many wait already.
    bool put(std::unique_ptr<Request>& request) {
        const bool waits = request->waits;
        bool wakes = waits;
        {
            const std::lock_guard lock(mutex_);
            if (waiting_.size() >= limits::store_waiting) return false;
            waiting_.push_back(std::move(request));
            callers_ += waits ? 1 : 0;
            wakes = wakes || waiting_.size() == 1 || waiting_.size() == limits::store_batch;
        }
        if (wakes) ready_.notify_one();
        return true;
    }
    /// Waits for at least one, and where no caller waits for any of them, a little for as many as go into one commit; empty after
    /// close() when nothing is left.
    Requests take(std::size_t most) {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
        ready_.wait_for(lock, linger, [&] { return closed_ || callers_ > 0 || waiting_.size() >= most; });
        Requests taken;
        while (!waiting_.empty() && taken.size() < most) {
            callers_ -= waiting_.front()->waits ? 1 : 0;
            taken.push_back(std::move(waiting_.front()));
            waiting_.pop_front();
        }
        return taken;
    }
    void close() {
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
        }
        ready_.notify_one();
    }

private:
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<std::unique_ptr<Request>> waiting_;
    std::size_t callers_ = 0;  // of those, how many somebody waits for
    bool closed_ = false;
};

/// The error that made the database unusable, for both threads.
class Failure {
public:
    std::optional<Error> get() const {
        const std::lock_guard lock(mutex_);
        return error_;
    }
    void note(const SqliteConnection& connection) {
        if (!connection.broken()) return;
        const std::lock_guard lock(mutex_);
        if (error_) return;
        error_ = connection.broken();
        error_->message = "the database failed and takes nothing more until a restart: " + error_->message;
        log::error("store_failed", {{"error", error_->message}});
    }

private:
    mutable std::mutex mutex_;
    std::optional<Error> error_;
};

result<void> perform(const Work& work, Connection& connection) {
    try {
        return work(connection);
    } catch (const std::exception& error) {
        return Error{errc::internal, std::string("in a transaction: ") + error.what()};
    }
}

class SqliteDatabase final : public Database {
public:
    SqliteDatabase(FileLock lock, std::unique_ptr<SqliteConnection> writer, std::unique_ptr<SqliteConnection> reader,
                   asio::any_io_executor executor)
        : lock_(std::move(lock)), writer_(std::move(writer)), reader_(std::move(reader)), executor_(std::move(executor)) {
        write_thread_ = std::thread([this] { write_all(); });
        read_thread_ = std::thread([this] { read_all(); });
    }

    ~SqliteDatabase() override {
        reads_.close();
        writes_.close();
        read_thread_.join();
        write_thread_.join();
        reader_.reset();
        // A failed database keeps its WAL for the next start to recover; a sound one leaves a single file behind.
        if (failure_.get()) {
            writer_->keep_wal_on_close();
        } else {
            writer_->script("PRAGMA wal_checkpoint(TRUNCATE)");
        }
    }

    task<void> write(Work work) override { return submit(writes_, std::move(work)); }
    task<void> read(Work work) override { return submit(reads_, std::move(work)); }
    void post(Work work, std::function<void(const Error&)> failed) override {
        auto resume = [failed = std::move(failed)](result<void> outcome) {
            if (!outcome) failed(outcome.error());
        };
        put(writes_, {.work = std::move(work), .resume = std::move(resume), .guard = asio::make_work_guard(executor_), .waits = false});
    }
    DatabaseCounters counters() const override { return {writes_done_.load(), commits_.load()}; }

private:
    /// Takes no cancellation slot: the work refers to what its caller holds, so the caller stays until it ended.
    task<void> submit(Lane& lane, Work work) {
        auto start = [this, &lane](auto handler, Work function) {
            put(lane, {.work = std::move(function), .resume = std::move(handler), .guard = asio::make_work_guard(executor_)});
        };
        return asio::async_initiate<const asio::use_awaitable_t<>, void(result<void>)>(start, asio::use_awaitable, std::move(work));
    }

    void put(Lane& lane, Request asked) {
        auto request = std::make_unique<Request>(std::move(asked));
        if (lane.put(request)) return;
        request->outcome = Error{errc::storage, "the store is overloaded: too many callers wait for it"};
        Requests refused;
        refused.push_back(std::move(request));
        resume(std::move(refused));
    }

    /// One wake-up of the loop for all; each caller still gets a turn of its own.
    void resume(Requests requests) {
        std::erase_if(requests, [](const auto& request) { return !request->waits && request->outcome; });
        if (requests.empty()) return;
        auto all = [executor = executor_, requests = std::move(requests)]() mutable {
            for (auto& request : requests) {
                auto one = [request = std::move(request)]() mutable { std::move(request->resume)(std::move(request->outcome)); };
                asio::post(executor, std::move(one));
            }
        };
        asio::post(executor_, std::move(all));
    }

    void write_all() {
        for (Requests batch = writes_.take(limits::store_batch); !batch.empty(); batch = writes_.take(limits::store_batch)) {
            const auto failed = failure_.get();
            auto committed = failed ? result<void>(*failed) : commit(batch);
            failure_.note(*writer_);
            for (auto& request : batch) {
                if (!committed) request->outcome = committed.error();
                request->work = nullptr;
            }
            writes_done_ += batch.size();
            resume(std::move(batch));
        }
    }

    /// An error here is everybody's: nothing of the batch was kept.
    result<void> commit(Requests& batch) {
        auto done = writer_->execute("BEGIN IMMEDIATE");
        for (std::size_t i = 0; done && i < batch.size(); ++i) done = run_one(*batch[i]);
        if (done) done = writer_->execute("COMMIT");
        if (!done) {
            if (writer_->in_transaction()) writer_->execute("ROLLBACK");
            return done.error();
        }
        ++commits_;
        return {};
    }

    result<std::int64_t> run_one(Request& request) {
        auto begun = writer_->execute("SAVEPOINT one");
        if (!begun) return begun;
        request.outcome = perform(request.work, *writer_);
        if (writer_->broken()) return *writer_->broken();
        if (!writer_->in_transaction()) {
            return request.outcome ? Error{errc::internal, "a transaction was ended by its own work"} : request.outcome.error();
        }
        if (!request.outcome) {
            auto undone = writer_->execute("ROLLBACK TO one");
            if (!undone) return undone;
        }
        return writer_->execute("RELEASE one");
    }

    void read_all() {
        for (Requests batch = reads_.take(1); !batch.empty(); batch = reads_.take(1)) {
            const auto failed = failure_.get();
            batch.front()->outcome = failed ? result<void>(*failed) : look(*batch.front());
            failure_.note(*reader_);
            batch.front()->work = nullptr;
            resume(std::move(batch));
        }
    }

    result<void> look(Request& request) {
        auto begun = reader_->execute("BEGIN");
        if (!begun) return begun.error();
        auto outcome = perform(request.work, *reader_);
        auto ended = reader_->execute("ROLLBACK");
        if (outcome && !ended) return ended.error();
        return outcome;
    }

    FileLock lock_;
    std::unique_ptr<SqliteConnection> writer_;
    std::unique_ptr<SqliteConnection> reader_;
    asio::any_io_executor executor_;
    Failure failure_;
    Lane writes_;
    Lane reads_;
    std::atomic<std::uint64_t> writes_done_ = 0;
    std::atomic<std::uint64_t> commits_ = 0;
    std::thread write_thread_;
    std::thread read_thread_;
};

Error damaged(const std::string& path, const Error& error) {
    if (error.code != errc::corrupt) return in_context(path, error);
    return {errc::corrupt,
            path + " is damaged (" + error.message + "): keep a copy, then restore a backup or recover it with sqlite3's .recover"};
}

result<void> check(SqliteConnection& connection) {
    auto rows = connection.query("PRAGMA quick_check(1)");
    if (!rows) return rows.error();
    const std::string verdict = rows->empty() ? "no answer" : rows->front().text(0);
    if (verdict != "ok") return Error{errc::corrupt, verdict};
    return {};
}

}  // namespace

result<std::unique_ptr<Database>> open_sqlite(const std::string& path, asio::any_io_executor executor,
                                              const std::vector<EmbeddedFile>& migrations) {
    auto lock = FileLock::take(path);
    if (!lock) return lock.error();
    // Counting its memory takes a lock at every allocation. Of no effect once SQLite is in use.
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    auto writer = SqliteConnection::open(path, SqliteConnection::Use::write);
    if (!writer) return damaged(path, writer.error());
    auto ready = check(**writer);
    if (!ready) return damaged(path, ready.error());
    ready = check_schema(**writer, path, migrations);
    if (!ready) return ready.error();
    ready = (*writer)->make_durable();
    if (ready) ready = migrate(**writer, path, migrations);
    if (!ready) return damaged(path, ready.error());
    auto reader = SqliteConnection::open(path, SqliteConnection::Use::read);
    if (!reader) return damaged(path, reader.error());
    return std::unique_ptr<Database>(
        std::make_unique<SqliteDatabase>(std::move(*lock), std::move(*writer), std::move(*reader), std::move(executor)));
}

}  // namespace gumshoe
