// The wall's table, and what the server does to good answers.
#include "sandbox/wall.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "io/reply_head.hpp"

namespace gumshoe::sandbox {
namespace {

using enum WallScenario::MadeBy;

// Reasons of those that cannot show a scenario.
constexpr std::string_view no_accounts = "a server of one's own has no accounts, bills nobody and shuts no region out";
constexpr std::string_view no_suspension =
    "a server of one's own has no accounts; of a suspended one OpenRouter says no more than that it does not accept the key";
constexpr std::string_view billed_later = "a server of one's own bills nobody, and Groq bills afterwards";
constexpr std::string_view no_hard_limit = "a server of one's own bills nobody, and OpenRouter answers a limit with 402 or 403";
constexpr std::string_view no_rates = "vLLM and llama.cpp let requests wait, as many as there are";
constexpr std::string_view no_bare_limit = "vLLM and llama.cpp let requests wait; Groq says with each 429 when to come back";
constexpr std::string_view no_dependency = "it asks no other host, and has no timeout of its own";
constexpr std::string_view one_model = "llama.cpp has the model it was started with, whatever name it is called by";
constexpr std::string_view in_a_stream = "a whole answer has no middle and no end of its own: S32 and S33 stand for it";

constexpr auto scenarios = std::to_array<WallScenario>({
    {"S01", "fb-s01", "the key is not accepted"},
    {"S02", "fb-s02", "the account is deactivated", simulation, true, true, "ollama openrouter vllm llamacpp", "", no_suspension},
    {"S03", "fb-s03", "the quota or credit is used up (insufficient_quota)", simulation, true, true, "groq vllm llamacpp", "",
     billed_later},
    {"S04", "fb-s04", "a hard billing limit is reached (a 400)", simulation, true, true, "ollama openrouter vllm llamacpp", "",
     no_hard_limit},
    {"S05", "fb-s05", "a spend limit is reached, without Retry-After", simulation, true, true, "ollama vllm llamacpp", "", no_accounts},
    {"S06", "fb-s06", "429 with Retry-After: 1", simulation, true, true, "vllm llamacpp", "", no_rates},
    {"S07", "fb-s07", "a bare 429", simulation, true, true, "groq vllm llamacpp", "", no_bare_limit},
    {"S08", "fb-s08", "429 with Retry-After: 3600", simulation, true, true, "vllm llamacpp", "", no_rates},
    {"S09", "fb-s09", "overloaded, as the vendor says it (529 at Anthropic)"},
    {"S10", "fb-s10-500 fb-s10-502 fb-s10-503 fb-s10-504", "an error of the vendor's own"},
    {"S11", "fb-s11-424 fb-s11-408", "a failed dependency; the vendor's own timeout", simulation, true, true, "groq vllm llamacpp", "",
     no_dependency},
    {"S12", "fb-s12", "no such model", simulation, true, true, "llamacpp", "", one_model},
    {"S13", "fb-s13", "forbidden: the region, the address, the permission", simulation, true, true, "ollama vllm llamacpp", "",
     no_accounts},
    {"S14", "fb-s14-1 fb-s14-2 fb-s14-3 fb-s14-4 fb-s14-5 fb-s14-6 fb-s14-7 fb-s14-8 fb-s14-9",
     "the prompt does not fit, in as many wordings as the vendor has (the first where it has fewer)"},
    {"S15", "fb-s15-400 fb-s15-200 fb-s15-refusal", "a content filter: refused, in the answer; the model refuses", simulation, true, true,
     "ollama groq vllm llamacpp", "", "a bare model has no filter, and refuses in plain text only"},
    {"S16", "fb-s16", "a parameter that the model does not take; well without it"},
    {"S17", "fb-s17", "the connection is reset before any answer", server},
    {"S18", "", "the name cannot be resolved", bench},
    {"S19", "", "the certificate is self-signed, or has expired", bench},
    {"S20", "fb-s20", "the connection is accepted, and no byte comes", server},
    {"S21", "fb-s21", "the header comes, then silence", server},
    {"S22", "fb-s22", "one byte of the body a second", server},
    {"S23", "fb-s23", "keep-alives for ever, never content", server, true, false, "", "", in_a_stream},
    {"S24", "fb-s24", "half of the body, then silence", server},
    {"S25", "fb-s25", "reset in the middle of the body", server},
    {"S26", "fb-s26", "a clean end without the event that ends an answer", server, true, false, "", "", in_a_stream},
    {"S27", "fb-s27-json fb-s27-utf8", "a piece of the stream that is no JSON, or half a character (a wrong checksum at Bedrock)", server,
     true, false, "", "", in_a_stream},
    {"S28", "fb-s28", "200, and the stream begins with an error", simulation, true, false, "", "", in_a_stream},
    {"S29", "fb-s29", "200, some text, then an error in the stream", simulation, true, false, "", "", in_a_stream},
    {"S30", "fb-s30", "200 and an answer without content"},
    {"S31", "fb-s31", "200 and a web page", server},
    {"S32", "fb-s32", "200 and JSON cut short", server},
    {"S33", "fb-s33", "200 and an error document"},
    {"S34", "fb-s34-type fb-s34-encoding", "the wrong content type (the answer is good); an encoding that the body does not have", server},
    {"S35", "fb-s35", "an answer that is not of the schema, and no better when asked again"},
    {"S36", "fb-s36", "the answer is cut at its length limit"},
    {"S37", "fb-s37", "a tool call that cannot be read"},
    {"S38", "fb-s38-body fb-s38-headers", "a body of 10 GB; header fields without end", server},
    {"S39", "fb-s39", "307 to another host", server},
    {"S40", "fb-s40-status fb-s40-code", "a status line without a status; an error whose code is an object, and which echoes the key",
     server},
    {"S41", "fb-s41", "our clock is wrong for a signed request", simulation, true, true, "*", "bedrock",
     "no other vendor signs with the time"},
    {"S42", "", "every target of the chain is down", bench},
});

bool listed(std::string_view words, std::string_view word) {
    const std::vector<std::string> all = split(words, ' ');
    return std::ranges::find(all, word) != all.end();
}

bool framed(const HttpReply& reply) {
    return icontains(reply.headers.find("content-type").value_or(""), "vnd.amazon.eventstream");
}

bool streamed(const HttpReply& reply) {
    const std::string_view type = reply.headers.find("content-type").value_or("");
    return framed(reply) || icontains(type, "text/event-stream") || icontains(type, "ndjson");
}

/// Where the event behind `at` begins: events end with an empty line, lines with a line break, frames say their length.
std::size_t next_event(const HttpReply& reply, std::size_t at) {
    const std::string_view body = reply.body;
    if (framed(reply)) {
        std::size_t size = 0;
        for (const char byte : body.substr(at, 4)) size = size << 8 | static_cast<unsigned char>(byte);
        return std::min(at + std::max<std::size_t>(size, 1), body.size());
    }
    const std::string_view end = icontains(reply.headers.find("content-type").value_or(""), "ndjson") ? "\n" : "\n\n";
    const auto found = body.find(end, at);
    return found == body.npos ? body.size() : found + end.size();
}

/// Drops the event that says how the answer ended, and all behind it.
void drop_end(HttpReply& reply) {
    constexpr std::array<std::string_view, 6> marks{R"("finish_reason":")", R"("type":"message_stop")",
                                                    R"("finishReason":")",  R"("done":true)",
                                                    "messageStop",          R"("type":"response.completed")"};
    for (std::size_t at = 0; at < reply.body.size(); at = next_event(reply, at)) {
        const std::string_view event = std::string_view(reply.body).substr(at, next_event(reply, at) - at);
        if (std::ranges::none_of(marks, [&](std::string_view mark) { return event.find(mark) != event.npos; })) continue;
        reply.body.resize(at);
        return;
    }
}

