// The simulated Gemini: generateContent, streamGenerateContent (framed, or a list where nobody asked for frames) and the list of models;
// strict about requests, failing on demand.
#include "integrations/gemini/sandbox.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "integrations/gemini/dialect.hpp"
#include "integrations/gemini/sandbox_check.hpp"
#include "integrations/gemini/sandbox_faults.hpp"
#include "llm/playback.hpp"

namespace gumshoe::gemini {
namespace {

constexpr std::string_view models_path = "/v1beta/models";

llm::Heard heard_in(const json& body) {
    llm::Heard heard;
    const auto hear = [&](const json& content) {
        for (const json& part : content.value("parts", json::array())) {
            heard.prompt += string_or_empty(part, "text") + string_or_empty(part, "functionResponse.response.result") + "\n";
        }
    };
    if (body.contains("systemInstruction")) hear(body["systemInstruction"]);
    for (const json& content : body["contents"]) {
        hear(content);
        if (string_or_empty(content, "role") == "model") ++heard.turns;
    }
    if (string_or_empty(body, "toolConfig.functionCallingConfig.mode") == "NONE") return heard;
    for (const json& tool : body.value("tools", json::array())) {
        for (const json& function : tool.value("functionDeclarations", json::array()))
            heard.tools.push_back(string_or_empty(function, "name"));
    }
    return heard;
}

/// An answer: its parts in the order they are said, and how it ends.
struct Answer {
    std::vector<json> parts;
    std::string finish_reason = "STOP";
    json usage;
    bool prompt_refused = false;
};

json usage_of(const json& body, const Answer& answer, bool later_turn) {
    const std::size_t in = dump_json(body).size() / 4;
    const std::size_t out = dump_json(json(answer.parts)).size() / 4;
    const bool thinks = body.contains("generationConfig") && body["generationConfig"].contains("thinkingConfig");
    const std::size_t thoughts = thinks ? 16 : 0;
    json usage{{"promptTokenCount", in}, {"candidatesTokenCount", out}, {"totalTokenCount", in + out + thoughts}};
    if (thoughts > 0) usage["thoughtsTokenCount"] = thoughts;
    if (later_turn) usage["cachedContentTokenCount"] = in / 2;  // what it read a turn before
    return usage;
}

Answer answer_of(const llm::Said& said, std::string_view model, std::string_view fault) {
    Answer answer;
    for (std::string& piece : llm::pieces_of(said.text)) answer.parts.push_back({{"text", std::move(piece)}});
    bool first = true;
    for (const llm::ToolCall& call : said.calls) {
        const auto args = parse_json(call.arguments);
        json part{{"functionCall", {{"id", call.id}, {"name", call.name}, {"args", args ? *args : json::object()}}}};
        if (std::exchange(first, false) && signs(model)) part["thoughtSignature"] = simulated_signature;
        answer.parts.push_back(std::move(part));
    }
    if (fault == "bad-call") answer.parts.clear();
    if (fault == "bad-call") answer.finish_reason = "MALFORMED_FUNCTION_CALL";
    if (fault == "length") answer.finish_reason = "MAX_TOKENS";
    if (fault == "filtered") answer.finish_reason = "SAFETY";
    if (fault == "refusal") answer.finish_reason = "PROHIBITED_CONTENT";
    answer.prompt_refused = fault == "content-filter";
    return answer;
}

json chunk_of(const std::string& model, const std::string& id) {
    return {{"modelVersion", model}, {"responseId", id}};
}

json candidate_of(json parts) {
    json content{{"role", "model"}};
    if (!parts.empty()) content["parts"] = std::move(parts);  // an answer without parts has no list of them
    return {{"content", std::move(content)}, {"index", 0}};
}

json whole_of(const Answer& answer, const std::string& model, const std::string& id) {
    json whole = chunk_of(model, id);
    whole["usageMetadata"] = answer.usage;
    if (answer.prompt_refused) {
        whole["promptFeedback"] = {{"blockReason", "PROHIBITED_CONTENT"}};
        return whole;
    }
    json parts = json::array();
    std::string text;
    for (const json& part : answer.parts) {
        if (part.contains("text")) {
            text += string_or_empty(part, "text");
        } else {
            parts.push_back(part);
        }
    }
    if (!text.empty()) parts.insert(parts.begin(), json{{"text", text}});
    json candidate = candidate_of(std::move(parts));
    candidate["finishReason"] = answer.finish_reason;
    whole["candidates"] = json::array({std::move(candidate)});
    return whole;
}

std::vector<json> chunks_of(const Answer& answer, const std::string& model, const std::string& id, std::string_view fault) {
    const json error = *parse_json(fault_reply("overloaded", "")->body);
    if (fault == "error-first") return {error};
    if (answer.prompt_refused) return {whole_of(answer, model, id)};
    std::vector<json> chunks;
    for (const json& part : answer.parts) {
        json chunk = chunk_of(model, id);
        chunk["candidates"] = json::array({candidate_of(json::array({part}))});
        chunks.push_back(std::move(chunk));
    }
    if (fault == "error-in-stream") {
        chunks.push_back(error);
        return chunks;
    }
    json last = chunk_of(model, id);
    json candidate = candidate_of(json::array());
    candidate["finishReason"] = answer.finish_reason;
    last["candidates"] = json::array({std::move(candidate)});
    last["usageMetadata"] = answer.usage;
    chunks.push_back(std::move(last));
    return chunks;
}

/// How a reply stands on the wire: one document, events, or a list of documents.
enum class Shape { whole, events, list };

HttpReply shaped(const std::vector<json>& chunks, Shape shape) {
    HttpReply reply;
    reply.headers.add("Content-Type", shape == Shape::events ? "text/event-stream" : "application/json; charset=UTF-8");
    std::vector<std::string> pieces;
    for (const json& chunk : chunks) pieces.push_back(dump_json(chunk));
    if (shape == Shape::list) reply.body = "[" + join(pieces, "\n,\r\n") + "\n]\n";
    if (shape == Shape::events) reply.body = "data: " + join(pieces, "\r\n\r\ndata: ") + "\r\n\r\n";
    return reply;
}

class GeminiSimulation final : public sandbox::Simulation {
public:
    std::string_view name() const override { return provider_name; }

