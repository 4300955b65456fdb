// Records as JSON lines, and case files.
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "evidence/case_file.hpp"
#include "evidence/gather.hpp"
#include "tests/support/result_printing.hpp"

using namespace gumshoe;

namespace {

Records one_of_each() {
    Records records;
    records.metrics.push_back({"checkout", "checkout-1", "latency.p95", "s", {{1785578400, 0.4}, {1785578460, 3.4}}, "https://m/1"});
    records.logs.push_back({1785578400123456789, "checkout", "checkout-1", "ERROR", "pool exhausted", {{"logger", "db"}}, "t1", "s1"});
    records.spans.push_back({"t1", "s1", "", "checkout", "", "POST /pay", 1785578400000000000, 1785578403000000000, true});
    records.edges.push_back({"checkout", "payment"});
    Change change;
    change.id = "v412";
    change.kind = "deploy";
    change.time = from_seconds(1785578000);
    change.service = "checkout";
    change.subject = "shrink the pool";
    change.files = {"config/prod.yaml"};
    change.deployed = true;
    records.changes.push_back(change);
    records.messages.push_back({"#ops", "1785578400.000100", "ana", "checkout is slow", "", ""});
    records.incidents.push_back({"inv_1", "checkout down", "checkout", "pool", "rolled back", from_seconds(1785000000), ""});
    records.facts.push_back({"checkout", "the monitor fires above 2 s", from_seconds(1785578400), ""});
    return records;
}

std::filesystem::path temporary(const std::string& name) {
    const auto path = std::filesystem::temp_directory_path() / ("gumshoe_case_test_" + name);
    std::filesystem::remove(path);
    return path;
}

}  // namespace

TEST_CASE("every kind of record survives its JSON line") {
    const auto records = one_of_each();
    Records back;
    for (const auto& line : to_json_lines(records)) {
        REQUIRE(add_json_line(back, line));
    }
    REQUIRE(back.size() == records.size());
    REQUIRE(back.size() == 8);
    CHECK(to_json_lines(back) == to_json_lines(records));
    CHECK(back.spans[0].error);
    CHECK(back.logs[0].time_unix_nano == 1785578400123456789);
    CHECK(back.changes[0].deployed == true);
}

TEST_CASE("a line that lacks a field is refused by the field's name") {
    const auto [text, field] = GENERATE(
        table<const char*, const char*>({{R"({"type":"metric","name":"x","points":[]})", "entity"},
                                         {R"({"type":"metric","entity":"x","name":"y","points":[[1]]})", "points"},
                                         {R"({"type":"metric","entity":"x","name":"y","points":[[1e300,1]]})", "points"},
                                         {R"({"type":"metric","entity":"x","name":"y","points":[[9223372036854775807,1]]})", "points"},
                                         {R"({"type":"log","body":"x"})", "time_unix_nano"},
                                         {R"({"type":"span","span_id":"x","service":"y"})", "start_time_unix_nano"},
                                         {R"({"type":"edge","caller":"x"})", "callee"},
                                         {R"({"type":"change","id":"x","kind":"deploy","time":"noon"})", "time"},
                                         {R"({"entity":"x"})", "type"}}));
    Records records;
    const auto added = add_json_line(records, parse_json(text).value());
    REQUIRE_FALSE(added);
    CHECK(added.error().code == errc::parse);
    CHECK(added.error().message.find(field) != std::string::npos);
    CHECK(records.empty());
}

TEST_CASE("unknown types are passed over and gaps in a series are dropped") {
    Records records;
    REQUIRE(add_json_line(records, parse_json(R"({"type":"profile","x":1})").value()));
    CHECK(records.empty());
    REQUIRE(add_json_line(records, parse_json(R"({"type":"metric","entity":"a","name":"b","points":[[20,2],[10,null],[5,1]]})").value()));
    CHECK(records.metrics[0].points == std::vector<std::pair<std::int64_t, double>>{{5, 1.0}, {20, 2.0}});
}

TEST_CASE("a case file reads back what was written, compressed or not") {
    const std::string name = GENERATE("a.case.jsonl", "a.case.jsonl.gz");
    CaseFile file;
    file.id = "case-1";
    file.records = one_of_each();
    file.subject.alert.service = "checkout";
    file.subject.alert.title = "p95 latency > 2 s";
    file.subject.services = {"checkout", "payment"};
    file.subject.onset = from_seconds(1785578400);
    file.subject.incident = {from_seconds(1785578400), from_seconds(1785579000)};
    file.subject.baseline = {from_seconds(1785574800), from_seconds(1785578100)};
    file.subject.more_baseline = {{from_seconds(1785570000), from_seconds(1785571000)}};
    file.coverage.push_back({"datadog", "datadog/logs", CoverageStatus::timeout, "no answer in time", milliseconds(15000)});
    file.truth = {json{{"type", "truth"}, {"entity", "checkout"}}};
    const auto path = temporary(name);
    REQUIRE(write_case(file, path));
    const auto back = read_case(path);
    REQUIRE(back);
    CHECK(case_lines(*back) == case_lines(file));
    CHECK(back->subject.more_baseline.size() == 1);
    CHECK(back->subject.services == file.subject.services);
    CHECK(back->truth[0]["entity"] == "checkout");
    CHECK(case_lines(file).starts_with("{\"type\":\"case\","));
    std::filesystem::remove(path);
}

TEST_CASE("a broken case file names its line") {
    const auto path = temporary("broken.case.jsonl");
    const auto [text, needle] = GENERATE(table<const char*, const char*>(
        {{"{\"type\":\"case\",\"alert\":{},\"incident\":[\"2026-08-01T10:00:00Z\",\"2026-08-01T10:10:00Z\"]}\n{\"type\":\"log\"}\n",
          "line 2"},
         {"{\"type\":\"log\",\"time_unix_nano\":1,\"body\":\"x\"}\n", "line 1"},
         {"{\"type\":\"case\",\"alert\":{},\"incident\":[1,2]}\n", "window"},
         {"\n\nnot json\n", "line 3"},
         {"", "no line of type case"}}));
    std::ofstream(path) << text;
    const auto read = read_case(path);
    REQUIRE_FALSE(read);
    CHECK(read.error().message.find(needle) != std::string::npos);
    std::filesystem::remove(path);
}

TEST_CASE("what two queries both return is counted once, doubles within one query stay") {
    Gathering gathering;
    Gathered first;
    first.fetched.records = one_of_each();
    first.fetched.records.logs.push_back(first.fetched.records.logs[0]);
    Gathered second;
    second.fetched.records = one_of_each();
    second.fetched.records.metrics[0].points = {{1785578460, 3.4}, {1785578520, 3.5}};
    second.fetched.records.changes[0].author = "ana";
    gathering.results = {first, second};
    const auto merged = gathering.records();
    CHECK(merged.logs.size() == 2);
    REQUIRE(merged.metrics.size() == 1);
    CHECK(merged.metrics[0].points.size() == 3);
    REQUIRE(merged.changes.size() == 1);
    CHECK(merged.changes[0].author == "ana");
}
