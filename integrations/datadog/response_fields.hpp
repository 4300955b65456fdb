// What several of Datadog's answers have in common: the search envelope, tag lists, times.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "evidence/service_code.hpp"
#include "integrations/datadog/responses.hpp"

namespace gumshoe::datadog {

struct Items {
    json data;  // an array
    Page page;
};
/// The `data` and the cursor of a search; `meta` and `links` may be absent.
result<Items> read_items(const HttpResponse& response);

/// `attributes.tags`, each split at its first colon; the first value of a key stands.
std::map<std::string, std::string> read_tag_list(const json& attributes);

/// Which code wrote these logs or spans: each combination of repository, commit and version once, at its first sighting.
class Sightings {
public:
    explicit Sightings(std::string_view where) : where_(where) {}  // "span tag"
    /// `nested` holds what the sender attached beside its tags; a plain "version" there may be anything's.
    void add(const std::string& service, const std::map<std::string, std::string>& tags, const json& nested, std::int64_t at_nanos);
    void move_to(Records& records);

private:
    std::string where_;
    std::map<std::string, CodeLocation> seen_;
};

/// A time between 1970 and 2096: nanoseconds and sums of it fit.
inline bool plausible_ms(std::int64_t ms) {
    return ms >= 0 && ms < 4'000'000'000'000;
}

/// Nanoseconds since the epoch from RFC 3339 with up to nine digits of a second.
std::optional<std::int64_t> nanos(std::string_view time);

}  // namespace gumshoe::datadog
