// Which log patterns are new, surged or vanished, measured against the traffic of the operation that logs them.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "evidence/detect.hpp"
#include "evidence/log_patterns.hpp"

namespace gumshoe {

namespace {

constexpr double half_mass = 4;
constexpr std::size_t sample_bytes = 240;
constexpr std::size_t pattern_bytes = 160;

struct Line {
    std::string_view text;
    std::string parsed;  // owns `text` where the body was JSON
    bool alarming = false;
    bool continuation = false;
};

bool is_alarming_level(std::string_view level) {
    constexpr std::array names{"warn", "warning", "error", "err", "fatal", "critical", "crit", "alert", "emergency", "panic", "severe"};
    return std::any_of(names.begin(), names.end(), [level](const char* name) { return iequals(level, name); });
}

/// A level word near the start of a plain line.
bool starts_alarming(std::string_view text) {
    text = text.substr(0, 60);
    for (const std::string_view word : {"WARN", "ERROR", "FATAL", "CRITICAL", "SEVERE", "[error]", "[warn]", "level=error", "level=warn"}) {
        if (text.find(word) != std::string_view::npos) {
            return true;
        }
    }
    return false;
}

Line line_of(const LogRecord& log) {
    Line line;
    line.text = trim(log.body);
    line.alarming = is_alarming_level(log.severity_text);
    if (line.text.starts_with('{')) {
        if (const auto object = parse_json(line.text); object && object->is_object()) {
            for (const char* key : {"message", "msg", "log", "error"}) {
                if (auto text = get_string(*object, key)) {
                    line.parsed = std::move(*text);
                    line.text = line.parsed;
                    break;
                }
            }
            for (const char* key : {"level", "severity", "severity_text"}) {
                line.alarming = line.alarming || is_alarming_level(string_or_empty(*object, key));
            }
        }
    }
    const bool indented = !log.body.empty() && (log.body.front() == ' ' || log.body.front() == '\t');
    line.continuation = (indented && (line.text.starts_with("at ") || line.text.starts_with("File \"") || line.text.starts_with("..."))) ||
                        line.text.starts_with("Caused by:");
    if (const auto end = line.text.find('\n'); end != std::string_view::npos) {
        const auto first = trim(line.text.substr(0, end));
        const auto last = trim(line.text.substr(line.text.find_last_of('\n', line.text.size() - 1) + 1));
        line.text = first.starts_with("Traceback (most recent call last)") && !last.empty() ? last : first;
    }
    line.alarming = line.alarming || starts_alarming(line.text);
    return line;
}

struct Count {
    double after = 0;
    double before = 0;
};

struct Seen {
    std::map<std::int32_t, Count> by_operation;  // -1: no span known
    Count all;
    bool alarming = false;
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::vector<std::string> quotes;  // first, then the last
    std::string service;
};

std::string quote_of(const LogRecord& log) {
    return truncate(trim(log.body.substr(0, 4 * sample_bytes)), sample_bytes);
}

class LogComparison {
public:
    LogComparison(const Subject& subject, const std::vector<LogRecord>& logs, const std::vector<SpanRecord>& spans)
        : periods_(periods_of(subject)) {
        read_spans(spans);
        read_logs(logs);
    }

    std::vector<Evidence> changes() const {
        std::vector<Evidence> items;
        for (const auto& [pattern, seen] : seen_) {
            auto item = judge(pattern, seen);
            if (item.mass >= 0.03) {
                items.push_back(std::move(item));
            }
        }
        return items;
    }

private:
    void read_spans(const std::vector<SpanRecord>& spans) {
        std::unordered_map<std::string, std::int32_t> ids;
        operation_of_span_.reserve(spans.size());
        for (const auto& span : spans) {
            const auto [at, fresh] = ids.try_emplace(span.service + '\n' + span.name, static_cast<std::int32_t>(operations_.size()));
            if (fresh) {
                operations_.push_back({span.name, {}});
            }
            operation_of_span_.emplace(span.span_id, at->second);
            const auto time = from_millis(span.start_time_unix_nano / 1'000'000);
            auto& traffic = operations_[static_cast<std::size_t>(at->second)].second;
            traffic.after += periods_.is_incident(time) ? 1 : 0;
            traffic.before += periods_.is_quiet(time) ? 1 : 0;
        }
    }

    void read_logs(const std::vector<LogRecord>& logs) {
        std::vector<const LogRecord*> order;
        order.reserve(logs.size());
        for (const auto& log : logs) {
            order.push_back(&log);
        }
        // Patterns depend on the order of lines; the order of arrival must not show.
        std::sort(order.begin(), order.end(), [](const LogRecord* a, const LogRecord* b) {
            return std::tie(a->time_unix_nano, a->service, a->body) < std::tie(b->time_unix_nano, b->service, b->body);
        });
        struct Extent {
            std::int64_t first = 0;
            std::int64_t last = 0;
            std::size_t lines = 0;
        };
        std::vector<Extent> extents(periods_.quiet.size());
        for (const auto* log : order) {
            const auto time = from_millis(log->time_unix_nano / 1'000'000);
            const bool after = periods_.is_incident(time);
            const bool before = periods_.is_quiet(time);
            if (!after && !before) {
                continue;
            }
            for (std::size_t i = 0; i < extents.size(); ++i) {
                if (periods_.quiet[i].contains(time)) {
                    extents[i].first = extents[i].lines == 0 ? to_millis(time) : extents[i].first;
                    extents[i].last = to_millis(time);
                    extents[i].lines += 1;
                }
            }
            count(*log, after);
        }
        // Where lines are dense they show how much of a quiet time was fetched; sparse ones may mean that there was little to log.
        constexpr std::size_t dense = 200;
        const bool any_dense = std::any_of(extents.begin(), extents.end(), [](const Extent& extent) { return extent.lines >= dense; });
        for (std::size_t i = 0; i < extents.size(); ++i) {
            const auto whole = periods_.quiet[i].to - periods_.quiet[i].from;
            quiet_ += any_dense ? std::min(whole, milliseconds(std::max<std::int64_t>(extents[i].last - extents[i].first, 0))) : whole;
        }
        quiet_ = std::max(quiet_, milliseconds(any_dense ? 1000 : 0));
    }

