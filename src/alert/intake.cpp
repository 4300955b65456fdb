// The webhook's way in. Whatever is authentic is kept as it came and answered with 2xx: senders drop what was answered with 4xx.
#include "alert/intake.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace gumshoe {

namespace {

/// The header fields that are kept. A list of the harmless: the name of a field that carries a credential is the operator's to choose.
std::string kept_headers(const Headers& headers) {
    constexpr std::array<std::string_view, 9> harmless{"accept", "content-encoding", "content-length", "content-type", "date",
                                                       "host",   "traceparent",      "user-agent",     "x-request-id"};
    json kept = json::object();
    for (const auto& [name, value] : headers) {
        const std::string key = to_lower(name);
        if (std::find(harmless.begin(), harmless.end(), key) == harmless.end()) continue;
        kept[key] = sanitize_utf8(std::string_view(value).substr(0, 500));
    }
    return dump_json(kept);
}

bool readable(std::string_view content_type) {
    const std::string type = to_lower(trim(content_type.substr(0, content_type.find(';'))));
    return type.empty() || type == "application/json" || type.ends_with("+json") || type == "application/x-www-form-urlencoded" ||
           type.starts_with("text/");
}

HttpReply reply(int status, Verdict verdict, const std::string& delivery, const std::vector<std::string>& investigations,
                const std::string& reason) {
    json body = {{"verdict", to_string(verdict)}, {"delivery", delivery}, {"investigations", investigations}};
    if (!reason.empty()) body["reason"] = reason;
    return json_reply(status, dump_json(body));
}

HttpReply try_later() {
    HttpReply answer = json_reply(503, R"({"verdict":"refused","reason":"the delivery could not be stored; send it again"})");
    answer.headers.add("Retry-After", "5");
    return answer;
}

int answer_of(Verdict verdict) {
    return verdict == Verdict::duplicate || verdict == Verdict::filtered ? 200 : 202;
}

/// A parser's bug must not cost an alert: the bytes are kept and can be parsed again by a better version.
result<ParsedDelivery> parse_safely(const Receiver& receiver, const RawRequest& request, Timestamp now) {
    try {
        return receiver.parse(request, now);
    } catch (const std::exception& bug) {
        log::error("webhook_parser_bug", {{"source", std::string(receiver.name())}, {"what", bug.what()}});
        return Error{errc::internal, "the parser failed on it; the log has more"};
    }
}

/// What the sender said stays as a label.
void use_canonical_service(Alert& alert, const IntakePolicy& policy) {
    if (!policy.canonical || alert.service.empty()) return;
    std::string canonical = policy.canonical(alert.service);
    if (canonical == alert.service) return;
    alert.labels.try_emplace(alert.source + ".service", alert.service);
    alert.service = std::move(canonical);
}

}  // namespace

Intake::Intake(std::vector<const Receiver*> receivers, IntakeStore& store, IntakePolicy policy, Clock& clock, std::function<void()> on_work)
    : receivers_(std::move(receivers)), store_(store), policy_(std::move(policy)), clock_(clock), on_work_(std::move(on_work)) {}

awaitable<HttpReply> Intake::receive(std::string source, RawRequest request) {
    const auto found = std::find_if(receivers_.begin(), receivers_.end(), [&](const Receiver* r) { return r->name() == source; });
    if (found == receivers_.end()) co_return json_reply(404, R"({"reason":"no such webhook is configured"})");
    if (request.method != "POST") {
        HttpReply answer = json_reply(405, R"({"reason":"a webhook is a POST"})");
        answer.headers.add("Allow", "POST");
        co_return answer;
    }
    const Receiver& receiver = **found;
    Delivery delivery;
    delivery.received_at = clock_.now();
    delivery.id = new_id("dlv", delivery.received_at);
    delivery.source = std::move(source);
    delivery.peer = request.peer;
    delivery.content_type = std::string(request.headers.find("Content-Type").value_or(""));
    delivery.headers = kept_headers(request.headers);

    const result<void> verified = receiver.verify(request, delivery.received_at);
    if (verified) {
        auto answer = co_await accept(receiver, request, std::move(delivery));
        co_return answer ? *answer : try_later();
    }
    if (verified.error().code != errc::unauthorized) {  // we could not check: the sender is not to blame
        log::error("webhook_not_verifiable", {{"source", delivery.source}, {"error", verified.error().message}});
        co_return try_later();
    }
    delivery.verdict = Verdict::refused;
    delivery.reason = verified.error().message;
    delivery.answer = 401;
    co_await keep_refused(std::move(delivery));
    co_return json_reply(401, R"({"verdict":"refused","reason":"unauthorized"})");
}

