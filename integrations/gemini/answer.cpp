// Answers of generateContent, whole and streamed, and its errors.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "integrations/gemini/content.hpp"
#include "integrations/gemini/dialect.hpp"
#include "io/sse.hpp"
#include "llm/classify.hpp"
#include "llm/retry_after.hpp"

namespace gumshoe::gemini {
namespace {

constexpr std::array<std::string_view, 9> filtered{"SAFETY", "RECITATION", "LANGUAGE",     "BLOCKLIST",  "PROHIBITED_CONTENT",
                                                   "SPII",   "OTHER",      "IMAGE_SAFETY", "MODEL_ARMOR"};
constexpr std::array<std::string_view, 4> bad_calls{"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS",
                                                    "MALFORMED_RESPONSE"};
constexpr std::string_view signatures = "thoughtSignature";  // named where one is refused or missing: its repair

llm::Usage usage_of(const json& document) {
    constexpr std::int64_t most = 1'000'000'000'000;  // no answer has more: sums cannot overflow
    const auto tokens = [&](const char* key) {
        return std::clamp<std::int64_t>(get_int(document, std::string("usageMetadata.") + key).value_or(0), 0, most);
    };
    llm::Usage usage;
    usage.input_tokens = tokens("promptTokenCount");
    usage.cached_tokens = tokens("cachedContentTokenCount");
    usage.reasoning_tokens = tokens("thoughtsTokenCount");
    usage.output_tokens = tokens("candidatesTokenCount") + usage.reasoning_tokens;
    return usage;
}

/// What the details say of waiting: the delay of a RetryInfo, whether a day's quota is used up.
struct Details {
    std::optional<milliseconds> delay;
    bool daily = false;
};

Details details_of(const json& error) {
    Details out;
    const json* list = find(error, "details");
    if (list == nullptr || !list->is_array()) return out;
    for (const json& detail : *list) {
        const std::string type = string_or_empty(detail, "@type");
        if (type.ends_with("RetryInfo")) out.delay = llm::parse_go_duration(string_or_empty(detail, "retryDelay"));
        const json* violations = type.ends_with("QuotaFailure") ? find(detail, "violations") : nullptr;
        if (violations == nullptr || !violations->is_array()) continue;
        for (const json& violation : *violations) out.daily = out.daily || icontains(string_or_empty(violation, "quotaId"), "PerDay");
    }
    return out;
}

/// A day's quota comes back at midnight in California: 08:00 UTC, in summer an hour before.
std::optional<Timestamp> next_day(const Headers& headers) {
    const auto date = llm::parse_http_date(headers.find("date").value_or(""));
    if (!date) return std::nullopt;
    constexpr std::chrono::hours midnight(8);
    return Timestamp(std::chrono::floor<std::chrono::days>(*date - midnight) + std::chrono::days(1) + midnight);
}

/// What stands between two marks: of (.."temperature" at ..) with quotes temperature.
std::string_view between(std::string_view text, std::string_view open, std::string_view close) {
    const auto begin = text.find(open);
    if (begin == std::string_view::npos) return {};
    text.remove_prefix(begin + open.size());
    const auto end = text.find(close);
    return end == std::string_view::npos ? std::string_view() : text.substr(0, end);
}

/// "generation_config.response_schema" as our body writes it: "generationConfig.responseSchema".
std::string camel_case(std::string_view path) {
    std::string out;
    bool upper = false;
    for (const char c : path) {
        if (c != '_') out += std::exchange(upper, false) && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        upper = c == '_';
    }
    return out;
}

/// The field of our body that a refusal is about; "" when its words name none.
std::string refused_field(std::string_view message) {
    if (icontains(message, "thought_signature") || icontains(message, "thought signature")) return std::string(signatures);
    if (icontains(message, "thinking")) return "generationConfig.thinkingConfig";
    if (message.starts_with("JSON mode")) return "generationConfig.responseSchema";
    const std::string name(between(message, "Unknown name \"", "\""));
    const std::string place = camel_case(between(message, "\" at '", "'"));
    return place.empty() ? name : place + "." + name;
}

class ChunkReader final : public llm::StreamReader {
public:
    bool feed(std::string_view bytes) override {
        bool content = false;
        for (const SseEvent& event : sse_.feed(bytes)) content = take(event) || content;
        return content;
    }

    std::variant<llm::Reply, Failure> finish() override {
        for (const SseEvent& event : sse_.finish()) take(event);
        if (failure_) return *failure_;
        return candidate_.finish();
    }

private:
    bool take(const SseEvent& event) {
        if (failure_ || trim(event.data).empty()) return false;
        const auto document = parse_json(event.data);
        if (!document) {
            failure_ = Failure{.failure = FailureClass::truncated_stream,
                               .reason = "Gemini sent a piece of its answer that cannot be read",
                               .status = 200};
            return false;
        }
        failure_ = failure_of(*document, 0, {});
        return !failure_ && candidate_.take(*document);
    }

