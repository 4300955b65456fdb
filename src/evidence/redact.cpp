// Redaction: configured secrets in every form they travel in, then rules by shape. One prefilter decides whether the rules run at all.
#include "evidence/redact.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <set>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace gumshoe {

namespace {

using re2::StringPiece;

constexpr std::size_t shortest_known = 4;

StringPiece piece(std::string_view text) {
    return {text.data(), text.size()};
}
std::string_view view(const StringPiece& text) {
    return {text.data(), text.size()};
}

std::string hex_of(std::string_view bytes, bool upper) {
    const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    std::string out;
    for (const auto c : bytes) {
        out += digits[static_cast<unsigned char>(c) >> 4U];
        out += digits[static_cast<unsigned char>(c) & 15U];
    }
    return out;
}

/// The part of base64 that depends on the secret alone, for each of its three alignments within longer encoded bytes ("user:secret").
std::vector<std::string> base64_forms(std::string_view secret) {
    std::vector<std::string> forms{base64_encode(secret)};
    for (std::size_t shift = 0; shift < 3; ++shift) {
        const std::string padded = std::string(shift, 'x') + std::string(secret);
        std::string encoded = base64_encode(padded.substr(0, padded.size() / 3 * 3));
        const std::size_t foreign = shift == 0 ? 0 : 4;
        if (encoded.size() >= foreign + 8) {
            forms.push_back(encoded.substr(foreign));
        }
    }
    const auto count = forms.size();
    for (std::size_t i = 0; i < count; ++i) {
        auto url_safe = replace_all(replace_all(forms[i], "+", "-"), "/", "_");
        forms.push_back(url_safe.substr(0, url_safe.find('=')));
    }
    return forms;
}

std::string json_escaped(std::string_view text, bool slashes) {
    std::string out;
    for (const auto c : text) {
        if (c == '"' || c == '\\' || (slashes && c == '/')) {
            out += '\\';
        }
        if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else {
            out += c;
        }
    }
    return out;
}

std::string url_encode_lower(std::string_view text) {
    std::string encoded = url_encode(text);
    for (std::size_t i = 0; i + 2 < encoded.size(); ++i) {
        if (encoded[i] == '%') {
            encoded[i + 1] = static_cast<char>(std::tolower(static_cast<unsigned char>(encoded[i + 1])));
            encoded[i + 2] = static_cast<char>(std::tolower(static_cast<unsigned char>(encoded[i + 2])));
        }
    }
    return encoded;
}

std::set<std::string> forms_of(std::string_view secret) {
    std::set<std::string> forms{std::string(secret),        url_encode(secret),   url_encode_lower(secret), json_escaped(secret, false),
                                json_escaped(secret, true), hex_of(secret, true), hex_of(secret, false)};
    for (auto& form : base64_forms(secret)) {
        forms.insert(std::move(form));
    }
    std::erase_if(forms, [](const std::string& form) { return form.size() < shortest_known; });
    return forms;
}

bool luhn(std::string_view text) {
    int sum = 0;
    int position = 0;
    for (auto i = text.rbegin(); i != text.rend(); ++i) {
        if (std::isdigit(static_cast<unsigned char>(*i)) == 0) {
            continue;
        }
        int digit = *i - '0';
        if (position % 2 == 1) {
            digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        }
        sum += digit;
        ++position;
    }
    return sum % 10 == 0;
}

/// Values that stand where a secret would and are none.
bool is_plain_word(std::string_view value) {
    constexpr std::array words{"null",    "none",    "nil",      "true",     "false",  "undefined", "empty",    "missing",
                               "expired", "invalid", "required", "redacted", "hidden", "unknown",   "not",      "is",
                               "was",     "has",     "for",      "from",     "the",    "failed",    "rejected", "revoked",
                               "bearer",  "changed", "mismatch", "error",    "string", "length",    "count",    "validation"};
    if (value.starts_with('<') || value.starts_with("***") || value.starts_with("${") || value.starts_with("{{") ||
        value.starts_with("$(")) {
        return true;
    }
    return std::any_of(words.begin(), words.end(), [value](const char* word) { return iequals(value, word); });
}

bool has_digit(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// What follows "token: " in prose is a word; a secret is long or mixes in digits or signs.
bool looks_secret_in_prose(std::string_view value) {
    return value.size() >= 16 || (value.size() >= 6 && has_digit(value)) || value.find_first_of("!@#$%^&*+/") != std::string_view::npos;
}

}  // namespace

struct Redactor::Rules {
    /// Group 1, where there is one, is what stays; `accept` may refuse a find by its last group.
    struct Rule {
        std::unique_ptr<RE2> pattern;
        const char* placeholder;
        const char* literal;  // without it in the text there is nothing to find
        bool (*accept)(std::string_view key, std::string_view value);
    };

