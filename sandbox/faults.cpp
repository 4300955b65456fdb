// Faults: read strictly, counted, handed out in order.
#include "sandbox/faults.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"

namespace gumshoe::sandbox {
namespace {

constexpr std::array kinds{
    std::pair{FaultKind::hang, std::string_view("hang")},           std::pair{FaultKind::drip, std::string_view("drip")},
    std::pair{FaultKind::reset, std::string_view("reset")},         std::pair{FaultKind::status, std::string_view("status")},
    std::pair{FaultKind::malformed, std::string_view("malformed")}, std::pair{FaultKind::lost_response, std::string_view("lost_response")},
    std::pair{FaultKind::slow, std::string_view("slow")},           std::pair{FaultKind::huge, std::string_view("huge")},
    std::pair{FaultKind::trickle, std::string_view("trickle")},     std::pair{FaultKind::stall, std::string_view("stall")},
    std::pair{FaultKind::pings, std::string_view("pings")},         std::pair{FaultKind::headers, std::string_view("headers")},
    std::pair{FaultKind::no_status, std::string_view("no_status")},
};

/// Takes the fields of one entry; the first problem is kept.
class EntryReader {
public:
    EntryReader(const json& entry, std::size_t index) : entry_(entry), where_("faults[" + std::to_string(index) + "]") {}

    void text(const char* key, std::string& out) {
        if (const json* value = take(key, &json::is_string)) out = value->get<std::string>();
    }
    void text(const char* key, std::optional<std::string>& out) {
        if (const json* value = take(key, &json::is_string)) out = value->get<std::string>();
    }
    template <class Number>
    void number(const char* key, std::int64_t low, Number& out) {
        const json* value = take(key, &json::is_number_integer);
        if (value == nullptr) return;
        const auto given = value->get<std::int64_t>();
        if (given < low) return fail(key, "is below " + std::to_string(low));
        out = Number(given);
    }
    void headers(const char* key, Headers& out) {
        const json* value = take(key, &json::is_object);
        if (value == nullptr) return;
        for (const auto& [name, text] : value->items()) {
            if (!text.is_string()) return fail(key, "holds a value that is no string");
            out.add(name, text.get<std::string>());
        }
    }
    void kind(FaultKind& out) {
        std::string name;
        text("kind", name);
        const auto found = std::ranges::find(kinds, name, &decltype(kinds)::value_type::second);
        if (found == kinds.end()) {
            std::vector<std::string> names;
            for (const auto& one : kinds) names.emplace_back(one.second);
            return fail("kind", "is none of " + join(names, ", "));
        }
        out = found->first;
    }
    std::optional<Error> problem() {
        for (const auto& [key, value] : entry_.items()) {
            if (std::ranges::find(known_, key) == known_.end()) fail(key, "is not a field of a fault");
        }
        return problem_;
    }

private:
    const json* take(const char* key, bool (json::*is)() const noexcept) {
        known_.emplace_back(key);
        const auto found = entry_.find(key);
        if (found == entry_.end()) return nullptr;
        if (((*found).*is)()) return &*found;
        fail(key, "has the wrong type");
        return nullptr;
    }
    void fail(const std::string& key, const std::string& why) {
        if (!problem_) problem_ = Error{errc::parse, where_ + "." + key + " " + why};
    }

    const json& entry_;
    std::string where_;
    std::vector<std::string> known_;
    std::optional<Error> problem_;
};

bool matches(const Fault& fault, std::string_view vendor, std::string_view method, std::string_view path) {
    return (fault.vendor.empty() || fault.vendor == vendor) && (fault.method.empty() || fault.method == method) &&
           path.starts_with(fault.path_prefix);
}

}  // namespace

std::string_view to_string(FaultKind kind) {
    return std::ranges::find(kinds, kind, &decltype(kinds)::value_type::first)->second;
}

result<FaultPlan> FaultPlan::parse(const json& list) {
    FaultPlan plan;
    if (list.is_null()) return plan;
    if (!list.is_array()) return Error{errc::parse, "faults is not a list"};
    for (const json& entry : list) {
        const std::size_t index = plan.entries_.size();
        if (!entry.is_object()) return Error{errc::parse, "faults[" + std::to_string(index) + "] is not an object"};
        Fault fault;
        std::optional<std::int64_t> delay;
        EntryReader reader(entry, index);
        reader.text("vendor", fault.vendor);
        reader.text("path_prefix", fault.path_prefix);
        reader.text("method", fault.method);
        reader.number("after", 0, fault.after);
        reader.number("times", 0, fault.times);
        reader.kind(fault.kind);
        reader.number("status", 100, fault.status);
        reader.text("body", fault.body);
        reader.headers("headers", fault.headers);
        reader.number("bytes", 1, fault.bytes);
        reader.number("delay_ms", 0, delay);
        if (auto problem = reader.problem()) return *problem;
        if (delay) fault.delay = milliseconds(*delay);
        plan.entries_.push_back({.fault = std::move(fault)});
    }
    return plan;
}

std::optional<Fault> FaultPlan::next(std::string_view vendor, std::string_view method, std::string_view path) {
    std::optional<Fault> chosen;
    for (Entry& entry : entries_) {
        const Fault& fault = entry.fault;
        if (!matches(fault, vendor, method, path)) continue;
        const bool its_turn = ++entry.matched > fault.after && (fault.times == 0 || entry.hit < fault.times);
        if (chosen || !its_turn) continue;
        ++entry.hit;
        chosen = fault;
    }
    return chosen;
}

json FaultPlan::to_json() const {
    json list = json::array();
    for (const Entry& entry : entries_) {
        list.push_back({{"vendor", entry.fault.vendor},
                        {"path_prefix", entry.fault.path_prefix},
                        {"method", entry.fault.method},
                        {"kind", to_string(entry.fault.kind)},
                        {"after", entry.fault.after},
                        {"times", entry.fault.times},
                        {"matched", entry.matched},
                        {"hit", entry.hit}});
    }
    return list;
}

}  // namespace gumshoe::sandbox