/// Replaces the first letter of a JSON document in the first half of the stream.
void break_event(HttpReply& reply, char with) {
    const auto at = reply.body.rfind("{\"", reply.body.size() / 2);
    if (at != std::string::npos) reply.body[at + 2] = with;
}

void set_type(HttpReply& reply, std::string type) {
    Headers headers{{"Content-Type", std::move(type)}};
    for (const auto& [name, value] : reply.headers) {
        if (!iequals(name, "content-type")) headers.add(name, value);
    }
    reply.headers = std::move(headers);
}

/// As a proxy that shows what it was sent.
std::string credentials_of(const RawRequest& request) {
    std::string out;
    for (const char* name : {"authorization", "x-api-key", "api-key", "x-goog-api-key"}) {
        out += request.headers.find(name).value_or("");
    }
    return out;
}

HttpReply odd_code(const RawRequest& request) {
    const json code{{"reason", "odd"}};
    return json_reply(400, dump_json({{"error", {{"code", code}, {"message", "Refused: " + credentials_of(request)}}},
                                      {"message", "Refused: " + credentials_of(request)}}));
}

Fault of_kind(FaultKind kind, std::optional<std::int64_t> bytes = std::nullopt) {
    return {.kind = kind, .body = std::nullopt, .headers = {}, .bytes = bytes, .delay = std::nullopt};
}