    std::unique_ptr<RE2> known;
    std::unique_ptr<RE2> prefilter;
    std::vector<Rule> rules;

    void know(const std::vector<Secret>& configured, const std::deque<Secret>& learned) {
        std::set<std::string> forms;
        const auto add_forms = [&](const Secret& secret) {
            if (secret.reveal().size() >= shortest_known) forms.merge(forms_of(secret.reveal()));
        };
        std::for_each(configured.begin(), configured.end(), add_forms);
        std::for_each(learned.begin(), learned.end(), add_forms);
        if (forms.empty()) return;
        std::vector<std::string> ordered(forms.begin(), forms.end());
        std::sort(ordered.begin(), ordered.end(),
                  [](const std::string& a, const std::string& b) { return a.size() != b.size() ? a.size() > b.size() : a < b; });
        for (auto& form : ordered) form = RE2::QuoteMeta(piece(form));
        auto longest = options();
        longest.set_longest_match(true);
        longest.set_max_mem(std::int64_t{128} << 20U);
        known = std::make_unique<RE2>(join(ordered, "|"), longest);
    }

    void add(const char* pattern, const char* placeholder, bool (*accept)(std::string_view, std::string_view) = nullptr,
             const char* literal = "") {
        rules.push_back({std::make_unique<RE2>(pattern, options()), placeholder, literal, accept});
    }

    static RE2::Options options() {
        RE2::Options options;
        options.set_log_errors(false);
        options.set_encoding(RE2::Options::EncodingLatin1);  // byte by byte: faster, and the input may be cut
        options.set_max_mem(std::int64_t{32} << 20U);
        return options;
    }

