// Who calls, whom they may call, and how the answer gets back. A fallback must be possible until an answer is whole and has passed the
// checks, so a stream holds comments while the chain works, and then the answer.
#include "gateway/gateway.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "gateway/completion_reply.hpp"
#include "llm/schema.hpp"
#include "llm/schema_check.hpp"

namespace gumshoe::gateway {
namespace {

using namespace std::chrono_literals;

constexpr milliseconds refusal_delay = 200ms;  // makes guessing slow
/// A stream's status and headers wait this long for the outcome; then comments come as often.
constexpr milliseconds keep_alive = 10s;
constexpr std::size_t longest_note = 500;

ApiError bad_token() {
    return {.status = 401, .message = "Send Authorization: Bearer <token> with a token of gateway.tokens.", .code = "invalid_api_key"};
}

ApiError no_such_path(const RawRequest& request) {
    const bool known = request.path == "/v1/models" || request.path == "/v1/chat/completions";
    return {.status = known ? 405 : 404,
            .message = "This endpoint takes POST /v1/chat/completions and GET /v1/models.",
            .code = known ? "method_not_supported" : "unknown_url"};
}

/// As a header's value: printable ASCII.
std::string header_text(std::string_view text) {
    std::string out(text.substr(0, longest_note));
    std::ranges::replace_if(out, [](unsigned char c) { return c < 0x20 || c > 0x7E; }, '?');
    return out;
}

Headers headers_of(const Outcome& outcome) {
    Headers headers;
    if (const auto* answer = std::get_if<llm::Answer>(&outcome)) headers.add("x-gumshoe-target", header_text(answer->target));
    const auto& hops = std::visit([](const auto& end) -> const std::vector<llm::Hop>& { return end.hops; }, outcome);
    const std::string& note = std::visit([](const auto& end) -> const std::string& { return end.note; }, outcome);
    headers.add("x-gumshoe-attempts", std::to_string(hops.size()));
    if (!note.empty()) headers.add("x-gumshoe-note", header_text(note));
    return headers;
}

/// What the caller holds an answer to, besides that it is whole.
llm::Router::Check check_for(const CompletionRequest& asked) {
    if (!asked.one_call && !asked.strict_answer) return {};
    auto schema = asked.strict_answer ? llm::read_schema(asked.request.schema) : nullptr;
    return [one_call = asked.one_call, schema = std::move(schema)](const llm::Reply& reply) -> result<void> {
        if (one_call && reply.tool_calls.size() > 1)
            return Error{errc::bad_reply, "it called several tools at once where one call was asked for"};
        if (!reply.tool_calls.empty() || !schema) return {};
        const auto document = parse_json(reply.text);
        const auto breach = document ? llm::breach(*document, *schema->document) : document.error().message;
        if (breach) return Error{errc::bad_reply, "the answer is not of the schema: " + *breach};
        return {};
    };
}

}  // namespace

/// A stream whose head is sent and whose answer is not there yet.
struct Gateway::Stream {
    Stream(CompletionRequest its_request, boost::asio::any_io_executor executor, awaitable<Outcome> work)
        : asked(std::move(its_request)), pending(std::move(executor), std::move(work)) {}

