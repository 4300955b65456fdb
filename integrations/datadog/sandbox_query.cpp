// A small recursive descent over each of the two languages.
#include "integrations/datadog/sandbox_query.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace gumshoe::datadog {

namespace {

using Predicate = std::function<bool(const FieldLookup&)>;

Predicate field_is(std::string key, std::string value) {
    return [key = std::move(key), value = std::move(value)](const FieldLookup& lookup) {
        const auto values = lookup(key);
        if (value == "*") return !values.empty();
        if (key.empty()) return std::any_of(values.begin(), values.end(), [&](const auto& text) { return icontains(text, value); });
        return std::any_of(values.begin(), values.end(), [&](const auto& have) { return iequals(have, value); });
    };
}

Predicate greater(std::string key, double bound) {
    return [key = std::move(key), bound](const FieldLookup& lookup) {
        for (const std::string& text : lookup(key)) {
            double value = 0;
            const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
            if (read.ec == std::errc() && value > bound) return true;
        }
        return false;
    };
}

Predicate either(Predicate a, Predicate b) {
    return [a = std::move(a), b = std::move(b)](const FieldLookup& lookup) { return a(lookup) || b(lookup); };
}
Predicate both(Predicate a, Predicate b) {
    return [a = std::move(a), b = std::move(b)](const FieldLookup& lookup) { return a(lookup) && b(lookup); };
}
Predicate negated(Predicate a) {
    return [a = std::move(a)](const FieldLookup& lookup) { return !a(lookup); };
}

class SearchParser {
public:
    explicit SearchParser(std::string_view text) : text_(text) {}

    result<Predicate> all() {
        auto found = any(0);
        if (found && at_ != text_.size()) return wrong("unexpected text");
        return found;
    }

private:
    result<Predicate> any(int depth) {
        if (depth > 20) return wrong("too deep");
        auto left = every(depth);
        while (left && word("OR")) {
            auto right = every(depth);
            if (!right) return right;
            left = either(std::move(*left), std::move(*right));
        }
        return left;
    }

    result<Predicate> every(int depth) {
        auto left = one(depth);
        while (left) {
            word("AND");
            skip();
            if (at_ == text_.size() || text_[at_] == ')' || next_is("OR")) break;
            auto right = one(depth);
            if (!right) return right;
            left = both(std::move(*left), std::move(*right));
        }
        return left;
    }

    result<Predicate> one(int depth) {
        skip();
        if (take('-')) {
            auto inner = one(depth + 1);
            if (inner) return negated(std::move(*inner));
            return inner;
        }
        if (take('(')) {
            auto inner = any(depth + 1);
            if (inner && !take(')')) return wrong("a bracket is open");
            return inner;
        }
        if (at_ < text_.size() && text_[at_] == '"') {
            auto phrase = value();
            if (!phrase) return phrase.error();
            return field_is("", std::move(*phrase));
        }
        const std::size_t start = at_;
        while (at_ < text_.size() && std::string_view(" :()\"").find(text_[at_]) == std::string_view::npos) ++at_;
        std::string key(text_.substr(start, at_ - start));
        if (key.empty()) return wrong("a term is missing");
        if (!take(':')) return field_is("", std::move(key));
        return values_of(std::move(key));
    }

    result<Predicate> values_of(std::string key) {
        if (take('>')) {
            auto bound = value();
            if (!bound) return bound.error();
            double number = 0;
            const auto read = std::from_chars(bound->data(), bound->data() + bound->size(), number);
            if (read.ec != std::errc()) return wrong("a range needs a number");
            return greater(std::move(key), number);
        }
        if (!take('(')) {
            auto only = value();
            if (!only) return only.error();
            return field_is(std::move(key), std::move(*only));
        }
        Predicate found = [](const FieldLookup&) { return false; };
        do {
            skip();
            auto option = value();
            if (!option) return option.error();
            found = either(std::move(found), field_is(key, std::move(*option)));
        } while (word("OR"));
        skip();
        if (!take(')')) return wrong("a bracket is open");
        return found;
    }