    static void apply(const Rule& rule, std::string& text) {
        const int groups = rule.pattern->NumberOfCapturingGroups();
        std::array<StringPiece, 4> match;
        std::string out;
        std::size_t copied = 0;
        std::size_t from = 0;
        while (from <= text.size() && rule.pattern->Match(piece(text), from, text.size(), RE2::UNANCHORED, match.data(), groups + 1)) {
            const auto begin = static_cast<std::size_t>(match[0].data() - text.data());
            const auto end = begin + match[0].size();
            const auto value = view(match.at(static_cast<std::size_t>(groups)));
            if (rule.accept == nullptr || rule.accept(view(match[1]), value)) {
                out.append(text, copied, begin - copied);
                if (groups > 1) {
                    out += view(match[1]);
                }
                out += rule.placeholder;
                copied = end;
            }
            from = std::max(end, from + 1);
        }
        if (copied > 0) {
            out.append(text, copied, std::string::npos);
            text = std::move(out);
        }
    }
};

Redactor::Redactor(std::vector<Secret> known) : rules_(std::make_unique<Rules>()), known_(std::move(known)) {
    rules_->know(known_, learned_);
    auto& rules = *rules_;
    rules.prefilter = std::make_unique<RE2>(
        R"((?i)-----BEGIN|authorization|cookie|bearer|basic |passw|pwd|passphrase|secret|token|api.?key|access.?key|private.?key|account.?key|credential|)"
        R"(://[^\s/]*@|eyJ[a-z0-9]|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|xapp-|hooks\.slack\.com|sk-|sk_live|rk_live|AIza|npm_|SG\.|[a-z0-9]@[a-z0-9]|\d[ -]?\d{4}[ -]?\d{4}|\d[ -]?\d{6}[ -]?\d{4})",
        Rules::options());
    rules.add(R"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z))",
              "<private key>", nullptr, "-----BEGIN");
    rules.add(R"((?i)((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|digest|apikey|splunk)\s+)?)([^\s"',;\\]{4,}))",
              "<secret>", [](std::string_view, std::string_view value) { return !is_plain_word(value); });
    rules.add(R"((?i)((?:set-)?cookie["']?\s*:\s*["']?)([^"'\r\n]{4,}))", "<cookie>");
    rules.add(R"((?i)(\b(?:bearer|basic)\s+)([a-z0-9._~+/=-]{12,}))", "<secret>",
              [](std::string_view, std::string_view value) { return has_digit(value) || value.size() >= 24; });
    rules.add(R"(\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?)", "<jwt>", nullptr, "eyJ");
    rules.add(R"(\b(?:AKIA|ASIA|AGPA|AROA|AIDA)[A-Z0-9]{16}\b)", "<aws key>");
    rules.add(R"(\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{18,}))", "<git token>");
    rules.add(R"(\b(?:xox[a-z]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}))", "<slack token>");
    rules.add(R"((hooks\.slack\.com/(?:services|workflows|triggers)/)([A-Za-z0-9/_-]{8,}))", "<secret>", nullptr, "hooks.slack.com");
    rules.add(
        R"(\b(?:sk-[A-Za-z0-9_-]{20,}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|AIza[A-Za-z0-9_-]{30,}|npm_[A-Za-z0-9]{30,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}))",
        "<secret>");
    rules.add(R"(([a-zA-Z][a-zA-Z0-9+.-]*://)([^\s/:@"']*:[^\s/@"']+)@)", "<userinfo>@", nullptr, "://");
    // key=value and "key": "value"; in prose ("token: abc") only what looks like a secret.
    constexpr const char* key =
        R"((?i)([a-z0-9_.-]*(?:passw(?:or)?d|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|account[_-]?key|credentials?))";
    const std::string assigned = std::string(key) + R"([a-z0-9_.-]*(?:\\?["'])?\s*(?:=>|=|:=)\s*(?:\\?["'])?)([^\s"'\\&,;)}\]]{4,}))";
    const std::string quoted = std::string(key) + R"([a-z0-9_.-]*\\?["']\s*:\s*\\?["'])([^"'\\]{4,}))";
    const std::string quoted_value = std::string(key) + R"(\s*(?:=|:)\s*\\?["'])([^"'\\]{4,}))";
    const std::string prose = std::string(key) + R"(\s*:\s*)([^\s"'\\&,;)}\]]{6,}))";
    // "max_tokens=8000" counts; a password may be all digits.
    const auto no_word = [](std::string_view name, std::string_view value) {
        const bool number = value.find_first_not_of("0123456789.") == std::string_view::npos;
        return !is_plain_word(value) && !(number && icontains(name, "token"));
    };
    rules.add(quoted.c_str(), "<secret>", no_word);
    rules.add(quoted_value.c_str(), "<secret>", no_word);
    rules.add(assigned.c_str(), "<secret>", no_word);
    rules.add(prose.c_str(), "<secret>",
              [](std::string_view, std::string_view value) { return !is_plain_word(value) && looks_secret_in_prose(value); });
    rules.add(
        R"(([A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}))", "<email>",
        [](std::string_view, std::string_view value) { return !value.starts_with("git@"); }, "@");
    rules.add(
        R"(((?:^|[^0-9A-Za-z.]))((?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|6011|65\d{2}|35\d{2})[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}|3[47]\d{2}[ -]?\d{6}[ -]?\d{5})\b)",
        "<card number>", [](std::string_view, std::string_view value) { return luhn(value); });
}

