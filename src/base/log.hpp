// Structured log lines (JSON on standard error). The one process-wide sink: a log that needs wiring is a log that is missing.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace gumshoe::log {

struct Field {
    std::string_view key;
    std::string value;
};
using Fields = std::initializer_list<Field>;

enum class Level { debug, info, warn, error, off };

void set_level(Level level);
void debug(std::string_view event, Fields fields = {});
void info(std::string_view event, Fields fields = {});
void warn(std::string_view event, Fields fields = {});
void error(std::string_view event, Fields fields = {});

}  // namespace gumshoe::log
