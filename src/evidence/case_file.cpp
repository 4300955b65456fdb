// Case files, read as a stream of lines and written with `type` first.
#include "evidence/case_file.hpp"

#include <zlib.h>

#include <array>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

namespace gumshoe {

namespace {

constexpr std::size_t max_case_line = std::size_t{16} << 20U;
constexpr std::size_t max_file = std::size_t{512} << 20U;

struct Close {
    void operator()(gzFile_s* file) const { gzclose(file); }
};
using GzFile = std::unique_ptr<gzFile_s, Close>;

result<Window> window_of(const json& value) {
    if (!value.is_array() || value.size() != 2 || !value[0].is_string() || !value[1].is_string()) {
        return Error{errc::parse, "case: a window is not [from, to]"};
    }
    const auto from = parse_rfc3339(value[0].get<std::string>());
    const auto to = parse_rfc3339(value[1].get<std::string>());
    if (!from || !to) {
        return Error{errc::parse, "case: a window is not two RFC 3339 times"};
    }
    return Window{*from, *to};
}

result<void> read_header(const json& line, CaseFile& file) {
    const json* alert = find(line, "alert");
    if (alert == nullptr || !alert->is_object()) {
        return Error{errc::parse, "case: `alert` is missing or of another type"};
    }
    if (get_int(line, "version").value_or(1) != 1) {
        return Error{errc::unsupported, "case: only version 1 is known"};
    }
    file.id = string_or_empty(line, "id");
    auto& subject = file.subject;
    auto read = alert_from_json(*alert);
    if (!read) {
        return read.error();
    }
    subject.alert = std::move(*read);
    const auto onset = parse_rfc3339(string_or_empty(line, "onset"));
    subject.onset = onset ? *onset : subject.alert.started_at;
    const json* incident = find(line, "incident");
    if (incident == nullptr) {
        return Error{errc::parse, "case: `incident` is missing"};
    }
    auto window = window_of(*incident);
    if (!window) {
        return window.error();
    }
    subject.incident = *window;
    if (const json* baseline = find(line, "baseline"); baseline != nullptr && baseline->is_array()) {
        for (const auto& one : *baseline) {
            auto quiet = window_of(one);
            if (!quiet) {
                return quiet.error();
            }
            if (subject.baseline.from == subject.baseline.to) {
                subject.baseline = *quiet;
            } else {
                subject.more_baseline.push_back(*quiet);
            }
        }
    }
    subject.services = {subject.alert.service};
    if (const json* services = find(line, "services"); services != nullptr && services->is_array()) {
        for (const auto& service : *services) {
            if (service.is_string() && service.get<std::string>() != subject.alert.service) {
                subject.services.push_back(service.get<std::string>());
            }
        }
    }
    return {};
}

result<void> read_line(const json& line, CaseFile& file, bool& has_header) {
    const auto type = string_or_empty(line, "type");
    if (type == "case") {
        has_header = true;
        return read_header(line, file);
    }
    if (!has_header) {
        return Error{errc::parse, "the first line is not of type case"};
    }
    if (type == "coverage") {
        auto coverage = coverage_from_json(line);
        if (!coverage) {
            return coverage.error();
        }
        file.coverage.push_back(std::move(*coverage));
    } else if (type == "truth") {
        file.truth = {line};
    } else if (type == "step") {
        file.steps.push_back(line);
    } else if (type == "llm") {
        file.llm.push_back(line);
    } else if (type == "finding") {
        file.findings.push_back(line);
    } else {
        return add_json_line(file.records, line);
    }
    return {};
}

json header_of(const CaseFile& file) {
    const auto& subject = file.subject;
    json baseline = json::array();
    const auto add = [&baseline](const Window& window) {
        if (window.from < window.to) {
            baseline.push_back({format_rfc3339(window.from), format_rfc3339(window.to)});
        }
    };
    add(subject.baseline);
    for (const auto& window : subject.more_baseline) {
        add(window);
    }
    return {{"type", "case"},
            {"version", 1},
            {"id", file.id},
            {"alert", to_json_value(subject.alert)},
            {"services", subject.services},
            {"onset", format_rfc3339(subject.onset)},
            {"now", format_rfc3339(subject.incident.to)},
            {"incident", {format_rfc3339(subject.incident.from), format_rfc3339(subject.incident.to)}},
            {"baseline", std::move(baseline)}};
}

/// `type` first: a person reads the file too.
void put_line(json line, std::string_view type, std::string& out) {
    line.erase("type");
    const auto rest = dump_json(line);
    out += "{\"type\":\"";
    out += type;
    out += rest == "{}" ? "\"" : "\",";
    out += rest.substr(1);
    out += '\n';
}

void put_all(const std::vector<json>& lines, std::string_view type, std::string& out) {
    for (const auto& line : lines) {
        put_line(line, type, out);
    }
}

}  // namespace

result<CaseFile> read_case(const std::filesystem::path& path) {
    GzFile input(gzopen(path.c_str(), "rb"));  // reads plain files as they are
    if (!input) {
        return Error{errc::not_found, "cannot open the case file " + path.filename().string()};
    }
    const auto fail = [&path](std::size_t number, const Error& error) -> Error {
        return Error{error.code, path.filename().string() + ", line " + std::to_string(number) + ": " + error.message};
    };
    CaseFile file;
    bool has_header = false;
    std::string pending;
    std::size_t number = 1;
    std::size_t total = 0;
    std::array<char, 65536> buffer{};
    const auto take = [&](std::string_view text) -> result<void> {
        if (text.ends_with('\r')) {
            text.remove_suffix(1);
        }
        if (text.empty()) {
            return {};
        }
        const auto line = parse_json(text);
        if (!line) {
            return line.error();
        }
        return read_line(*line, file, has_header);
    };
    while (true) {
        const int read = gzread(input.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
        if (read < 0) {
            return fail(number, {errc::corrupt, "not a whole gzip stream"});
        }
        if (read == 0) {
            break;
        }
        total += static_cast<std::size_t>(read);
        std::string_view chunk(buffer.data(), static_cast<std::size_t>(read));
        for (auto end = chunk.find('\n'); end != std::string_view::npos; end = chunk.find('\n')) {
            pending += chunk.substr(0, end);
            chunk.remove_prefix(end + 1);
            if (auto taken = take(pending); !taken) {
                return fail(number, taken.error());
            }
            pending.clear();
            ++number;
        }
        pending += chunk;
        if (pending.size() > max_case_line || total > max_file) {
            return fail(number, {errc::too_large, "over the size limit"});
        }
    }
    if (auto taken = take(pending); !taken) {
        return fail(number, taken.error());
    }
    if (!has_header) {
        return fail(number, {errc::parse, "no line of type case"});
    }
    return file;
}

std::string case_lines(const CaseFile& file) {
    std::string out;
    put_line(header_of(file), "case", out);
    for (auto& line : to_json_lines(file.records)) {
        const auto type = string_or_empty(line, "type");
        put_line(std::move(line), type, out);
    }
    for (const auto& coverage : file.coverage) {
        put_line(to_json_value(coverage), "coverage", out);
    }
    put_all(file.steps, "step", out);
    put_all(file.llm, "llm", out);
    put_all(file.findings, "finding", out);
    put_all(file.truth, "truth", out);
    return out;
}

result<void> write_case(const CaseFile& file, const std::filesystem::path& path) {
    const auto lines = case_lines(file);
    const Error failed{errc::storage, "cannot write the case file " + path.filename().string()};
    if (path.extension() != ".gz") {
        std::ofstream out(path, std::ios::binary);
        out << lines;
        out.flush();
        return out ? result<void>{} : failed;
    }
    GzFile out(gzopen(path.c_str(), "wb6"));
    if (!out) {
        return failed;
    }
    for (std::size_t at = 0; at < lines.size();) {
        const auto step = std::min<std::size_t>(lines.size() - at, std::size_t{1} << 20U);
        if (gzwrite(out.get(), lines.data() + at, static_cast<unsigned>(step)) <= 0) {
            return failed;
        }
        at += step;
    }
    return gzclose(out.release()) == Z_OK ? result<void>{} : failed;
}

}  // namespace gumshoe
