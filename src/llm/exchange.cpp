// One call to one model: streamed, or whole where the server or the options want it so.
#include "llm/exchange.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "llm/classify.hpp"
#include "llm/judge.hpp"
#include "llm/repair.hpp"

namespace gumshoe::llm {
namespace {

using namespace std::chrono_literals;

constexpr milliseconds quick_content = 5s;       // of a model that usually begins at once
constexpr milliseconds reasoning_content = 60s;  // models that think first are silent for longer

bool starts_as_document(std::string_view body) {
    body = trim(body);
    return body.starts_with('{') || body.starts_with('<') || body.starts_with('[');
}

}  // namespace

bool reasons(const Request& request) {
    return request.reasoning_effort && *request.reasoning_effort != "none" && *request.reasoning_effort != "minimal";
}

Request request_for(const Journey& journey, const Slot& slot) {
    Request request = for_target(journey.request, *slot.target);
    if (slot.max_output) request.max_output_tokens = *slot.max_output;
    request.messages.insert(request.messages.end(), slot.repair_turn.begin(), slot.repair_turn.end());
    return request;
}

HttpRequest wire_request(const Request& request, const Target& target, bool stream, const std::set<std::string>& repairs, Timestamp now) {
    HttpRequest http = target.dialect->build(request, target, stream);
    http.body = repaired(std::move(http.body), repairs);
    target.dialect->sign(http, target, now);
    http.repeatable = true;  // an answer changes nothing at the vendor's
    http.connect_timeout = limits::llm_connect;
    http.max_wire_bytes = limits::llm_response_bytes;
    http.max_inflated_bytes = limits::llm_response_bytes;
    return http;
}

StreamClocks stream_clocks(const Request& request, const Target& target, const Latency& latency, milliseconds span) {
    milliseconds usual = reasons(request) ? reasoning_content : milliseconds(limits::llm_first_content);
    const auto tail = latency.first_content.quantile(0.95, enough_for_tail);
    if (tail && !reasons(request)) usual = std::clamp(*tail * 3, quick_content, usual);
    const milliseconds first_content = std::max(usual, target.dialect->first_content());
    return {.first_content = std::min(first_content, span), .stall = std::min<milliseconds>(limits::llm_stall, span)};
}

awaitable<std::variant<Reply, Failure>> exchange(HttpClient& http, const Clock& clock, std::shared_ptr<const Target> target,
                                                 HttpRequest request, CallLimits within, Progress& progress) {
    if (!within.stream) {
        auto response = co_await http.send(std::move(request), within.deadline);
        if (!response) co_return classify_transport(target->provider, response.error(), false);
        progress.bytes = response->body.size();
        co_return target->dialect->read(*response);
    }
    const auto reader = target->dialect->stream_reader();
    std::function<bool(std::string_view)> on_bytes = [&clock, &progress, &reader](std::string_view bytes) {
        progress.bytes += bytes.size();
        const bool content = reader->feed(bytes);
        if (content && !progress.first_content) progress.first_content = clock.monotonic();
        return content;
    };
    auto response = co_await http.stream(std::move(request), within.deadline, within.clocks, std::move(on_bytes));
    if (response) progress.bytes = std::max(progress.bytes, response->body.size());
    if (response && response->status / 100 != 2) co_return target->dialect->read(*response);
    std::variant<Reply, Failure> end = reader->finish();
    if (auto* reply = std::get_if<Reply>(&end)) {  // whole, even where the connection broke after it
        if (response && reply->request_id.empty()) reply->request_id = request_id(response->headers);
        co_return end;
    }
    Failure& failure = std::get<Failure>(end);
    // A server that does not stream.
    const bool content_seen = progress.first_content.has_value();
    const bool unread = failure.failure == FailureClass::truncated_stream && !content_seen;
    if (response && unread && starts_as_document(response->body)) co_return target->dialect->read(*response);
    if (!response && failure.failure == FailureClass::truncated_stream)
        co_return classify_transport(target->provider, response.error(), content_seen);
    if (response && failure.request_id.empty()) failure.request_id = request_id(response->headers);
    co_return end;
}

Failure assess(const std::variant<Reply, Failure>& outcome, const Request& request, const Router::Check& check) {
    if (const auto* failure = std::get_if<Failure>(&outcome)) return *failure;
    const Reply& reply = std::get<Reply>(outcome);
    if (auto failure = judge(reply, request)) return std::move(*failure);
    if (!check) return {};
    const auto accepted = check(reply);
    if (accepted) return {};
    return {.failure = FailureClass::schema_invalid, .reason = accepted.error().message};
}

}  // namespace gumshoe::llm