Redactor::Redactor(Redactor&&) noexcept = default;
Redactor::~Redactor() = default;

void Redactor::learn(const Secret& secret) {
    constexpr std::size_t most = 32;  // of tokens that are lent anew each hour the old ones are worth nothing
    learned_.push_back(secret);
    if (learned_.size() > most) learned_.pop_front();
    rules_->know(known_, learned_);
}

std::string Redactor::redact_known(std::string_view text) const {
    std::string out(text);
    if (rules_->known && RE2::PartialMatch(piece(out), *rules_->known)) {
        RE2::GlobalReplace(&out, *rules_->known, "<secret>");
    }
    return out;
}

std::string Redactor::redact(std::string_view text) const {
    const bool clean = std::all_of(text.begin(), text.end(),
                                   [](unsigned char c) { return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\t' || c == '\r'; });
    std::string out = clean ? std::string(text) : strip_invisible(sanitize_utf8(text));
    if (rules_->known && RE2::PartialMatch(piece(out), *rules_->known)) {
        RE2::GlobalReplace(&out, *rules_->known, "<secret>");
    }
    if (!RE2::PartialMatch(piece(out), *rules_->prefilter)) {
        return out;
    }
    for (const auto& rule : rules_->rules) {
        if (out.find(rule.literal) != std::string::npos) {
            Rules::apply(rule, out);
        }
    }
    return out;
}

void Redactor::redact(Alert& alert) const {
    for (std::string* text : {&alert.title, &alert.body, &alert.query, &alert.transition}) *text = redact(*text);
    // Names by which we find things again: never by their shape.
    for (std::string* name : {&alert.service, &alert.environment, &alert.metric, &alert.monitor_id}) *name = redact_known(*name);
    std::map<std::string, std::string> labels;
    for (const auto& [key, value] : alert.labels) labels.insert_or_assign(redact_known(key), redact(value));
    alert.labels = std::move(labels);
    for (Link& link : alert.links) link.url = redact_known(link.url);
    for (std::string& reference : alert.references) reference = redact_known(reference);
}

void Redactor::redact(Records& records) const {
    const auto clean = [this](std::string& text) {
        if (!text.empty()) {
            text = redact(text);
        }
    };
    const auto link = [this](std::string& text) {
        if (!text.empty()) {
            text = redact_known(text);
        }
    };
    for (auto& r : records.code) {
        clean(r.service);
        link(r.url);
        clean(r.path);
        link(r.revision);
        clean(r.version);
    }
    for (auto& r : records.metrics) {
        clean(r.entity);
        clean(r.instance);
        clean(r.name);
        link(r.link);
    }
    for (auto& r : records.logs) {
        clean(r.service);
        clean(r.instance);
        clean(r.severity_text);
        clean(r.body);
        for (auto& [key, value] : r.attributes) {
            // The key may be what tells that the value is a secret.
            const auto pair = redact("\"" + key + "\":\"" + value + "\"");
            value = pair.ends_with("\":\"<secret>\"") ? "<secret>" : redact(value);
        }
    }
    for (auto& r : records.spans) {
        clean(r.service);
        clean(r.instance);
        clean(r.name);
    }
    for (auto& r : records.edges) {
        clean(r.caller);
        clean(r.callee);
    }
    for (auto& r : records.changes) {
        link(r.id);
        clean(r.service);
        clean(r.subject);
        clean(r.author);
        clean(r.environment);
        clean(r.diff);
        link(r.repository);
        link(r.link);
        std::for_each(r.files.begin(), r.files.end(), clean);
    }
    for (auto& r : records.messages) {
        clean(r.channel);
        clean(r.user);
        clean(r.text);
        link(r.link);
    }
    for (auto& r : records.incidents) {
        link(r.id);
        clean(r.title);
        clean(r.service);
        clean(r.cause);
        clean(r.resolution);
        link(r.link);
    }
    for (auto& r : records.facts) {
        clean(r.entity);
        clean(r.text);
        link(r.link);
    }
}

}  // namespace gumshoe
