// A reader of NRQL: clauses in any order after SELECT or FROM, conditions as predicates over rows.
#include "integrations/newrelic/sandbox_nrql.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace gumshoe::newrelic {

namespace {

const json& attribute_of(const Row& row, const std::string& name) {
    static const json none;
    const auto found = row.find(name);
    return found == row.end() ? none : found->second;
}

bool equal(const json& have, const json& wanted) {
    if (have.is_number() && wanted.is_number()) return have.get<double>() == wanted.get<double>();
    return have == wanted;
}

class NrqlReader {
public:
    NrqlReader(std::string_view text, Timestamp now) : text_(text), now_(now) {}

    result<NrqlQuery> query() {
        query_.where = [](const Row&) { return true; };
        query_.window = {now_ - std::chrono::hours(1), now_};
        bool selected = false;
        while (error_.empty() && !at_end()) {
            if (word("SELECT")) {
                selected = true;
                columns();
            } else if (word("FROM")) {
                do query_.events.push_back(name());
                while (take(','));
            } else if (word("WHERE")) {
                query_.where = any(0);
            } else {
                clause();
            }
        }
        if (error_.empty() && (!selected || query_.events.empty())) fail("SELECT or FROM is missing");
        const auto mixed = [this](const NrqlColumn& one) { return one.function.empty() == query_.aggregates(); };
        if (std::any_of(query_.columns.begin(), query_.columns.end(), mixed)) fail("attributes and aggregates are mixed");
        if (query_.bucket_seconds > 0 && !query_.aggregates()) fail("TIMESERIES needs an aggregate");
        if (!error_.empty()) return Error{errc::parse, "NRQL Syntax Error: Error at position " + std::to_string(at_) + ", " + error_};
        if (query_.limit == 0) query_.limit = query_.aggregates() ? 10 : 100;
        return query_;
    }

private:
    void clause() {
        if (word("SINCE")) {
            query_.window.from = from_millis(whole());
        } else if (word("UNTIL")) {
            query_.window.to = from_millis(whole());
        } else if (word("TIMESERIES")) {
            query_.bucket_seconds = whole();
            if (!word("seconds") || query_.bucket_seconds < 1) fail("a bucket has seconds");
        } else if (word("ORDER")) {
            if (!word("BY") || !word("timestamp")) fail("only ORDER BY timestamp is known");
            query_.oldest_first = word("ASC");
            if (!query_.oldest_first) word("DESC");
        } else if (word("LIMIT")) {
            query_.limit = word("MAX") ? 5000 : static_cast<std::size_t>(whole());
            if (query_.limit == 0 || query_.limit > 5000) fail("LIMIT is from 1 to 5000");
        } else {
            fail("unexpected '" + std::string(text_.substr(at_, 20)) + "'");
        }
    }

    void columns() {
        do {
            NrqlColumn one;
            std::string first = name();
            if (!take('(')) {
                one.attribute = one.name = std::move(first);
            } else {
                one.function = to_lower(first);
                function(one);
            }
            if (word("AS")) one.name = string();
            query_.columns.push_back(std::move(one));
        } while (error_.empty() && take(','));
    }

    void function(NrqlColumn& one) {
        constexpr std::array known{"count", "rate", "percentage", "percentile", "average", "sum", "max", "min"};
        if (std::find(known.begin(), known.end(), one.function) == known.end()) return fail("unknown function " + one.function + "()");
        if (one.function == "rate" || one.function == "percentage") {
            if (!word("count") || !take('(') || !take('*') || !take(')') || !take(',')) return fail("count(*) and a comma are expected");
            if (one.function == "rate") {
                one.parameter = static_cast<double>(whole());
                if (!word("seconds") && !word("second")) {
                    if (!word("minutes") && !word("minute")) return fail("a unit of time is expected");
                    one.parameter *= 60;
                }
            } else {
                if (!word("WHERE")) return fail("WHERE is expected");
                one.filter = any(0);
            }
            one.name = one.function;
        } else if (one.function == "count") {
            if (!take('*')) return fail("only count(*) is known");
            one.name = "count";
        } else {
            one.attribute = name();
            one.name = one.function + "." + one.attribute;
            if (one.function == "percentile") {
                if (!take(',')) return fail("a percentile is expected");
                one.parameter = static_cast<double>(whole());
            }
        }
        if (!take(')')) fail("a bracket is open");
    }

