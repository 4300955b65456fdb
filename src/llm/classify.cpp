// From an error document to a Failure: shapes, table lookup, and the numbers vendors put into their sentences.
#include "llm/classify.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "llm/retry_after.hpp"

namespace gumshoe::llm {
namespace {

constexpr std::size_t message_head = 500;  // what a vendor says itself stands at the front

std::string text_or_integer(const json& value, std::string_view key) {
    if (auto text = get_string(value, key)) return *text;
    const auto integer = get_int(value, key);
    return integer ? std::to_string(*integer) : std::string();
}

bool message_matches(std::string_view pattern, std::string_view message) {
    bool anchored = pattern.starts_with('^');
    if (anchored) pattern.remove_prefix(1);
    const std::string haystack = to_lower(message);
    std::size_t at = 0;
    for (const std::string& piece : split(to_lower(pattern), '*')) {
        const auto found = haystack.find(piece, at);
        if (found == std::string::npos || (anchored && found != 0)) return false;
        at = found + piece.size();
        anchored = false;
    }
    return true;
}

bool status_matches(int pattern, int status) {
    return pattern == 0 || pattern == status || (pattern == 4 && (status == 0 || status / 100 == 4));
}

/// Set once, at start: dialects are made before the configuration is read, and read errors in places that no table reaches.
std::vector<ConfiguredClass>& configured_classes() {
    static std::vector<ConfiguredClass> rows;
    return rows;
}

template <class Row>
bool row_matches(const Row& row, int status, const VendorError& error, std::string_view message) {
    return status_matches(row.status, status) && (row.code.empty() || row.code == error.code) &&
           (row.type.empty() || row.type == error.type) && (row.message.empty() || message_matches(row.message, message));
}

/// The integer after `words`: "tokens > 200000 maximum" with "tokens > ".
std::optional<std::int64_t> number_after(std::string_view message, std::string_view words) {
    const auto at = to_lower(message).find(to_lower(words));
    if (at == std::string::npos) return std::nullopt;
    std::string digits;
    for (const char c : message.substr(at + words.size())) {
        if (c >= '0' && c <= '9') {
            digits += c;
        } else if (c != ',' || digits.empty()) {
            break;
        }
    }
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc{} || value <= 0) return std::nullopt;
    return value;
}

void learn_window(Failure& failure, std::string_view message) {
    constexpr std::array window_words{
        "context length is ", "context length is only ", "tokens > ",        "Limit ",      "context size (",          "context length (",
        "context limit of ",  "configured limit of ",    "tokens allowed (", "must be <= ", "maximum model length of "};
    for (const std::string_view words : window_words) {
        if (failure.window) break;
        failure.window = number_after(message, words);
    }
    if (const auto at = message.find("exceed context limit: "); at != std::string_view::npos) {  // "a + b > c"
        failure.window = number_after(message.substr(at), " > ");
        failure.prompt_tokens = number_after(message, "exceed context limit: ");
    }
    for (const std::string_view words : {"prompt is too long: ", "messages resulted in ", "input token count (", "request (",
                                         "prompt (length ", "You passed ", "your request has "}) {
        if (!failure.prompt_tokens) failure.prompt_tokens = number_after(message, words);
    }
}

/// The parameter a sentence names: before its colon ("tool_choice: type \"any\" is ..."), in its quotes, or after other words.
std::string named_param(std::string_view message) {
    constexpr std::string_view passed_on = "The model returned the following errors: ";  // Bedrock, and then the maker's words
    if (message.starts_with(passed_on)) message.remove_prefix(passed_on.size());
    constexpr std::string_view of_a_path = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.[]";
    const auto colon = message.find(": ");
    if (colon != std::string_view::npos && message.substr(0, colon).find_first_not_of(of_a_path) == std::string_view::npos) {
        return std::string(message.substr(0, colon));
    }
    for (const char quote : {'\'', '`', '"'}) {
        const auto open = message.find(quote);
        if (open == std::string_view::npos) continue;
        const auto close = message.find(quote, open + 1);
        if (close == std::string_view::npos) continue;
        return std::string(message.substr(open + 1, close - open - 1));
    }
    constexpr std::string_view openai = "argument supplied: ";
    if (const auto at = message.find(openai); at != std::string_view::npos) {
        const std::string_view rest = message.substr(at + openai.size());
        return std::string(trim(rest.substr(0, rest.find_first_of(" ,"))));
    }
    constexpr std::string_view field = "doesn't support the ";
    if (const auto at = message.find(field); at != std::string_view::npos) {
        const std::string_view rest = message.substr(at + field.size());
        return std::string(rest.substr(0, rest.find(' ')));
    }
    return {};
}

/// "You will regain access on 2026-12-01 at 00:00 UTC."
std::optional<Timestamp> regained_at(std::string_view message) {
    constexpr std::string_view words = "regain access on ";
    const auto at = message.find(words);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view rest = message.substr(at + words.size());
    if (rest.size() < 10) return std::nullopt;
    std::string clock = "00:00";
    if (rest.size() >= 19 && rest.substr(10, 4) == " at ") clock = std::string(rest.substr(14, 5));
    const auto time = parse_rfc3339(std::string(rest.substr(0, 10)) + "T" + clock + ":00Z");
    if (!time) return std::nullopt;
    return *time;
}

/// A monthly spend limit ends with the month of the answer.
std::optional<Timestamp> month_end(const Headers& headers) {
    const auto date = parse_http_date(headers.find("date").value_or(""));
    if (!date) return std::nullopt;
    const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(*date)};
    const auto first_of_next = day.year() / day.month() / std::chrono::day(1) + std::chrono::months(1);
    return Timestamp(std::chrono::sys_days(first_of_next));
}