    HttpReply handle(const RawRequest& request, const sandbox::World& world) override {
        ++requests_;
        return answer(request, world);
    }

    std::string model(const RawRequest& request) const override {
        const auto [model, method] = target_of(request);
        return method.empty() ? std::string() : model;
    }

    std::string settings(const sandbox::World& world) const override {
        const std::string key = string_or_empty(*world.scenario, "llm.gemini.api_key");
        const std::string model = string_or_empty(*world.scenario, "llm.gemini.model");
        return dump_json(json{{"api_url", world.base_url + "/v1beta"},
                              {"model", model.empty() ? "gemini-2.5-pro" : model},
                              {"api_key", key.empty() ? "sandbox-gemini-api-key" : key},
                              {"context_window", 1048576},
                              {"price", {{"input_per_million", 1.25}, {"cached_per_million", 0.31}, {"output_per_million", 10}}}});
    }

    json state() const override { return {{"requests", requests_}, {"refused", refused_}}; }

private:
    /// "gemini-2.5-pro" and "generateContent" of /v1beta/models/gemini-2.5-pro:generateContent; the method may be absent.
    static std::pair<std::string, std::string> target_of(const RawRequest& request) {
        std::string_view path = request.path;
        if (!path.starts_with(models_path) || path.size() < models_path.size() + 2) return {};
        path.remove_prefix(models_path.size() + 1);
        const auto colon = path.rfind(':');
        if (colon == std::string_view::npos) return {url_decode(path), {}};
        return {url_decode(path.substr(0, colon)), std::string(path.substr(colon + 1))};
    }