    CompletionRequest asked;
    Pending pending;
    bool done = false;
};

Secret hash_of(const Secret& token) {
    return Secret(sha256_hex(token.reveal()));
}

Gateway::Gateway(GatewayServices services) : services_(std::move(services)), started_(to_seconds(services_.clock.now())) {}

awaitable<HttpReply> Gateway::handle(RawRequest request) {
    const Token* token = authenticate(request.headers.find("Authorization"));
    if (token == nullptr) {
        co_await services_.clock.sleep_until(services_.clock.monotonic() + refusal_delay);
        co_return error_reply(bad_token());
    }
    if (request.path == "/v1/models" && request.method == "GET") co_return models(*token);
    const bool completion = request.path == "/v1/chat/completions" && request.method == "POST";
    if (!completion) co_return error_reply(no_such_path(request));
    co_return co_await complete(*token, std::move(request));
}

const Token* Gateway::authenticate(std::optional<std::string_view> authorization) const {
    constexpr std::string_view scheme = "bearer ";
    if (!authorization || authorization->size() <= scheme.size()) return nullptr;
    if (!iequals(authorization->substr(0, scheme.size()), scheme)) return nullptr;
    const std::string digest = sha256_hex(trim(authorization->substr(scheme.size())));
    const Token* found = nullptr;
    for (const Token& token : services_.tokens) {
        // All are compared, so that the time says nothing about which one it was.
        if (matches(token.sha256, digest)) found = &token;
    }
    return found;
}

const Model* Gateway::model_for(const Token& token, const std::string& name) const {
    const bool allowed = token.chain.empty() || token.chain == name;
    const auto found = services_.models.find(name);
    return allowed && found != services_.models.end() ? &found->second : nullptr;
}

HttpReply Gateway::models(const Token& token) const {
    json list = json::array();
    for (const auto& [name, model] : services_.models) {
        if (model_for(token, name) == nullptr) continue;
        list.push_back({{"id", name}, {"object", "model"}, {"created", started_}, {"owned_by", model.owner}});
    }
    return json_reply(200, dump_json({{"object", "list"}, {"data", std::move(list)}}));
}

awaitable<HttpReply> Gateway::complete(const Token& token, RawRequest request) {
    auto read = read_completion(request.body);
    request.body = {};
    if (const auto* refused = std::get_if<ApiError>(&read)) co_return error_reply(*refused);
    CompletionRequest asked = std::move(std::get<CompletionRequest>(read));
    const Model* model = model_for(token, asked.model);
    if (model == nullptr) {
        const ApiError unknown{.status = 404,
                               .message = "The model does not exist, or this token may not use it. GET /v1/models lists those it may.",
                               .param = "model",
                               .code = "model_not_found"};
        co_return error_reply(unknown);
    }
    awaitable<Outcome> work = start(token, asked, model->chain);
    if (asked.stream) {
        co_return co_await stream(std::move(asked), std::move(work));
    }
    Outcome outcome = co_await std::move(work);
    co_return reply_of(asked, std::move(outcome));
}

awaitable<Outcome> Gateway::start(const Token& token, CompletionRequest& asked, const llm::Chain& chain) {
    llm::RouteContext context{.run = "", .step = "gateway/" + token.name, .team = token.team, .team_per_day_usd = token.team_per_day_usd};
    llm::Router::Check check = check_for(asked);
    return services_.router.complete(std::move(asked.request), chain, std::move(context),
                                     Deadline::after(services_.clock, services_.deadline), std::move(check));
}

/// An outcome that comes soon has its status and headers; later there are only events.
awaitable<HttpReply> Gateway::stream(CompletionRequest asked, awaitable<Outcome> work) {
    auto executor = co_await boost::asio::this_coro::executor;
    auto stream = std::make_shared<Stream>(std::move(asked), std::move(executor), std::move(work));
    const bool ended = co_await stream->pending.ended_by(services_.scheduler, Deadline::after(services_.clock, keep_alive));
    if (ended) co_return reply_of(stream->asked, stream->pending.take());
    HttpReply reply;
    reply.headers.add("Content-Type", "text/event-stream");
    reply.headers.add("Cache-Control", "no-cache");
    reply.stream = [this, stream = std::move(stream)] { return next_piece(stream); };
    co_return reply;
}

awaitable<std::string> Gateway::next_piece(std::shared_ptr<Stream> stream) {
    if (stream->done) co_return std::string();
    const bool ended = co_await stream->pending.ended_by(services_.scheduler, Deadline::after(services_.clock, keep_alive));
    if (!ended) co_return ": the chain is at work\n\n";
    stream->done = true;
    Outcome outcome = stream->pending.take();
    std::string piece;
    for (const auto& [name, value] : headers_of(outcome)) piece += ": " + name + ": " + value + "\n";
    HttpReply reply = reply_of(stream->asked, std::move(outcome));
    if (reply.status == 200) co_return piece + reply.body;
    co_return piece + "data: " + reply.body + "\n\n";
}

HttpReply Gateway::reply_of(const CompletionRequest& asked, Outcome outcome) const {
    HttpReply reply;
    Headers more = headers_of(outcome);
    if (const auto* none = std::get_if<llm::NoAnswer>(&outcome)) {
        reply = error_reply(error_of(*none));
    } else {
        const llm::Reply& said = std::get<llm::Answer>(outcome).reply;
        const CompletionHead head{.id = "chatcmpl-" + random_hex(12),
                                  .created = to_seconds(services_.clock.now()),
                                  .model = said.model.empty() ? asked.model : said.model};
        reply.headers.add("Content-Type", asked.stream ? "text/event-stream" : "application/json");
        reply.headers.add("x-request-id", head.id);
        reply.body = asked.stream ? completion_events(head, said, asked.include_usage) : completion_json(head, said);
    }
    for (const auto& [name, value] : more) reply.headers.add(name, value);
    return reply;
}

}  // namespace gumshoe::gateway