    SseReader sse_;
    Candidate candidate_;
    std::optional<Failure> failure_;
};

}  // namespace

std::optional<Failure> failure_of(const json& document, int status, const Headers& headers) {
    auto told = llm::vendor_error(document);
    if (!told) return std::nullopt;
    if (told->code.find_first_not_of("0123456789") == std::string::npos) {  // the status once more
        if (status == 0 && told->code.size() == 3) status = std::stoi(told->code);
        told->code.clear();
    }
    Failure failure = llm::classify_error(provider_name, status, *told, headers);
    const json* error = find(document, "error");
    const Details details = error == nullptr ? Details() : details_of(*error);
    if (failure.failure == FailureClass::unsupported_param) failure.param = refused_field(told->message);
    if (failure.failure == FailureClass::rate_limit && details.delay) failure.retry_after = details.delay;
    if (failure.failure == FailureClass::rate_limit && details.daily) {
        failure.reason = "the day's quota of the Gemini project is used up";
        failure.until = next_day(headers);
        if (failure.until) failure.retry_after.reset();  // the delay told is that of a minute's quota
    }
    return failure;
}

Candidate::Candidate() = default;
Candidate::~Candidate() = default;

bool Candidate::take_part(const json& part) {
    parts_.push_back(part);
    signed_ = signed_ || part.contains("thoughtSignature");
    if (const json* call = find(part, "functionCall")) {
        const json* args = find(*call, "args");
        reply_.tool_calls.push_back(
            {string_or_empty(*call, "id"), string_or_empty(*call, "name"), args == nullptr ? "{}" : dump_json(*args)});
        return true;
    }
    const std::string text = string_or_empty(part, "text");
    if (!get_bool(part, "thought").value_or(false)) reply_.text += text;
    return !text.empty();
}

bool Candidate::take(const json& document) {
    if (reply_.model.empty()) reply_.model = string_or_empty(document, "modelVersion");
    if (reply_.request_id.empty()) reply_.request_id = string_or_empty(document, "responseId");
    if (find(document, "usageMetadata") != nullptr) reply_.usage = usage_of(document);
    if (auto reason = get_string(document, "promptFeedback.blockReason")) blocked_ = *reason;
    const json* candidates = find(document, "candidates");
    if (candidates == nullptr || !candidates->is_array() || candidates->empty()) return false;
    const json& candidate = candidates->front();
    bool content = false;
    if (const json* parts = find(candidate, "content.parts"); parts != nullptr && parts->is_array()) {
        for (const json& part : *parts) {
            if (part.is_object()) content = take_part(part) || content;
        }
    }
    if (auto reason = get_string(candidate, "finishReason")) finish_reason_ = std::move(*reason);
    return content;
}

std::variant<llm::Reply, Failure> Candidate::finish() const {
    if (!blocked_.empty() && !finish_reason_) {
        return Failure{
            .failure = FailureClass::content_filter, .reason = "Gemini's filter refused the prompt", .status = 200, .code = blocked_};
    }
    if (!finish_reason_) {
        return Failure{.failure = FailureClass::truncated_stream, .reason = "Gemini's answer ended in the middle", .status = 200};
    }
    if (*finish_reason_ == "MISSING_THOUGHT_SIGNATURE") {
        return Failure{.failure = FailureClass::unsupported_param,
                       .reason = "the model wants its signed reasoning back",
                       .status = 200,
                       .code = *finish_reason_,
                       .param = std::string(signatures)};
    }
    if (std::ranges::find(bad_calls, *finish_reason_) != bad_calls.end()) {
        return Failure{.failure = FailureClass::schema_invalid,
                       .reason = "Gemini's model called a tool in a way that cannot be read",
                       .status = 200,
                       .code = *finish_reason_};
    }
    llm::Reply reply = reply_;
    // With the answer's id, so that the calls of two turns differ: a call that has to be renamed loses its signature.
    const std::string prefix = reply.request_id.empty() ? "call_" : "call_" + reply.request_id.substr(0, 28) + "_";
    int number = 0;
    for (llm::ToolCall& call : reply.tool_calls) {
        ++number;
        if (call.id.empty()) call.id = prefix + std::to_string(number);
    }
    if (signed_) reply.opaque = dump_json(json(parts_));
    if (*finish_reason_ == "MAX_TOKENS") {
        reply.stop = llm::Stop::length;
    } else if (std::ranges::find(filtered, *finish_reason_) != filtered.end()) {
        reply.stop = llm::Stop::filter;
    } else if (!reply.tool_calls.empty()) {
        reply.stop = llm::Stop::tool_calls;
    }
    return reply;
}

std::unique_ptr<llm::StreamReader> make_stream_reader() {
    return std::make_unique<ChunkReader>();
}

}  // namespace gumshoe::gemini
