#include "sandbox/play.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace gumshoe::sandbox {

namespace {

constexpr double longest_pause = 60;  // seconds: a demo that looks dead is one that people end

result<milliseconds> span(const json& value, const std::string& where) {
    const bool number = value.is_number() && value.get<double>() >= 0 && value.get<double>() <= longest_pause;
    if (!number) return Error{errc::parse, where + " is not a number of seconds from 0 to 60"};
    return milliseconds(std::llround(value.get<double>() * 1000));
}

result<void> read_after(const json& value, const std::string& where, PlayedMoment& played) {
    if (value == "card") {
        played.after = PlayedMoment::After::card;
    } else if (value == "finding") {
        played.after = PlayedMoment::After::finding;
    } else if (value.is_string()) {
        return Error{errc::parse, where + " is neither \"card\" nor \"finding\" nor a number of seconds"};
    } else {
        auto pause = span(value, where);
        if (!pause) return pause.error();
        played.pause = *pause;
    }
    return {};
}

result<PlayedMoment> read_entry(const json& entry, const std::string& where) {
    if (!entry.is_object()) return Error{errc::parse, where + R"( is not an object such as {"moment": "trigger"})"};
    PlayedMoment played;
    for (const auto& [key, value] : entry.items()) {
        const std::string field = where + "." + key;
        if (key == "moment") {
            played.moment = value.is_string() ? value.get<std::string>() : "";
            if (std::ranges::find(moments, played.moment) == moments.end()) {
                return Error{errc::parse, field + " is none of " + join({moments.begin(), moments.end()}, ", ")};
            }
        } else if (key == "after") {
            const auto read = read_after(value, field, played);
            if (!read) return read.error();
        } else if (key == "stagger") {
            auto stagger = span(value, field);
            if (!stagger) return stagger.error();
            played.stagger = *stagger;
        } else {
            return Error{errc::parse, field + " is not a field of a moment: moment, after, stagger"};
        }
    }
    if (played.moment.empty()) return Error{errc::parse, where + ".moment is missing"};
    return played;
}

}  // namespace

result<std::vector<PlayedMoment>> read_play(const json& scenario) {
    const json* list = find(scenario, "play");
    if (list == nullptr) return std::vector<PlayedMoment>{{.moment = "trigger"}};
    if (!list->is_array() || list->empty()) return Error{errc::parse, "play is not a list of moments"};
    std::vector<PlayedMoment> played;
    for (const json& entry : *list) {
        const std::string where = "play[" + std::to_string(played.size()) + "]";
        auto read = read_entry(entry, where);
        if (!read) return read.error();
        // Nothing stands yet for which it could wait.
        if (played.empty() && read->after != PlayedMoment::After::pause) {
            return Error{errc::parse, where + ".after waits for what only a moment before it can bring"};
        }
        played.push_back(std::move(*read));
    }
    return played;
}

}  // namespace gumshoe::sandbox
