// A store of each engine in a directory of its own, on a loop with a fake clock.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "admin/admin_store.hpp"
#include "alert/intake_store.hpp"
#include "delivery/outbox.hpp"
#include "investigation/journal.hpp"
#include "investigation/store.hpp"
#include "llm/attempt_store.hpp"
#include "queue/queue.hpp"
#include "store/database.hpp"
#include "store/store.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/result_printing.hpp"

namespace gumshoe::test {

class TempDir {
public:
    /// In memory where there is such a place: what a disk does is not what these tests ask.
    TempDir() {
        const bool memory = ::access("/dev/shm", W_OK) == 0;
        std::string pattern = (memory ? "/dev/shm" : std::filesystem::temp_directory_path().string()) + "/gumshoe-test-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
        path_ = pattern;
    }
    TempDir(const TempDir&) = delete;
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// Add an engine here and every contract test of a store runs on it.
struct StoreEngine {
    std::string name;
    std::function<result<Store>(const TempDir&, EventLoop&)> open;
};
inline std::vector<StoreEngine> store_engines() {
    return {{"sqlite", [](const TempDir& folder, EventLoop& loop) { return open_sqlite_store(folder / "test.db", loop); }}};
}

/// For rows that nobody waits for.
inline void kept(const Error& error) {
    throw std::runtime_error("a row was lost: " + error.message);
}

/// Opens again what the same folder holds after close().
class TestStore {
public:
    explicit TestStore(StoreEngine engine = store_engines().front()) : engine_(std::move(engine)), loop(make_event_loop(clock)) { open(); }

    void open() {
        auto opened = engine_.open(folder, *loop);
        if (!opened) throw std::runtime_error("cannot open the store: " + opened.error().message);
        store_.emplace(std::move(*opened));
    }
    void close() { store_.reset(); }

    Store* operator->() { return &*store_; }
    template <class T>
    T run(awaitable<T> work) {
        return test::run(*loop, std::move(work));
    }
    /// The value; throws with the error's message.
    template <class T>
    T get(task<T> work) {
        auto outcome = run(std::move(work));
        if (!outcome) throw std::runtime_error("unexpected error: " + outcome.error().message);
        if constexpr (!std::is_void_v<T>) return std::move(*outcome);
    }
    /// Rows of a read-only query, columns joined with '|'; for what no interface tells.
    std::vector<std::string> rows(const std::string& sql, std::size_t columns) {
        std::function<result<std::vector<std::string>>(Connection&)> work =
            [=](Connection& connection) -> result<std::vector<std::string>> {
            auto found = connection.query(sql);
            if (!found) return found.error();
            std::vector<std::string> lines;
            for (const Row& row : *found) {
                std::string line;
                for (std::size_t i = 0; i < columns; ++i) line += (i ? "|" : "") + word(row, i);
                lines.push_back(line);
            }
            return lines;
        };
        return get(read_value(*store_->database, std::move(work)));
    }

private:
    static std::string word(const Row& row, std::size_t i) {
        if (row.null(i)) return "-";
        const std::string text = row.text(i);
        return text.empty() && row.integer(i) != 0 ? std::to_string(row.integer(i)) : text;
    }

    StoreEngine engine_;

public:
    TempDir folder;
    FakeClock clock;
    std::unique_ptr<EventLoop> loop;

private:
    std::optional<Store> store_;
};

inline Alert sample_alert(const std::string& fingerprint, const std::string& episode, Notification notification, Timestamp at) {
    Alert alert;
    alert.source = "datadog";
    alert.title = "5xx above 5% on " + fingerprint;
    alert.fingerprint = fingerprint;
    alert.episode = episode;
    alert.notification = notification;
    alert.status = notification == Notification::recovery ? AlertStatus::resolved : AlertStatus::firing;
    alert.started_at = at;
    alert.received_at = at;
    return alert;
}

}  // namespace gumshoe::test