task<HttpReply> Intake::accept(const Receiver& receiver, const RawRequest& request, Delivery delivery) {
    delivery.body = request.body;
    result<ParsedDelivery> parsed = Error{errc::parse, "content type " + truncate(delivery.content_type, 100) + " is not one we read"};
    if (readable(delivery.content_type)) parsed = parse_safely(receiver, request, delivery.received_at);
    if (parsed && parsed->alerts.size() > limits::alerts_per_delivery) {
        parsed = Error{errc::too_large, "more alerts in one delivery than we take"};
    }
    if (parsed && parsed->alerts.empty() && parsed->filtered.empty()) parsed = Error{errc::parse, "there is no alert in it"};
    delivery.key = parsed && !parsed->key.empty() ? parsed->key : "sha256:" + sha256_hex(request.body);
    const std::string id = delivery.id;

    if (!parsed || parsed->alerts.empty()) {
        delivery.verdict = parsed ? Verdict::filtered : Verdict::quarantined;
        delivery.reason = parsed ? parsed->filtered : parsed.error().message;
        delivery.answer = answer_of(delivery.verdict);
        if (!parsed) log::warn("webhook_quarantined", {{"source", delivery.source}, {"delivery", id}, {"reason", delivery.reason}});
        HttpReply answer = reply(delivery.answer, delivery.verdict, id, {}, delivery.reason);
        const result<void> kept = co_await store_.keep(std::move(delivery));
        if (!kept) {
            log::error("delivery_not_stored", {{"error", kept.error().message}});
            co_return kept.error();
        }
        co_return answer;
    }

    const std::string source = delivery.source;
    for (Alert& alert : parsed->alerts) {
        if (policy_.redact) policy_.redact(alert);
        alert.source = source;
        use_canonical_service(alert, policy_);
        alert.received_at = delivery.received_at;
    }
    const result<Recorded> recorded = co_await store_.record(std::move(delivery), std::move(parsed->alerts), policy_);
    if (!recorded) {
        log::error("delivery_not_stored", {{"source", source}, {"delivery", id}, {"error", recorded.error().message}});
        co_return recorded.error();
    }
    std::vector<std::string> investigations = recorded->started;
    for (const std::string& also : recorded->updated) {  // one delivery may start it and add to it
        if (std::find(investigations.begin(), investigations.end(), also) == investigations.end()) investigations.push_back(also);
    }
    if (!investigations.empty() && on_work_) on_work_();
    co_return reply(answer_of(recorded->verdict), recorded->verdict, id, investigations, recorded->reason);
}

/// For the webhook doctor. A flood of bad credentials must cost no more than its answers: past the limit nothing is written.
awaitable<void> Intake::keep_refused(Delivery delivery) {
    if (delivery.received_at - refused_minute_ >= std::chrono::minutes(1) || delivery.received_at < refused_minute_) {
        refused_minute_ = delivery.received_at;
        refused_count_ = 0;
    }
    if (refused_count_ >= limits::refused_per_minute_recorded) co_return;
    ++refused_count_;
    const result<void> kept = co_await store_.keep(std::move(delivery));
    if (!kept) log::warn("refused_delivery_not_stored", {{"error", kept.error().message}});
}

}  // namespace gumshoe
