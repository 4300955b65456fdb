// Log lines by spdlog: {"at":...,"level":...,"event":...,fields}. Values are escaped as JSON, so nothing logged can forge a line.
#include "base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace gumshoe::log {

namespace {

spdlog::logger& logger() {
    static spdlog::logger instance = [] {
        spdlog::logger made("gumshoe", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made.set_pattern("%v");
        return made;
    }();
    return instance;
}

std::string as_json(std::string_view text) {
    return dump_json(json(text));
}

void write(spdlog::level::level_enum level, std::string_view name, std::string_view event, Fields fields) {
    if (!logger().should_log(level)) return;
    auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    std::string line = R"({"at":")" + format_rfc3339(now) + R"(","level":")" + std::string(name) + R"(","event":)" + as_json(event);
    for (const Field& field : fields) line += "," + as_json(field.key) + ":" + as_json(field.value);
    line += "}";
    logger().log(level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void set_level(Level level) {
    switch (level) {
        case Level::debug:
            return logger().set_level(spdlog::level::debug);
        case Level::info:
            return logger().set_level(spdlog::level::info);
        case Level::warn:
            return logger().set_level(spdlog::level::warn);
        case Level::error:
            return logger().set_level(spdlog::level::err);
        case Level::off:
            return logger().set_level(spdlog::level::off);
    }
}

void debug(std::string_view event, Fields fields) {
    write(spdlog::level::debug, "debug", event, fields);
}
void info(std::string_view event, Fields fields) {
    write(spdlog::level::info, "info", event, fields);
}
void warn(std::string_view event, Fields fields) {
    write(spdlog::level::warn, "warn", event, fields);
}
void error(std::string_view event, Fields fields) {
    write(spdlog::level::err, "error", event, fields);
}

}  // namespace gumshoe::log