/// What of a vendor's sentence may be shown: short, one line, nothing in it that could be a key.
std::string excerpt(std::string_view message) {
    std::string out;
    std::string word;
    const auto flush = [&] {
        out += word.size() >= 20 ? "[...]" : word;
        word.clear();
    };
    for (const char c : truncate(strip_invisible(sanitize_utf8(message.substr(0, message_head))), 200)) {
        if (c == ' ' || c == '\n' || c == '\t') {
            flush();
            out += ' ';
        } else {
            word += c;
        }
    }
    flush();
    return out;
}

bool plain_word(std::string_view text) {
    return !text.empty() && text.size() <= 64 &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == text.npos;
}

Failure unmatched(std::string_view provider, int status, const VendorError& error) {
    const std::string vendor = vendor_name(provider);
    if (status >= 500)
        return {.failure = FailureClass::server_error, .reason = vendor + " had an error of its own (" + std::to_string(status) + ")"};
    if (status == 0) return {.failure = FailureClass::bad_body, .reason = vendor + " answered with an error inside a success"};
    if (status < 400)
        return {.failure = FailureClass::bad_body, .reason = vendor + " answered " + std::to_string(status) + " where an answer was due"};
    std::string reason = vendor + " refused the request (" + std::to_string(status);
    if (plain_word(error.code)) reason += " " + error.code;
    reason += ")";
    if (!error.message.empty()) reason += ": " + excerpt(error.message);
    return {.failure = FailureClass::bad_request_unknown, .reason = std::move(reason)};
}

/// The first row of the configuration, else of the built-in table, that matches.
Failure by_table(std::string_view provider, int status, const VendorError& error, std::string_view message) {
    const std::string vendor = vendor_name(provider);
    for (const ConfiguredClass& row : configured_classes()) {
        if ((!row.provider.empty() && row.provider != provider) || !row_matches(row, status, error, message)) continue;
        const std::string words = row.words.empty() ? unmatched(provider, status, error).reason : row.words;
        return {.failure = row.failure, .reason = replace_all(words, "{vendor}", vendor)};
    }
    const auto table = classification_table();
    const auto row = std::ranges::find_if(table, [&](const ClassRow& one) { return row_matches(one, status, error, message); });
    if (row == table.end()) return unmatched(provider, status, error);
    return {.failure = row->failure, .reason = replace_all(std::string(row->words), "{vendor}", vendor), .param = std::string(row->param)};
}

bool looks_like_html(const HttpResponse& response) {
    return icontains(response.headers.find("content-type").value_or(""), "html") || trim(response.body).starts_with('<');
}

}  // namespace

void set_configured_classes(std::vector<ConfiguredClass> rows) {
    configured_classes() = std::move(rows);
}

std::string vendor_name(std::string_view provider) {
    const auto names = vendor_names();
    const auto known = std::ranges::find(names, provider, &VendorName::provider);
    return std::string(known == names.end() ? provider : known->name);
}

std::string request_id(const Headers& headers) {
    for (const std::string_view name : {"x-request-id", "request-id", "x-amzn-requestid", "apim-request-id"}) {
        const auto id = headers.find(name);
        if (id && plain_word(*id)) return std::string(*id);
    }
    return {};
}

std::optional<VendorError> vendor_error(const JsonView& document) {
    const auto [error, object] = document.members<2>({"error", "object"});
    const bool maybe = document.is_array() || error || object.text() == "error";
    const auto copy = maybe ? document.copy() : std::nullopt;
    return copy ? vendor_error(*copy) : std::nullopt;
}

std::optional<VendorError> vendor_error(const json& document) {
    if (document.is_array() && document.size() == 1) return vendor_error(document.front());  // a stream that nobody framed
    if (!document.is_object()) return std::nullopt;
    const json* body = find(document, "error");
    if (body != nullptr && body->is_null()) body = nullptr;
    if (body != nullptr && body->is_string()) return VendorError{.message = body->get<std::string>(), .request_id = {}};
    if (body == nullptr && string_or_empty(document, "object") == "error") body = &document;  // older vLLM
    if (body == nullptr || !body->is_object()) return std::nullopt;
    VendorError error;
    error.code = text_or_integer(*body, "code");
    if (const auto detail = get_string(*body, "details.error_code")) error.code = *detail;
    error.type = string_or_empty(*body, "type");
    if (const auto word = get_string(*body, "status")) error.type = *word;  // Google's: the code is the status once more
    if (const json* details = find(*body, "details"); details != nullptr && details->is_array()) {
        for (const json& detail : *details) {
            if (const auto reason = get_string(detail, "reason")) error.code = *reason;
        }
    }
    if (error.type.empty()) error.type = string_or_empty(*body, "metadata.error_type");  // a gateway's word for its upstream's failure
    // What is wrong with the request a gateway passes on as its upstream said it.
    if (const auto raw = error.code == "400" ? get_string(*body, "metadata.raw") : std::nullopt) {
        const auto upstream = parse_json(*raw);
        if (auto theirs = upstream ? vendor_error(*upstream) : std::nullopt) {
            theirs->of_upstream = true;
            return theirs;
        }
    }
    // A gateway's filter says what it found beside a bare 403.
    if (find(*body, "metadata.flagged_input") != nullptr) error.code = "content_filter";
    error.param = string_or_empty(*body, "param");
    error.message = string_or_empty(*body, "message");
    error.request_id = string_or_empty(document, "request_id");
    return error;
}

