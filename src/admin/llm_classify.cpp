// POST /api/v1/llm/classify: an answer of a vendor, pasted, to the class it has for us and what would be done about it. Nothing is called.
#include <nlohmann/json.hpp>

#include "admin/body.hpp"
#include "base/text.hpp"
#include "llm/exchange.hpp"
#include "llm/memory.hpp"

namespace gumshoe {

namespace {

constexpr std::size_t most_pasted_bytes = 512 * 1024;
constexpr std::size_t most_pasted_headers = 100;

/// What is broken where no quarantine says it, and what the router does. The order of FailureClass.
struct Consequence {
    std::string_view scope;
    std::string_view words;
};
Consequence consequence(FailureClass failure) {
    using enum FailureClass;
    switch (failure) {
        case none:
            return {"", "The answer is used, once it is of the schema that was asked for."};
        case rate_limit:
            return {"target",
                    "The target is not called until the time the vendor says, at least a second and at most ten minutes; "
                    "meanwhile the next one is asked."};
        case overloaded:
        case server_error:
        case network:
        case truncated_stream:
        case bad_body:
            return {"endpoint", "The target's breaker counts it; the next target is asked, this one once more after a pause."};
        case timeout:
            return {"endpoint", "The target's breaker counts it; the next target is asked."};
        case account_dead:
            return {"account",
                    "All targets of the account are quarantined, over restarts too; people are told what to do, and the account "
                    "is looked at again by itself."};
        case auth_bad:
            return {"key",
                    "All targets with this key are quarantined, over restarts too; people are told what to do, and the key is "
                    "looked at again by itself."};
        case forbidden:
        case model_gone:
            return {"model",
                    "This model under this account is quarantined, over restarts too; people are told what to do, and it is "
                    "looked at again by itself."};
        case context_overflow:
            return {"request",
                    "The window is learned. A shorter answer is asked for where that suffices, else targets with larger windows."};
        case output_truncated:
            return {"request", "The target is asked once more with twice the room, then the next one."};
        case unsupported_param:
            return {"request", "The parameter is left out for this model for a day and the call repeated."};
        case schema_invalid:
        case empty:
            return {"request", "The target is asked once more and told what was wrong, then the next one."};
        case content_filter:
        case refusal:
        case too_large:
            return {"request", "This vendor is not asked again by this request; the next one is."};
        case bad_request_unknown:
            return {"request", "This vendor is not asked again by this request; when a second vendor refuses it too, nobody is."};
        case caller_fault:
            return {"request", "Nobody else is asked: the request itself is at fault."};
        case budget_exceeded:
            return {"request", "Targets whose call could cost more than is left are passed over."};
        case cancelled:
            return {"request", "The request ends."};
    }
    return {};
}

struct Pasted {
    std::string provider;
    HttpResponse response;
};

result<Headers> read_headers(const json& body) {
    Headers headers;
    const json* fields = find(body, "headers");
    if (fields == nullptr) return headers;
    if (!fields->is_object() || fields->size() > most_pasted_headers) {
        return Error{errc::invalid_argument,
                     "headers must be an object of texts, at most " + std::to_string(most_pasted_headers) + " of them"};
    }
    for (const auto& [name, value] : fields->items()) {
        if (!value.is_string()) return Error{errc::invalid_argument, "headers: each value must be a string"};
        headers.add(name, value.get<std::string>());
    }
    return headers;
}

result<Pasted> read_pasted(const AdminCall& call, const std::map<std::string, const llm::Dialect*>& dialects) {
    auto body = body_of(call, most_pasted_bytes, {"provider", "status", "headers", "body"});
    if (!body) return body.error();
    auto provider = text_field(*body, "provider", "");
    if (!provider) return provider.error();
    if (!dialects.contains(*provider)) {
        std::string known;
        for (const auto& [name, dialect] : dialects) known += (known.empty() ? "" : ", ") + name;
        return Error{errc::invalid_argument, "provider must be one of " + known};
    }
    auto status = integer_field(*body, "status", 200, 100, 599);
    if (!status) return status.error();
    auto headers = read_headers(*body);
    if (!headers) return headers.error();
    Pasted pasted{std::move(*provider), {}};
    pasted.response.status = static_cast<int>(*status);
    pasted.response.headers = std::move(*headers);
    if (const json* text = find(*body, "body")) pasted.response.body = text->is_string() ? text->get<std::string>() : dump_json(*text);
    return pasted;
}

std::variant<llm::Reply, Failure> understood(const llm::Dialect& dialect, const HttpResponse& response) {
    const bool events = response.body.starts_with("data:") || response.body.starts_with("event:");
    if (response.status / 100 != 2 || !events) return dialect.read(response);
    const auto reader = dialect.stream_reader();
    reader->feed(response.body);
    return reader->finish();
}

json verdict_json(const std::string& provider, const Failure& failure) {
    const Consequence does = consequence(failure.failure);
    json value = {{"provider", provider},
                  {"class", to_string(failure.failure)},
                  {"scope", does.scope},
                  {"words", failure.failure == FailureClass::none ? "a usable answer" : failure.reason},
                  {"what_we_do", does.words}};
    if (!failure.code.empty()) value["code"] = failure.code;
    if (!failure.param.empty()) value["param"] = failure.param;
    if (!failure.request_id.empty()) value["request_id"] = failure.request_id;
    if (failure.retry_after) value["retry_after_ms"] = failure.retry_after->count();
    if (failure.until) value["until"] = format_rfc3339(*failure.until);
    if (failure.window) value["context_window"] = *failure.window;
    if (failure.prompt_tokens) value["prompt_tokens"] = *failure.prompt_tokens;
    return value;
}

}  // namespace

awaitable<HttpReply> AdminApi::llm_classify(AdminCall call) {
    auto pasted = read_pasted(call, services_.dialects);
    if (!pasted) co_return problem_of(pasted.error());
    const auto outcome = understood(*services_.dialects.at(pasted->provider), pasted->response);
    const auto* reply = std::get_if<llm::Reply>(&outcome);
    // What tools and schema were asked for is not known here: a call of a tool counts as an answer.
    const Failure failure = reply && !reply->tool_calls.empty() ? Failure{} : llm::assess(outcome, llm::Request{}, {});
    const json verdict = verdict_json(pasted->provider, failure);
    co_return json_reply(200, dump_json(verdict));
}

}  // namespace gumshoe