    void count(const LogRecord& log, bool after) {
        const auto line = line_of(log);
        if (line.continuation || line.text.empty()) {
            return;
        }
        auto& seen = seen_[patterns_.add(log.service, line.text)];
        std::int32_t operation = -1;
        if (!log.span_id.empty()) {
            const auto at = operation_of_span_.find(log.span_id);
            operation = at == operation_of_span_.end() ? -1 : at->second;
        }
        auto& here = seen.by_operation[operation];
        (after ? here.after : here.before) += 1;
        (after ? seen.all.after : seen.all.before) += 1;
        seen.service = log.service;
        seen.alarming = seen.alarming || line.alarming;
        if (after) {
            seen.first = seen.first == 0 ? log.time_unix_nano : seen.first;
            seen.last = log.time_unix_nano;
        }
        if (after || seen.all.after == 0) {
            if (seen.quotes.size() < 2 || (after && seen.all.after == 1)) {
                seen.quotes.insert(
                    seen.quotes.begin() + (after && seen.all.after == 1 ? 0 : static_cast<std::ptrdiff_t>(seen.quotes.size())),
                    quote_of(log));
            } else {
                seen.quotes.back() = quote_of(log);
            }
            seen.quotes.resize(std::min<std::size_t>(seen.quotes.size(), 2));
        }
    }

    double z_of(const Count& count, std::int32_t operation) const {
        double exposure = static_cast<double>(periods_.incident_length().count()) / std::max(1.0, static_cast<double>(quiet_.count()));
        if (operation >= 0) {
            const auto& traffic = operations_[static_cast<std::size_t>(operation)].second;
            if (traffic.after > 0 && traffic.before > 0) {
                exposure = traffic.after / traffic.before;
            }
        }
        const double expected = count.before * exposure;
        constexpr double overdispersion = 0.35;
        return std::log((count.after + 0.5) / (expected + 0.5)) /
               std::sqrt(1 / (count.after + 0.5) + 1 / (count.before + 0.5) + overdispersion * overdispersion);
    }

    Evidence judge(std::uint32_t pattern, const Seen& seen) const {
        const std::string text = readable_pattern(patterns_.text(pattern));
        double best = 0;
        std::int32_t best_operation = -1;
        for (const auto& [operation, count] : seen.by_operation) {
            const double z = z_of(count, operation);
            if (std::abs(z) > std::abs(best)) {
                best = z;
                best_operation = operation;
            }
        }
        const bool rising = best > 0;
        const bool fresh = rising && seen.all.before == 0;
        double weight = rising ? 1 : 0.7;
        const bool bad_news = seen.alarming || sounds_like_failure(text);
        const bool new_operation = best_operation >= 0 && operations_[static_cast<std::size_t>(best_operation)].second.before == 0;
        if (new_operation && !bad_news) {
            weight *= 0.4;  // nobody used it before: other traffic, not another behaviour
        }
        if (rising) {
            weight *= bad_news ? 1.6 : 0.75;
        }
        if (fresh) {
            weight *= 1.3;
        }
        Evidence item;
        item.kind = EvidenceKind::log;
        item.entity = seen.service;
        item.aspect = rising && bad_news ? "errors" : "log";
        item.signal = fresh ? "new" : rising ? "surge" : seen.all.after == 0 ? "vanished" : "drop";
        item.mass = squash(std::abs(best) * weight, half_mass);
        item.numbers = {{"count", seen.all.after}, {"before", seen.all.before}, {"z", std::round(best * 10) / 10}};
        item.from = seen.first != 0 ? from_millis(seen.first / 1'000'000) : periods_.onset;
        item.to = seen.last != 0 ? from_millis(seen.last / 1'000'000) : periods_.incident.to;
        const bool earlier = !periods_.quiet.empty() && periods_.quiet.front().to <= periods_.onset;
        item.text = seen.service + " logged \"" + truncate(text, pattern_bytes) + "\" " + format_count(seen.all.after) +
                    (seen.all.after == 1 ? " time in " : " times in ") + in_words(periods_.incident_length()) + ", " +
                    format_count(seen.all.before) + " in the " + in_words(quiet_) + (earlier ? " before" : " of quiet time");
        if (best_operation >= 0 && operations_[static_cast<std::size_t>(best_operation)].first.size() <= 60) {
            item.text += " (in " + operations_[static_cast<std::size_t>(best_operation)].first + ")";
        }
        item.quotes = seen.quotes;
        return item;
    }

    Periods periods_;
    LogPatterns patterns_;
    std::unordered_map<std::string_view, std::int32_t> operation_of_span_;
    std::vector<std::pair<std::string, Count>> operations_;
    std::map<std::uint32_t, Seen> seen_;
    milliseconds quiet_{};
};

}  // namespace

std::vector<Evidence> log_changes(const Subject& subject, const std::vector<LogRecord>& logs, const std::vector<SpanRecord>& spans) {
    if (logs.empty()) {
        return {};
    }
    return LogComparison(subject, logs, spans).changes();
}

}  // namespace gumshoe
