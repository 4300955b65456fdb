// A workflow's payload, whatever its template calls things: users rename keys freely, and every value comes in several types.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace gumshoe::newrelic {

class Payload {
public:
    using Names = std::initializer_list<std::string_view>;
    using Tags = std::map<std::string, std::string>;

    /// Errors: parse, for what is no JSON object.
    static result<Payload> read(std::string_view body);

    // Names are compared without case and punctuation ("issueId" is "issue_id"); the first that is there and says something stands.
    // A member of `accumulations`, `annotations` or `issue` also goes by its own name.

    /// A list, or the one value: cleaned texts, in order, doubles included.
    std::vector<std::string> list(Names names) const;
    /// The first of the list; "" when there is none.
    std::string text(Names names) const;
    /// An account or condition id: digits, whatever number New Relic made of it ("1.234567E6"). "" for anything else.
    std::string id(Names names) const;
    /// Epoch milliseconds or seconds as number or text, or RFC 3339. A time that is no time of an alert is absent.
    std::optional<Timestamp> time(Names names, Timestamp now) const;
    /// `true` or "true".
    bool flag(Names names) const;
    /// {"team": ["shop"]}, ["team:shop"], [{"key", "values"}] or "team:shop,env:prod"; several values of a key are joined.
    Tags tags(Names names) const;

    /// What an alert of the legacy channel is about.
    struct Target {
        std::string name;
        std::string type;
        Tags labels;
    };
    std::vector<Target> targets() const;

private:
    const json* value(Names names) const;

    std::shared_ptr<const json> document_;
    std::map<std::string, const json*, std::less<>> fields_;  // by name in lower case without punctuation
};

/// "CRITICAL", "Critical" and " critical " are one word.
std::string enum_word(std::string_view text);

}  // namespace gumshoe::newrelic
