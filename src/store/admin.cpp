// The admin API's store: views, audit rows, readiness, retention.
#include "admin/admin_store.hpp"

#include "store/admin_views.hpp"
#include "store/columns.hpp"
#include "store/investigation_rows.hpp"
#include "store/repositories.hpp"

namespace gumshoe {

namespace {

class StoredAdmin final : public AdminStore {
public:
    StoredAdmin(Database& database, Clock& clock) : database_(database), clock_(clock) {}

    task<Listed> investigations(ListFilter filter, Page page) override {
        std::function<result<Listed>(Connection&)> work = [=](Connection& connection) {
            return list_investigations(connection, filter, page);
        };
        co_return co_await read_value(database_, std::move(work));
    }

    task<std::string> investigation(std::string id) override {
        std::function<result<std::string>(Connection&)> work = [=](Connection& connection) { return view_investigation(connection, id); };
        co_return co_await read_value(database_, std::move(work));
    }

    task<Listed> deliveries(std::string source, std::string verdict, Page page) override {
        std::function<result<Listed>(Connection&)> work = [=](Connection& connection) {
            return list_deliveries(connection, source, verdict, page);
        };
        co_return co_await read_value(database_, std::move(work));
    }

    task<std::string> delivery(std::string id) override {
        std::function<result<std::string>(Connection&)> work = [=](Connection& connection) { return view_delivery(connection, id); };
        co_return co_await read_value(database_, std::move(work));
    }

    task<void> audit(AuditEntry entry) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) {
            return insert_audit(connection, entry.actor, entry.action, entry.subject, entry.detail, entry.peer, entry.at);
        };
        co_return co_await database_.write(std::move(work));
    }

    task<Listed> audit_log(Page page) override {
        std::function<result<Listed>(Connection&)> work = [=](Connection& connection) { return list_audit(connection, page); };
        co_return co_await read_value(database_, std::move(work));
    }

    task<std::vector<Sample>> samples() override {
        std::function<result<std::vector<Sample>>(Connection&)> work = [now = clock_.now()](Connection& connection) {
            return take_samples(connection, now);
        };
        auto samples = co_await read_value(database_, std::move(work));
        if (samples) {
            const DatabaseCounters counters = database_.counters();
            samples->push_back({"gumshoe_store_writes_total", "", static_cast<double>(counters.writes)});
            samples->push_back({"gumshoe_store_commits_total", "", static_cast<double>(counters.commits)});
        }
        co_return samples;
    }

    task<void> healthy() override {
        // A database that failed refuses reads too.
        std::function<result<void>(Connection&)> work = [](Connection& connection) {
            auto row = connection.query("SELECT count(*) FROM jobs WHERE state = 'leased'");
            return row ? result<void>() : result<void>(row.error());
        };
        co_return co_await database_.read(std::move(work));
    }

    task<std::int64_t> purge(Timestamp deliveries_before, Timestamp evidence_before, std::size_t batch) override {
        std::function<result<std::int64_t>(Connection&)> work = [=](Connection& connection) {
            return purge_old(connection, deliveries_before, evidence_before, batch);
        };
        co_return co_await write_value(database_, std::move(work));
    }

private:
    Database& database_;
    Clock& clock_;
};

}  // namespace

std::unique_ptr<AdminStore> make_admin_store(Database& database, Clock& clock) {
    return std::make_unique<StoredAdmin>(database, clock);
}

}  // namespace gumshoe