/// Faults of the reply itself; false when the model has none of them.
bool spoil_reply(std::string_view model, const RawRequest& request, const std::string& elsewhere, HttpReply& reply) {
    if (model == "fb-s26") {
        drop_end(reply);
    } else if (model == "fb-s27-json") {
        break_event(reply, '"');
    } else if (model == "fb-s27-utf8") {
        break_event(reply, '\xC3');
    } else if (model == "fb-s31") {
        reply.body = "<html><body>Please sign in to the guest network.</body></html>";
        set_type(reply, "text/html");
    } else if (model == "fb-s32") {
        if (streamed(reply)) reply.body = R"({"id":"sim","choices":[{"message":{"content":"the pool is exh)";
        if (!streamed(reply)) reply.body.resize(reply.body.size() / 2);
        set_type(reply, "application/json");
    } else if (model == "fb-s34-type") {
        set_type(reply, "text/plain");
    } else if (model == "fb-s34-encoding") {
        reply.headers.add("Content-Encoding", "gzip");
    } else if (model == "fb-s39") {
        reply = HttpReply{.status = 307, .headers = {{"Location", elsewhere + request.path}}, .body = {}};
    } else if (model == "fb-s40-code") {
        reply = odd_code(request);
    } else {
        return false;
    }
    return true;
}

}  // namespace

std::span<const WallScenario> wall() {
    return scenarios;
}

bool applies(const WallScenario& scenario, std::string_view provider) {
    return scenario.not_of == "*" ? listed(scenario.only, provider) : !listed(scenario.not_of, provider);
}

std::optional<Fault> spoil(std::string_view model, const RawRequest& request, const std::string& elsewhere, HttpReply& reply) {
    if (!model.starts_with("fb-s") || reply.status != 200 || spoil_reply(model, request, elsewhere, reply)) return std::nullopt;
    const auto head = static_cast<std::int64_t>(reply_head(reply, {}).size());
    const auto half = static_cast<std::int64_t>(reply.body.size() / 2);
    if (model == "fb-s17") return of_kind(FaultKind::reset);
    if (model == "fb-s20") return of_kind(FaultKind::hang);
    if (model == "fb-s21") return of_kind(FaultKind::stall, 0);
    if (model == "fb-s22") return of_kind(FaultKind::trickle);
    if (model == "fb-s23") return of_kind(FaultKind::pings);
    if (model == "fb-s24") return of_kind(FaultKind::stall);
    if (model == "fb-s25") return of_kind(FaultKind::reset, head + half);
    if (model == "fb-s38-body") return of_kind(FaultKind::huge, 10'000'000'000);
    if (model == "fb-s38-headers") return of_kind(FaultKind::headers);
    if (model == "fb-s40-status") return of_kind(FaultKind::no_status);
    return std::nullopt;
}

}  // namespace gumshoe::sandbox
