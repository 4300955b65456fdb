// From records to ranked, citable items.
#include "evidence/condense.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "base/limits.hpp"
#include "evidence/changes.hpp"
#include "evidence/suspects.hpp"
#include "tests/unit/evidence/incident.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

const Evidence* find_item(const std::vector<Evidence>& items, EvidenceKind kind, const std::string& signal) {
    const auto at =
        std::find_if(items.begin(), items.end(), [&](const Evidence& item) { return item.kind == kind && item.signal == signal; });
    return at == items.end() ? nullptr : &*at;
}

}  // namespace

TEST_CASE("an incident becomes items in plain words with their numbers") {
    const auto items = condense(pool_subject(), pool_records());
    const auto* metric = find_item(items, EvidenceKind::metric, "rise");
    REQUIRE(metric != nullptr);
    CHECK(metric->entity == "checkout");
    CHECK(metric->text.find("checkout latency.p95 rose from 416 ms to 3.7 s at 09:58:00") != std::string::npos);
    CHECK(metric->from == from_seconds(incident_begin));
    const auto* log = find_item(items, EvidenceKind::log, "new");
    REQUIRE(log != nullptr);
    CHECK(log->text.find("checkout logged \"connection pool exhausted after <*> tries\" 120 times in 15 min, 0 in the 60 min before") !=
          std::string::npos);
    CHECK(log->numbers.at("count") == 120);
    CHECK(log->quotes.at(0).find("connection pool exhausted after") == 0);
    const auto* deployed = find_item(items, EvidenceKind::change, "deploy");
    REQUIRE(deployed != nullptr);
    CHECK(deployed->change_id == "v412");
    CHECK(deployed->text.find("live 7 min before") != std::string::npos);
    const auto* flat = find_item(items, EvidenceKind::metric, "flat");
    REQUIRE(flat != nullptr);
    CHECK(flat->aspect == "traffic");
    for (std::size_t i = 0; i < items.size(); ++i) {
        CHECK(items[i].id == "E" + std::to_string(i + 1));
        CHECK((i == 0 || items[i].mass <= items[i - 1].mass));
        CHECK(items[i].text.size() <= limits::evidence_text_bytes);
    }
}

TEST_CASE("the order in which records arrive does not show") {
    auto records = pool_records();
    const auto straight = condense(pool_subject(), records);
    std::mt19937 random(7);
    std::shuffle(records.logs.begin(), records.logs.end(), random);
    std::shuffle(records.metrics.begin(), records.metrics.end(), random);
    std::shuffle(records.changes.begin(), records.changes.end(), random);
    const auto shuffled = condense(pool_subject(), records);
    REQUIRE(straight.size() == shuffled.size());
    for (std::size_t i = 0; i < straight.size(); ++i) {
        CHECK(straight[i].text == shuffled[i].text);
    }
}

TEST_CASE("at most three items of a kind and entity") {
    auto records = pool_records();
    for (int i = 0; i < 12; ++i) {
        records.metrics.push_back(series("payment", "errors." + std::to_string(i), "1", 1, 50));
    }
    std::map<std::pair<EvidenceKind, std::string>, int> counts;
    for (const auto& item : condense(pool_subject(), records)) {
        if (item.kind != EvidenceKind::change) {
            CHECK(++counts[{item.kind, item.entity}] <= 3);
        }
    }
    CHECK(counts[{EvidenceKind::metric, "payment"}] == 3);
}

TEST_CASE("an item names the query it came from, and only an answered query proves absence") {
    Gathering gathering;
    Gathered metrics;
    metrics.query.source = "datadog";
    metrics.query.id = "datadog/metrics";
    metrics.query.kind = QueryKind::metrics;
    metrics.query.window = pool_subject().incident;
    metrics.fetched.records.metrics = pool_records().metrics;
    metrics.fetched.query_text = "p95:checkout";
    Gathered deploys = metrics;
    deploys.query.kind = QueryKind::deployments;
    deploys.query.entity = "checkout";
    deploys.fetched = {};
    const auto [status, told] = GENERATE(
        table<CoverageStatus, bool>({{CoverageStatus::empty, true}, {CoverageStatus::error, false}, {CoverageStatus::timeout, false}}));
    deploys.coverage.status = status;
    gathering.results = {metrics, deploys};
    const auto items = condense(pool_subject(), gathering);
    const auto* metric = find_item(items, EvidenceKind::metric, "rise");
    REQUIRE(metric != nullptr);
    CHECK(metric->source == "datadog");
    CHECK(metric->query == "p95:checkout");
    const auto* absent = find_item(items, EvidenceKind::absence, "absent");
    CHECK((absent != nullptr) == told);
    if (absent != nullptr) {
        CHECK(absent->text.find("no deploys of checkout seen") == 0);
    }
}

