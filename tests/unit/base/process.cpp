// Results, log lines, the version and the built-in files.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/embedded.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "tests/support/standard_error.hpp"

using namespace gumshoe;
using gumshoe::test::standard_error_of;

namespace {

std::string file_text(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("A log line is one JSON object whatever the values hold") {
    std::string text = standard_error_of([] {
        log::warn("queue.parked", {{"id", "job_1"}, {"why", "two\nlines \"quoted\" \x1B[31m \xFF {}"}});
        log::debug("not shown at level info");
    });
    auto written = lines(text);
    REQUIRE(written.size() == 1);
    auto line = parse_json(written[0]);
    REQUIRE(line.has_value());
    CHECK(get_string(*line, "level") == "warn");
    CHECK(get_string(*line, "event") == "queue.parked");
    CHECK(get_string(*line, "id") == "job_1");
    CHECK(get_string(*line, "why") == "two\nlines \"quoted\" \x1B[31m \xEF\xBF\xBD {}");
    CHECK(get_string(*line, "at")->size() >= std::string("2026-08-01T10:00:00Z").size());
}

TEST_CASE("The log level hides what is below it") {
    log::set_level(log::Level::off);
    std::string text = standard_error_of([] { log::error("x"); });
    log::set_level(log::Level::debug);
    text += standard_error_of([] { log::debug("y"); });
    log::set_level(log::Level::info);
    CHECK(text.find("\"x\"") == std::string::npos);
    CHECK(text.find("\"y\"") != std::string::npos);
}

TEST_CASE("The version is the one of the build") {
    CHECK(file_text(GUMSHOE_SOURCE_DIR "/CMakeLists.txt").find("project(gumshoe VERSION " + std::string(version()) + " ") !=
          std::string::npos);
}

TEST_CASE("Built-in files are the repository's, sorted, found by path") {
    auto files = embedded_files();
    REQUIRE_FALSE(files.empty());
    for (std::size_t i = 1; i < files.size(); ++i) CHECK(files[i - 1].path < files[i].path);
    for (const EmbeddedFile& file : embedded_below("prompts/")) {
        CHECK(file.path.starts_with("prompts/"));
        CHECK(file.bytes == file_text(GUMSHOE_SOURCE_DIR "/" + std::string(file.path)));
        CHECK(embedded_file(file.path) == file.bytes);
    }
    CHECK_FALSE(embedded_below("prompts/").empty());
    CHECK_FALSE(embedded_file("prompts/no-such-file"));
}

TEST_CASE("Taking the value of an error is a bug that names the error") {
    result<int> failed = in_context("queue", Error{errc::storage, "disk full"});
    CHECK(failed.error().message == "queue: disk full");
    CHECK_THROWS_WITH(failed.value(), Catch::Contains("storage") && Catch::Contains("queue: disk full"));
    CHECK(to_string(errc::lease_lost) == "lease_lost");
}
