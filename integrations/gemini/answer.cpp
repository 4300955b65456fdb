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
constexpr std::array<std::string_view, 3> bad_calls{"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"};

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

/// What the details say: the reason of an ErrorInfo, the delay of a RetryInfo, whether a day's quota is used up.
struct Details {
    std::string reason;
    std::optional<milliseconds> delay;
    bool daily = false;
};

Details details_of(const json& error) {
    Details out;
    const json* list = find(error, "details");
    if (list == nullptr || !list->is_array()) return out;
    for (const json& detail : *list) {
        const std::string type = string_or_empty(detail, "@type");
        if (type.ends_with("ErrorInfo")) out.reason = string_or_empty(detail, "reason");
        if (type.ends_with("RetryInfo")) out.delay = llm::parse_go_duration(string_or_empty(detail, "retryDelay"));
        const json* violations = type.ends_with("QuotaFailure") ? find(detail, "violations") : nullptr;
        if (violations == nullptr || !violations->is_array()) continue;
        for (const json& violation : *violations) out.daily = out.daily || icontains(string_or_empty(violation, "quotaId"), "PerDay");
    }
    return out;
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
    const json& holder = document.is_array() && !document.empty() ? document.front() : document;
    const json* error = find(holder, "error");
    if (error == nullptr || !error->is_object()) return std::nullopt;
    const Details details = details_of(*error);
    llm::VendorError told;
    told.code = details.reason;
    told.type = string_or_empty(*error, "status");
    told.message = string_or_empty(*error, "message");
    if (told.code.empty()) {  // the newer interface says it in words, the older repeats the HTTP status
        if (const auto word = get_string(*error, "code")) told.code = *word;
        if (status == 0) status = static_cast<int>(std::clamp<std::int64_t>(get_int(*error, "code").value_or(0), 0, 599));
    }
    Failure failure = llm::classify_error(provider_name, status, told, headers);
    if (failure.failure == FailureClass::rate_limit && details.delay) failure.retry_after = details.delay;
    if (failure.failure == FailureClass::rate_limit && details.daily) failure.reason = "the day's quota of the Gemini project is used up";
    return failure;
}

Candidate::Candidate() = default;
Candidate::~Candidate() = default;

bool Candidate::take_part(const json& part) {
    parts_.push_back(part);
    signed_ = signed_ || part.contains("thoughtSignature");
    if (const json* call = find(part, "functionCall")) {
        const json* args = find(*call, "args");
        std::string id = string_or_empty(*call, "id");
        if (id.empty()) id = "call_" + std::to_string(reply_.tool_calls.size() + 1);
        reply_.tool_calls.push_back({std::move(id), string_or_empty(*call, "name"), args == nullptr ? "{}" : dump_json(*args)});
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
    if (std::ranges::find(bad_calls, *finish_reason_) != bad_calls.end()) {
        return Failure{.failure = FailureClass::schema_invalid,
                       .reason = "Gemini's model called a tool in a way that cannot be read",
                       .status = 200,
                       .code = *finish_reason_};
    }
    llm::Reply reply = reply_;
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