TEST_CASE("an absence over a day does not read as one over a moment") {
    Gathered deploys;
    deploys.query = {.source = "datadog", .id = "datadog/deployments", .kind = QueryKind::deployments, .entity = "checkout"};
    deploys.query.window = {pool_subject().incident.to - std::chrono::hours(24), pool_subject().incident.to};
    deploys.coverage.status = CoverageStatus::empty;
    Gathering gathering;
    gathering.results = {deploys};
    const auto items = condense(pool_subject(), gathering);
    const auto* absent = find_item(items, EvidenceKind::absence, "absent");
    REQUIRE(absent != nullptr);
    CHECK(absent->text.find("seen by datadog in the 1 d to ") != std::string::npos);
}

TEST_CASE("a change is named by its version, not by a machine's long id") {
    auto records = pool_records();
    records.changes = {deploy("v412", incident_begin - 600, "a"), deploy("01CHANGEGWCONFIG000000000", incident_begin - 500, "b")};
    records.changes[1].subject = "pool smaller";
    std::string told;
    for (const Evidence& item : condense(pool_subject(), records)) {
        if (item.kind == EvidenceKind::change) told += item.text + "\n";
    }
    CHECK(told.find("deploy v412 of checkout") != std::string::npos);
    CHECK(told.find("\"pool smaller\"") != std::string::npos);
    CHECK(told.find("01CHANGE") == std::string::npos);
}

TEST_CASE("a caller of something slow is a symptom, the slow one is the suspect") {
    Records records;
    records.edges = {{"web", "shop"}, {"shop", "db"}, {"web", "mail"}};
    for (const auto& [entity, after] :
         {std::pair<const char*, double>{"web", 5.0}, {"shop", 4.5}, {"db", 3.0}, {"mail", 0.1}, {"elsewhere", 4.0}}) {
        records.metrics.push_back(series(entity, "latency.p95", "s", 0.1, after));
    }
    auto subject = pool_subject();
    subject.alert.service = "web";
    const auto ranked = rank_entities(subject, topology_of(records), condense(subject, records));
    REQUIRE(ranked.size() >= 3);
    CHECK(ranked[0].entity == "db");
    CHECK(std::none_of(ranked.begin(), ranked.begin() + 3, [](const RankedEntity& one) { return one.entity == "elsewhere"; }));
}

TEST_CASE("a deploy after the trouble began is not blamed for it") {
    auto records = pool_records();
    records.changes = {deploy("after", incident_begin + 500, "a"), deploy("before", incident_begin - 600, "b")};
    const auto subject = pool_subject();
    const auto items = condense(subject, records);
    const auto topology = topology_of(records);
    const auto ranked = rank_changes(subject, records, topology, items, rank_entities(subject, topology, items));
    REQUIRE(ranked.size() == 2);
    CHECK(records.changes[ranked[0].index].id == "before");
    CHECK(ranked[1].score < 0.2 * ranked[0].score);
}

TEST_CASE("merged is not deployed") {
    auto records = pool_records();
    std::erase_if(records.changes, [](const Change& change) { return change.kind == "deploy"; });
    const auto subject = pool_subject();
    const auto items = condense(subject, records);
    const auto* commit = find_item(items, EvidenceKind::change, "commit");
    REQUIRE(commit != nullptr);
    CHECK(commit->text.find("deploy not confirmed") != std::string::npos);
    CHECK(std::find(commit->quotes.begin(), commit->quotes.end(), "+pool_max: 5") != commit->quotes.end());
}

TEST_CASE("a pack holds whole lines within its budget, the heaviest first") {
    const auto items = condense(pool_subject(), pool_records());
    const auto full = pack(items, limits::pack_tokens);
    CHECK(full.starts_with("[E1] "));
    const auto small = pack(items, 120);
    CHECK(small.size() <= 420);
    CHECK(small.size() > 100);
    CHECK(small.back() == '\n');
}
