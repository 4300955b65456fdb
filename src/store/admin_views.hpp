// The admin API's views, each one read transaction; times in them are RFC 3339.
#pragma once

#include <string>
#include <vector>

#include "admin/admin_store.hpp"
#include "store/database.hpp"

namespace gumshoe {

result<Listed> list_investigations(Connection& connection, const ListFilter& filter, const Page& page);
result<std::string> view_investigation(Connection& connection, const std::string& id);
result<Listed> list_deliveries(Connection& connection, const std::string& source, const std::string& verdict, const Page& page);
result<std::string> view_delivery(Connection& connection, const std::string& id);
result<Listed> list_audit(Connection& connection, const Page& page);

result<std::vector<Sample>> take_samples(Connection& connection, Timestamp now);

/// See AdminStore::purge.
result<std::int64_t> purge_old(Connection& connection, Timestamp deliveries_before, Timestamp evidence_before, std::size_t batch);

}  // namespace gumshoe
