// The admin API over a real store: credentials, routes, problems; and its description held against the table of routes.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "base/embedded.hpp"
#include "tests/unit/admin/house.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

TEST_CASE("the API's description and its routes are the same list") {
    House house;
    const json described = json::parse(*embedded_file("docs/openapi.json"));
    std::set<std::string> from_file;
    for (const auto& [path, methods] : described.at("paths").items()) {
        for (const auto& [method, operation] : methods.items()) {
            std::string scope;
            if (!operation.at("security").empty()) scope = operation.at("security")[0].at("bearer")[0].get<std::string>();
            std::string upper = method;
            for (char& c : upper) c = static_cast<char>(std::toupper(c));
            from_file.insert(upper + " " + path + " " + scope);
        }
    }
    std::set<std::string> from_table;
    for (const AdminRoute& route : house.api.routes()) from_table.insert(route.method + " " + route.pattern + " " + route.scope);
    CHECK(from_file == from_table);
}

TEST_CASE("every route but health asks for a token with its scope") {
    House house;
    for (const AdminRoute& route : house.api.routes()) {
        CAPTURE(route.method, route.pattern);
        std::string path = route.pattern;
        if (const auto at = path.find("{id}"); at != std::string::npos) path.replace(at, 4, "inv_none");
        const int open = house.call(route.method, path, "").status;
        CHECK((route.scope.empty() ? open == 200 : open == 401));
        if (route.scope.empty()) continue;
        CHECK(house.call(route.method, path, "wrong-token-00001").status == 401);
        const int as_reader = house.call(route.method, path, "reader-token-0001").status;
        CHECK((route.scope == "read" ? as_reader != 403 : as_reader == 403));
    }
    CHECK(house.call("GET", "/nowhere", "").status == 401);  // no token: not even what exists
    CHECK(house.call("GET", "/nowhere").status == 404);
    const HttpReply wrong = house.call("DELETE", "/api/v1/investigations");
    CHECK(wrong.status == 405);
    CHECK(wrong.headers.find("Allow") == "GET");
}

TEST_CASE("what was recorded comes back, and a run that does not exist is a problem") {
    House house;
    const std::string id = house.finished_investigation();
    const std::string one = "/api/v1/investigations/" + id;
    CHECK(json::parse(house.call("GET", "/api/v1/investigations?service=checkout").body).at("items").size() == 1);
    CHECK(json::parse(house.call("GET", "/api/v1/investigations?service=payments").body).at("items").empty());
    CHECK(json::parse(house.call("GET", one).body).at("state") == "done");
    CHECK(json::parse(house.call("GET", one + "/evidence").body).at("evidence").size() == 1);
    CHECK(json::parse(house.call("GET", one + "/runs").body).at("runs").size() == 1);
    CHECK(house.call("GET", one + "/evidence?run=run_none").status == 404);
    CHECK(house.call("GET", "/api/v1/investigations/inv_none").status == 404);
    CHECK(house.call("GET", "/api/v1/investigations?limit=0").status == 400);
    CHECK(house.call("GET", "/api/v1/investigations?since=yesterday").status == 400);
    CHECK(house.call("GET", "/metrics").body.find("# TYPE gumshoe_x_total counter\ngumshoe_x_total 2") != std::string::npos);
}

TEST_CASE("a replay is asked for once, however often it is sent") {
    House house;
    const std::string replay = "/api/v1/investigations/" + house.finished_investigation() + "/replay";
    const std::string token = "root-token-00001";
    CHECK(problem_detail(house.call("POST", replay, token, "{}")).find("Idempotency-Key") != std::string::npos);
    CHECK(house.call("POST", replay, token, R"({"mode":"warm"})", "k0").status == 400);
    CHECK(house.call("POST", replay, token, R"({"modus":"live"})", "k0").status == 400);
    CHECK(house.call("POST", replay, token, R"({"chain":"none"})", "k0").status == 400);
    CHECK(house.woken == 0);
    const HttpReply first = house.call("POST", replay, token, R"({"mode":"frozen"})", "k1");
    REQUIRE(first.status == 202);
    CHECK(house.woken == 1);
    const HttpReply again = house.call("POST", replay, token, R"({"mode":"frozen"})", "k1");
    CHECK(json::parse(again.body).at("id") == json::parse(first.body).at("id"));
    CHECK(house.call("POST", replay, token, "{}", "k2").status == 409);  // one is under way
    CHECK_FALSE(json::parse(house.call("GET", "/api/v1/audit").body).at("items").empty());
}