    result<std::string> value() {
        std::string out;
        if (take('"')) {
            for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
                if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
                out += text_[at_];
            }
            if (!take('"')) return wrong("a quote is open");
            return out;
        }
        while (at_ < text_.size() && std::string_view(" ()\":").find(text_[at_]) == std::string_view::npos) out += text_[at_++];
        if (out.empty()) return wrong("a value is missing");
        return out;
    }

    void skip() {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    }
    bool take(char c) {
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    bool next_is(std::string_view keyword) const {
        const std::size_t end = at_ + keyword.size();
        return text_.substr(at_).starts_with(keyword) && (end == text_.size() || text_[end] == ' ' || text_[end] == '(');
    }
    bool word(std::string_view keyword) {
        skip();
        if (!next_is(keyword)) return false;
        at_ += keyword.size();
        return true;
    }
    Error wrong(const char* why) const { return Error{errc::parse, std::string(why) + " at position " + std::to_string(at_)}; }

    std::string_view text_;
    std::size_t at_ = 0;
};

/// The text within the first {...} at or after `at`; moves `at` behind it.
result<std::string> braces(std::string_view text, std::size_t& at) {
    const std::size_t open = text.find('{', at);
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) return Error{errc::parse, "braces are missing"};
    at = close + 1;
    return std::string(text.substr(open + 1, close - open - 1));
}

result<MetricExpression> parse_expression(std::string_view text) {
    MetricExpression out;
    out.text = std::string(text);
    const std::size_t colon = text.find(':');
    std::size_t at = text.find('{');
    if (colon == std::string_view::npos || at == std::string_view::npos || colon > at)
        return Error{errc::parse, "no aggregator or no scope"};
    out.aggregator = std::string(text.substr(0, colon));
    for (const char* known : {"avg", "sum", "min", "max", "count", "p50", "p75", "p90", "p95", "p99"}) {
        if (out.aggregator == known) out.metric = std::string(text.substr(colon + 1, at - colon - 1));
    }
    if (out.metric.empty() || out.metric.find_first_of(" ()") != std::string::npos) return Error{errc::parse, "no such aggregator"};
    auto scope = braces(text, at);
    if (!scope) return scope.error();
    out.scope_text = *scope;
    for (const std::string& part : split(*scope, ',')) {
        const std::string_view tag = trim(part);
        const std::size_t mark = tag.find(':');
        if (tag.empty() || (mark == std::string_view::npos && tag != "*")) return Error{errc::parse, "a scope is key:value"};
        out.scope.emplace_back(tag.substr(0, mark), mark == std::string_view::npos ? "" : tag.substr(mark + 1));
    }
    std::string_view rest = text.substr(at);
    if (rest.starts_with(" by {")) {
        auto by = braces(text, at);
        if (!by) return by.error();
        for (const std::string& key : split(*by, ',')) out.by.emplace_back(trim(key));
        rest = text.substr(at);
    }
    if (!rest.empty() && rest != ".as_rate()" && rest != ".as_count()") return Error{errc::parse, "unexpected text after the scope"};
    return out;
}

}  // namespace

result<SearchFilter> SearchFilter::parse(std::string_view query) {
    SearchFilter filter;
    const std::string_view text = trim(query);
    if (text.empty() || text == "*") {
        filter.matches_ = [](const FieldLookup&) { return true; };
        return filter;
    }
    auto parsed = SearchParser(text).all();
    if (!parsed) return parsed.error();
    filter.matches_ = std::move(*parsed);
    return filter;
}

result<std::vector<MetricExpression>> parse_metric_query(std::string_view query) {
    std::vector<MetricExpression> out;
    std::size_t start = 0;
    int depth = 0;
    for (std::size_t i = 0; i <= query.size(); ++i) {
        const char c = i == query.size() ? ',' : query[i];
        if (c == '{' || c == '(') ++depth;
        if (c == '}' || c == ')') --depth;
        if (c != ',' || depth != 0) continue;
        auto expression = parse_expression(trim(query.substr(start, i - start)));
        if (!expression) return expression.error();
        out.push_back(std::move(*expression));
        start = i + 1;
    }
    if (depth != 0) return Error{errc::parse, "brackets do not match"};
    return out;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace gumshoe::datadog
