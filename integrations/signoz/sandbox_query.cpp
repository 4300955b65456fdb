// A small recursive descent over the filter language.
#include "integrations/signoz/sandbox_query.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"

namespace gumshoe::signoz {

namespace {

constexpr int deepest = 20;
// What the company's telemetry has. SigNoz refuses a key that no record has.
constexpr std::array<std::string_view, 10> known_keys{
    "service.name", "deployment.environment", "host.name", "severity_text", "severity_number", "body", "has_error", "kind_string", "name",
    "trace_id"};

std::optional<double> as_number(const std::string& text) {
    double number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

bool holds(const std::string& op, const std::string& actual, const std::string& wanted) {
    if (op == "=") return actual == wanted;
    if (op == "!=") return actual != wanted;
    if (op == "CONTAINS") return icontains(actual, wanted);
    const auto left = as_number(actual);
    const auto right = as_number(wanted);
    if (!left || !right) return false;
    return op == ">=" ? *left >= *right : op == "<=" ? *left <= *right : op == ">" ? *left > *right : *left < *right;
}

class ExpressionParser {
public:
    explicit ExpressionParser(std::string_view text) : text_(text) {}

    result<Predicate> all() {
        auto parsed = any(0);
        if (!parsed) return parsed;
        skip();
        if (at_ != text_.size()) return wrong("unexpected text");
        return parsed;
    }

private:
    result<Predicate> any(int depth) {
        auto left = every(depth);
        while (left && word("OR")) {
            auto right = every(depth);
            if (!right) return right;
            left = Predicate([a = std::move(*left), b = std::move(*right)](const FieldLookup& lookup) { return a(lookup) || b(lookup); });
        }
        return left;
    }

    result<Predicate> every(int depth) {
        auto left = one(depth);
        while (left && word("AND")) {
            auto right = one(depth);
            if (!right) return right;
            left = Predicate([a = std::move(*left), b = std::move(*right)](const FieldLookup& lookup) { return a(lookup) && b(lookup); });
        }
        return left;
    }

    result<Predicate> one(int depth) {
        if (depth > deepest) return wrong("too deep");
        if (word("NOT")) {
            auto inner = one(depth + 1);
            if (!inner) return inner;
            return Predicate([a = std::move(*inner)](const FieldLookup& lookup) { return !a(lookup); });
        }
        if (take('(')) {
            auto inner = any(depth + 1);
            if (inner && !take(')')) return wrong("a bracket is open");
            return inner;
        }
        return comparison();
    }

    result<Predicate> comparison() {
        skip();
        const std::size_t start = at_;
        while (at_ < text_.size() && std::string_view(" ()'=!<>,").find(text_[at_]) == std::string_view::npos) ++at_;
        std::string key(text_.substr(start, at_ - start));
        if (key.empty()) return wrong("a key is missing");
        if (std::find(known_keys.begin(), known_keys.end(), key) == known_keys.end()) {
            return Error{errc::parse, "key `" + key + "` not found"};
        }
        const bool negated = word("NOT");
        if (word("IN")) return among(std::move(key), negated);
        std::string op;
        for (const char* known : {">=", "<=", "!=", "=", ">", "<"}) {
            if (op.empty() && next_is(known)) op = known;
        }
        at_ += op.size();
        if (op.empty() && word("CONTAINS")) op = "CONTAINS";
        if (op.empty() || negated) return wrong("an operator is missing");
        auto wanted = value();
        if (!wanted) return wanted.error();
        return Predicate([key = std::move(key), op, wanted = std::move(*wanted)](const FieldLookup& lookup) {
            const auto actual = lookup(key);
            return actual && holds(op, *actual, wanted);
        });
    }

    result<Predicate> among(std::string key, bool negated) {
        if (!take('(')) return wrong("IN takes a list");
        std::vector<std::string> options;
        do {
            auto option = value();
            if (!option) return option.error();
            options.push_back(std::move(*option));
        } while (take(','));
        if (!take(')')) return wrong("a bracket is open");
        return Predicate([key = std::move(key), options = std::move(options), negated](const FieldLookup& lookup) {
            const auto actual = lookup(key);
            const bool found = actual && std::find(options.begin(), options.end(), *actual) != options.end();
            return found != negated;
        });
    }

    /// 'text' with escapes, a number, true or false.
    result<std::string> value() {
        skip();
        std::string out;
        if (take('\'')) {
            for (; at_ < text_.size() && text_[at_] != '\''; ++at_) {
                if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
                out += text_[at_];
            }
            if (!take('\'')) return wrong("a quote is open");
            return out;
        }
        while (at_ < text_.size() && std::string_view(" (),'").find(text_[at_]) == std::string_view::npos) out += text_[at_++];
        if (out != "true" && out != "false" && !as_number(out)) return wrong("a value is missing");
        return out;
    }

    void skip() {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    }
    bool next_is(std::string_view token) {
        skip();
        return text_.substr(at_).starts_with(token);
    }
    bool take(char c) {
        if (!next_is(std::string_view(&c, 1))) return false;
        ++at_;
        return true;
    }
    bool word(std::string_view keyword) {
        const std::size_t end = (skip(), at_ + keyword.size());
        if (!next_is(keyword) || (end < text_.size() && text_[end] != ' ' && text_[end] != '(')) return false;
        at_ = end;
        return true;
    }
    Error wrong(const char* why) const {
        return Error{errc::parse, "syntax error in the search expression: " + std::string(why) + " at position " + std::to_string(at_)};
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

result<Predicate> parse_expression(std::string_view text) {
    const std::string_view trimmed = trim(text);
    if (trimmed.empty()) return Predicate([](const FieldLookup&) { return true; });
    return ExpressionParser(trimmed).all();
}

}  // namespace gumshoe::signoz