Failure classify_error(std::string_view provider, int status, const VendorError& error, const Headers& headers) {
    // Compatible servers put the status into the code: {"error":{"code":502}} inside a 200.
    int effective = status;
    if (status == 0 && error.code.size() == 3 && error.code.find_first_not_of("0123456789") == std::string::npos)
        effective = std::stoi(error.code);
    const std::string_view message = std::string_view(error.message).substr(0, message_head);
    Failure failure = by_table(provider, effective, error, message);
    using enum FailureClass;
    const bool of_account = failure.failure == account_dead || failure.failure == auth_bad || failure.failure == forbidden;
    if (error.of_upstream && of_account)  // the gateway's, at its upstream: ours is well
        failure = {.failure = server_error, .reason = "the host behind " + vendor_name(provider) + " does not serve it"};
    failure.status = status == 0 ? 200 : status;
    failure.code = plain_word(error.code) ? error.code : plain_word(error.type) ? error.type : std::string();
    failure.request_id = request_id(headers);
    if (failure.request_id.empty() && plain_word(error.request_id)) failure.request_id = error.request_id;
    // Without a 429 a limit of which nothing remains says nothing: some send zeros always.
    const RetryAdvice advice =
        failure.failure == FailureClass::rate_limit ? retry_advice(headers, message) : stated_advice(headers, message);
    switch (failure.failure) {
        case FailureClass::rate_limit:
        case FailureClass::overloaded:
        case FailureClass::server_error:
            failure.retry_after = advice.after;
            failure.until = advice.until;
            break;
        case FailureClass::account_dead:
            failure.until = error.code == "enforced_spend_limit_reached" ? month_end(headers) : regained_at(message);
            break;
        case FailureClass::context_overflow:
            learn_window(failure, message);
            break;
        case FailureClass::unsupported_param:
            if (failure.param.empty()) failure.param = error.param.empty() ? named_param(message) : error.param;
            break;
        default:
            break;
    }
    return failure;
}

Failure classify_response(std::string_view provider, const HttpResponse& response) {
    const bool success = response.status / 100 == 2;
    const auto document = parse_json(response.body);
    std::optional<VendorError> error;
    if (document) error = vendor_error(*document);
    if (!success || error) return classify_error(provider, success ? 0 : response.status, error.value_or(VendorError{}), response.headers);
    Failure failure{.failure = FailureClass::bad_body, .status = response.status, .request_id = request_id(response.headers)};
    const std::string vendor = vendor_name(provider);
    if (trim(response.body).empty()) {
        failure.reason = vendor + " answered with an empty body";
    } else if (looks_like_html(response)) {
        failure.reason = vendor + " answered with a web page instead of JSON: a proxy may stand in between";
    } else if (!document) {
        failure.reason = vendor + " answered with JSON that is broken or cut short";
    } else {
        failure.reason = vendor + " answered with JSON that holds no reply";
    }
    return failure;
}

Failure classify_transport(std::string_view provider, const Error& error, bool content_seen) {
    const std::string vendor = vendor_name(provider);
    switch (error.code) {
        case errc::cancelled:
            return {.failure = FailureClass::cancelled, .reason = "the call was stopped by us"};
        case errc::timeout:
            if (icontains(error.message, "first content"))
                return {.failure = FailureClass::timeout, .reason = vendor + " sent nothing in time"};
            if (icontains(error.message, "stall"))
                return {.failure = FailureClass::timeout, .reason = vendor + " fell silent in the middle of its answer"};
            return {.failure = FailureClass::timeout, .reason = vendor + " did not finish in time"};
        case errc::too_large:
            return {.failure = FailureClass::bad_body, .reason = vendor + " answered with more than we take"};
        case errc::tls:
            return {.failure = FailureClass::network, .reason = "no trusted connection to " + vendor};
        case errc::invalid_argument:
            return {.failure = FailureClass::network, .reason = "the address of " + vendor + " cannot be called"};
        default:
            if (content_seen)
                return {.failure = FailureClass::truncated_stream, .reason = vendor + " broke off in the middle of its answer"};
            return {.failure = FailureClass::network, .reason = vendor + " cannot be reached"};
    }
}

}  // namespace gumshoe::llm