    Test any(int depth) {
        Test left = every(depth);
        while (error_.empty() && word("OR")) {
            left = [a = std::move(left), b = every(depth)](const Row& row) { return a(row) || b(row); };
        }
        return left;
    }
    Test every(int depth) {
        Test left = one(depth);
        while (error_.empty() && word("AND")) {
            left = [a = std::move(left), b = one(depth)](const Row& row) { return a(row) && b(row); };
        }
        return left;
    }

    Test one(int depth) {
        const Test never = [](const Row&) { return false; };
        if (depth > 20) return fail("too deep"), never;
        if (take('(')) {
            Test inner = any(depth + 1);
            if (!take(')')) fail("a bracket is open");
            return inner;
        }
        const std::string attribute = name();
        if (word("IS")) {
            const bool negated = word("NOT");
            if (word("NULL")) {
                return [attribute, negated](const Row& row) { return attribute_of(row, attribute).is_null() != negated; };
            }
            const bool wanted = word("true");
            if (!wanted && !word("false")) return fail("NULL, true or false is expected"), never;
            return [attribute, negated, wanted](const Row& row) { return (attribute_of(row, attribute) == wanted) != negated; };
        }
        const bool negated = word("NOT");
        if (word("IN")) {
            const std::vector<json> wanted = values();
            return [attribute, negated, wanted](const Row& row) {
                const json& have = attribute_of(row, attribute);
                return std::any_of(wanted.begin(), wanted.end(), [&have](const json& value) { return equal(have, value); }) != negated;
            };
        }
        if (negated || !take('=')) return fail("a comparison is expected"), never;
        const json wanted = value();
        return [attribute, wanted](const Row& row) { return equal(attribute_of(row, attribute), wanted); };
    }

    std::vector<json> values() {
        std::vector<json> all;
        if (!take('(')) fail("a list is expected");
        do all.push_back(value());
        while (error_.empty() && take(','));
        if (!take(')')) fail("a bracket is open");
        return all;
    }

    json value() {
        skip();
        if (at_ < text_.size() && text_[at_] == '\'') return string();
        if (word("true")) return true;
        if (word("false")) return false;
        return whole();
    }

    /// 'text' with \' and \\ in it.
    std::string string() {
        std::string out;
        if (!take('\'')) return fail("a string is expected"), out;
        for (; at_ < text_.size() && text_[at_] != '\''; ++at_) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
            out += text_[at_];
        }
        if (at_ == text_.size()) fail("a string is open");
        at_ += at_ < text_.size();
        return out;
    }

    /// An attribute, function or event type; in backticks where it has dots.
    std::string name() {
        if (take('`')) {
            const std::size_t end = text_.find('`', at_);
            if (end == std::string_view::npos) return fail("a backtick is open"), std::string();
            const std::string out(text_.substr(at_, end - at_));
            at_ = end + 1;
            return out;
        }
        const std::size_t start = at_;
        while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_' || text_[at_] == '.'))
            ++at_;
        if (at_ == start) fail("a name is expected");
        return std::string(text_.substr(start, at_ - start));
    }

    std::int64_t whole() {
        skip();
        std::int64_t number = 0;
        const auto read = std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
        if (read.ec != std::errc()) fail("a number is expected");
        at_ = static_cast<std::size_t>(read.ptr - text_.data());
        return number;
    }

    void skip() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    }
    bool at_end() {
        skip();
        return at_ == text_.size();
    }
    bool take(char c) {
        skip();
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    bool word(std::string_view keyword) {
        skip();
        const std::size_t end = at_ + keyword.size();
        const bool whole_word = end >= text_.size() || (std::isalnum(static_cast<unsigned char>(text_[end])) == 0 && text_[end] != '_');
        if (!iequals(text_.substr(at_, keyword.size()), keyword) || !whole_word) return false;
        at_ = end;
        return true;
    }
    void fail(std::string why) {
        if (error_.empty()) error_ = std::move(why);
    }

    std::string_view text_;
    Timestamp now_;
    std::size_t at_ = 0;
    std::string error_;
    NrqlQuery query_;
};

}  // namespace

result<NrqlQuery> parse_nrql(std::string_view text, Timestamp now) {
    return NrqlReader(text, now).query();
}

}  // namespace gumshoe::newrelic
