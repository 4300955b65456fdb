// What the detectors share: windows, masses, numbers in words, the call graph.
#include "evidence/detect.hpp"

#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <unordered_map>

#include "base/text.hpp"

namespace gumshoe {

double squash(double value, double half) {
    if (!(value > 0)) {
        return 0;
    }
    const double square = value / half * (value / half);
    return std::min(square / (1 + square), 0.9999);
}

std::string format_count(double value) {
    std::array<char, 32> buffer{};
    if (value != std::floor(value) || std::abs(value) >= 1e15) {
        std::snprintf(buffer.data(), buffer.size(), std::abs(value) >= 100 ? "%.0f" : "%.3g", value);
        return buffer.data();
    }
    std::snprintf(buffer.data(), buffer.size(), "%.0f", std::abs(value));
    const std::string digits = buffer.data();
    std::string grouped = value < 0 ? "-" : "";
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) {
            grouped += ',';
        }
        grouped += digits[i];
    }
    return grouped;
}

std::string format_quantity(double value, std::string_view unit) {
    const auto number = [](double v) {
        std::array<char, 32> buffer{};
        const double size = std::abs(v);
        if (size != 0 && size < 0.001) {
            std::snprintf(buffer.data(), buffer.size(), "%.1e", v);
            return std::string(buffer.data());
        }
        if (size >= 1000) {
            return format_count(std::round(v));
        }
        std::snprintf(buffer.data(), buffer.size(), size >= 100 ? "%.0f" : size >= 1 ? "%.1f" : "%.3f", v);
        std::string text = buffer.data();
        if (text.find('.') != std::string::npos) {
            text.erase(text.find_last_not_of('0') + 1);
            if (text.back() == '.') {
                text.pop_back();
            }
        }
        return text;
    };
    if (unit == "s" && std::abs(value) < 1) {
        return number(value * 1000) + " ms";
    }
    if (unit == "ms" && std::abs(value) >= 1000) {
        return number(value / 1000) + " s";
    }
    if (unit == "us" || unit == "ns") {
        const double ms = unit == "us" ? value / 1e3 : value / 1e6;
        return ms >= 1000 ? number(ms / 1000) + " s" : number(ms) + " ms";
    }
    if (unit == "By") {
        constexpr std::array<const char*, 4> units{" B", " kB", " MB", " GB"};
        std::size_t step = 0;
        while (std::abs(value) >= 1000 && step + 1 < units.size()) {
            value /= 1000;
            ++step;
        }
        return number(value) + units.at(step);
    }
    if (unit == "%") {
        return number(value) + " %";
    }
    if (unit.empty() || unit == "1") {
        return number(value);
    }
    return number(value) + " " + std::string(unit);
}

bool Periods::is_quiet(Timestamp t) const {
    for (const auto& window : quiet) {
        if (window.contains(t)) {
            return true;
        }
    }
    return false;
}

milliseconds Periods::quiet_length() const {
    milliseconds length{};
    for (const auto& window : quiet) {
        length += window.to - window.from;
    }
    return length;
}

Periods periods_of(const Subject& subject) {
    Periods periods{subject.incident, subject.onset, {}};
    if (periods.onset == Timestamp{}) {
        periods.onset = subject.incident.from;
    }
    if (subject.baseline.from < subject.baseline.to) {
        periods.quiet.push_back(subject.baseline);
    }
    for (const auto& window : subject.more_baseline) {
        if (window.from < window.to) {
            periods.quiet.push_back(window);
        }
    }
    return periods;
}

std::string in_words(milliseconds length) {
    const auto minutes = static_cast<double>(length.count()) / 60000.0;
    if (minutes < 2) {
        return format_count(std::round(minutes * 60)) + " s";
    }
    if (minutes < 120) {
        return format_count(std::round(minutes)) + " min";
    }
    if (minutes < 48 * 60) {
        return format_count(std::round(minutes / 60)) + " h";
    }
    return format_count(std::round(minutes / 1440)) + " d";
}

std::vector<std::string> Topology::callees(const std::string& caller) const {
    std::vector<std::string> found;
    for (auto at = calls.lower_bound({caller, ""}); at != calls.end() && at->first == caller; ++at) {
        found.push_back(at->second);
    }
    return found;
}

std::vector<std::string> Topology::callers(const std::string& callee) const {
    std::vector<std::string> found;
    for (const auto& [from, to] : calls) {
        if (to == callee) {
            found.push_back(from);
        }
    }
    return found;
}

bool Topology::knows(const std::string& entity) const {
    const auto at = calls.lower_bound({entity, ""});
    return (at != calls.end() && at->first == entity) || !callers(entity).empty();
}

std::set<std::string> Topology::below(const std::string& entity) const {
    std::set<std::string> seen;
    std::vector<std::string> open{entity};
    while (!open.empty()) {
        const std::string at = std::move(open.back());
        open.pop_back();
        for (auto& next : callees(at)) {
            if (next != entity && seen.insert(next).second) {
                open.push_back(std::move(next));
            }
        }
    }
    return seen;
}

Topology topology_of(const Records& records) {
    Topology topology;
    for (const auto& edge : records.edges) {
        if (edge.caller != edge.callee) {
            topology.calls.insert({edge.caller, edge.callee});
        }
    }
    std::unordered_map<std::string_view, const SpanRecord*> by_id;
    by_id.reserve(records.spans.size());
    for (const auto& span : records.spans) {
        by_id.emplace(span.span_id, &span);
    }
    for (const auto& span : records.spans) {
        const auto parent = by_id.find(span.parent_span_id);
        if (parent != by_id.end() && parent->second->service != span.service) {
            topology.calls.insert({parent->second->service, span.service});
        }
    }
    return topology;
}

std::string normalise_operation(std::string_view name) {
    std::string out;
    out.reserve(name.size());
    for (std::size_t i = 0; i < name.size();) {
        if (std::isalnum(static_cast<unsigned char>(name[i])) == 0) {
            out += name[i++];
            continue;
        }
        std::size_t end = i;
        bool digits = false;
        bool letters = false;
        bool hex = true;
        for (; end < name.size() && std::isalnum(static_cast<unsigned char>(name[end])) != 0; ++end) {
            const auto c = static_cast<unsigned char>(name[end]);
            (std::isdigit(c) != 0 ? digits : letters) = true;
            hex = hex && std::isxdigit(c) != 0;
        }
        const auto run = name.substr(i, end - i);
        if (digits && hex && letters && run.size() >= 4) {
            out += '*';
        } else if (digits && !letters) {
            out += 'N';
        } else {
            out += run;
        }
        i = end;
    }
    return out;
}

bool sounds_like_failure(std::string_view text) {
    constexpr std::array words{"error",    "exception", "fail",      "refused",  "timeout", "timed out",   "panic",
                               "denied",   "fatal",     "abort",     "exhaust",  "crash",   "unavailable", "unreachable",
                               "overflow", "reset by",  "not found", "no such",  "cannot",  "unable to",   "invalid",
                               "wrong",    "reject",    "warn",      "deadlock", "oom",     "killed"};
    const std::string lower = to_lower(text);
    for (const char* word : words) {
        if (lower.find(word) != std::string::npos) {
            return true;
        }
    }
    return false;
}

}  // namespace gumshoe