    HttpReply answer(const RawRequest& request, const sandbox::World& world) {
        const std::string key(request.headers.find("x-goog-api-key").value_or(""));
        if (key.empty()) {
            return error_reply(403,
                               "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or "
                               "other form of API consumer identity to call this API.",
                               "PERMISSION_DENIED", json::array());
        }
        const std::string expected = string_or_empty(*world.scenario, "llm.gemini.api_key");
        if (!expected.empty() && key != expected) return *fault_reply("bad-key", key);
        const auto [model, method] = target_of(request);
        if (request.method == "GET" && method.empty() && (request.path == models_path || !model.empty())) {
            const std::string account = llm::fault_name(string_or_empty(*world.scenario, "llm.gemini.account"));
            if (fault_of_account(account)) return *fault_reply(account, key);
            return model.empty() ? list_models(request, *world.scenario) : one_model(*world.scenario, model, key);
        }
        const bool streams = method == "streamGenerateContent";
        if (request.method != "POST" || (!streams && method != "generateContent"))
            return error_reply(404, "The requested URL " + request.path + " was not found on this server.", "NOT_FOUND", json::array());
        const auto form = parse_form(request.query);
        const bool sse = std::ranges::find(form, std::pair<std::string, std::string>("alt", "sse")) != form.end();
        const Shape shape = !streams ? Shape::whole : sse ? Shape::events : Shape::list;
        HttpReply reply = generate(request, world, model, shape, key);
        if (shape == Shape::list && !reply.body.starts_with('[')) reply.body = "[" + reply.body + "]";  // errors are listed too
        return reply;
    }

    static json model_entry(const std::string& name) {
        return {{"name", "models/" + name},  {"version", "001"},
                {"displayName", name},       {"inputTokenLimit", 1048576},
                {"outputTokenLimit", 65536}, {"supportedGenerationMethods", {"generateContent", "countTokens"}}};
    }

    static std::vector<std::string> known_models(const json& scenario) {
        std::vector<std::string> names;
        const json* models = find(scenario, "llm.gemini.models");
        if (models == nullptr || !models->is_object()) return {"gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-pro-preview"};
        for (const auto& [name, fault] : models->items()) names.push_back(name);
        return names;
    }

    static HttpReply one_model(const json& scenario, const std::string& model, const std::string& key) {
        if (llm::unknown_model(scenario, provider_name, model)) return *fault_reply("no-model", key);
        return json_reply(200, dump_json(model_entry(model)));
    }

    /// A page of it: the token is where the next begins.
    static HttpReply list_models(const RawRequest& request, const json& scenario) {
        json form = json::object();
        for (const auto& [name, value] : parse_form(request.query)) form[name] = value;
        const std::vector<std::string> names = known_models(scenario);
        const auto size = std::max<std::int64_t>(1, get_int(form, "pageSize").value_or(50));
        const auto begin = std::max<std::int64_t>(0, get_int(form, "pageToken").value_or(0));
        const auto all = static_cast<std::int64_t>(names.size());
        json page{{"models", json::array()}};
        for (auto i = begin; i < std::min(all, begin + size); ++i)
            page["models"].push_back(model_entry(names[static_cast<std::size_t>(i)]));
        if (begin + size < all) page["nextPageToken"] = std::to_string(begin + size);
        return json_reply(200, dump_json(page));
    }

    HttpReply generate(const RawRequest& request, const sandbox::World& world, const std::string& model, Shape shape,
                       const std::string& key) {
        const auto body = parse_json(request.body);
        auto refusal = body ? check_request(*body, model)
                            : std::optional(error_reply(400, "Invalid JSON payload received.", "INVALID_ARGUMENT", json::array()));
        if (refusal) {
            ++refused_;
            return *refusal;
        }
        const json& scenario = *world.scenario;
        const std::string fault = llm::fault_name(llm::fault_of(scenario, provider_name, model));
        if (auto reply = fault == "unsupported-param" ? refuse_parameter(*body, model) : fault_reply(fault, key)) return *reply;
        if (llm::unknown_model(scenario, provider_name, model)) return *fault_reply("no-model", key);
        const json* script = llm::script_of(scenario, provider_name);
        const llm::Heard heard = heard_in(*body);
        llm::Said said = llm::play(script == nullptr ? json() : *script, heard, world.zero, "call_");
        said = llm::spoilt(std::move(said), fault, heard);
        Answer answer = answer_of(said, model, fault);
        answer.usage = usage_of(*body, answer, heard.turns > 0);
        const std::string id = "resp-sim-" + std::to_string(requests_);
        if (shape != Shape::whole) return shaped(chunks_of(answer, model, id, fault), shape);
        return json_reply(200, dump_json(whole_of(answer, model, id)));
    }

    std::int64_t requests_ = 0;
    std::int64_t refused_ = 0;
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_simulation() {
    return std::make_unique<GeminiSimulation>();
}

}  // namespace gumshoe::gemini
