// The Responses API of the simulation: its answers, whole and as the events of a stream.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "integrations/openai/sandbox_answer.hpp"
#include "integrations/openai/sandbox_check.hpp"
#include "llm/playback.hpp"

namespace gumshoe::openai {
namespace {

constexpr std::string_view server_trouble = "The server had an error while processing your request.";

void hear_item(llm::Heard& heard, const json& item) {
    const std::string type = string_or_empty(item, "type");
    if (type == "function_call" || string_or_empty(item, "role") == "assistant") ++heard.turns;
    heard.prompt += string_or_empty(item, "output") + string_or_empty(item, "content") + "\n";
    const json* content = find(item, "content");
    if (content == nullptr || !content->is_array()) return;
    for (const json& part : *content) heard.prompt += string_or_empty(part, "text") + "\n";
}

llm::Heard heard_in_response(const json& body) {
    llm::Heard heard;
    heard.prompt = string_or_empty(body, "instructions") + "\n";
    const json& input = body["input"];
    if (input.is_string()) heard.prompt += input.get<std::string>();
    if (input.is_array()) {
        for (const json& item : input) hear_item(heard, item);
    }
    if (string_or_empty(body, "tool_choice") == "none" || !body.contains("tools")) return heard;
    for (const json& tool : body["tools"]) heard.tools.push_back(string_or_empty(tool, "name"));
    return heard;
}

bool wants_sealed_reasoning(const json& body) {
    const json* include = find(body, "include");
    return include != nullptr && include->is_array() && std::ranges::find(*include, json("reasoning.encrypted_content")) != include->end();
}

json message_item(json part) {
    return {{"id", "msg_sim"},
            {"type", "message"},
            {"status", "completed"},
            {"role", "assistant"},
            {"content", json::array({std::move(part)})}};
}

json output_of(const Asked& asked, const llm::Said& said) {
    json output = json::array();
    if (wants_sealed_reasoning(asked.body)) {
        output.push_back({{"id", "rs_sim"}, {"type", "reasoning"}, {"summary", json::array()}, {"encrypted_content", simulated_seal}});
    }
    if (asked.fault == "refusal") output.push_back(message_item({{"type", "refusal"}, {"refusal", "I can't help with that."}}));
    if (!said.text.empty()) {
        output.push_back(
            message_item({{"type", "output_text"}, {"text", said.text}, {"annotations", json::array()}, {"logprobs", json::array()}}));
    }
    for (const llm::ToolCall& call : said.calls) {
        output.push_back({{"id", "fc_" + call.id},
                          {"type", "function_call"},
                          {"status", "completed"},
                          {"call_id", call.id},
                          {"name", call.name},
                          {"arguments", call.arguments}});
    }
    return output;
}

json response_of(const Asked& asked, const json& output) {
    const std::size_t in = dump_json(asked.body["input"]).size() / 4;
    const std::size_t written = dump_json(output).size() / 4;
    json response{{"id", "resp_sim"},
                  {"object", "response"},
                  {"created_at", 1},
                  {"status", "completed"},
                  {"error", nullptr},
                  {"incomplete_details", nullptr},
                  {"model", asked.body["model"]},
                  {"output", output},
                  {"parallel_tool_calls", true},
                  {"store", false},
                  {"tool_choice", asked.body.value("tool_choice", json("auto"))},
                  {"tools", asked.body.value("tools", json::array())},
                  {"usage",
                   {{"input_tokens", in},
                    {"input_tokens_details", {{"cached_tokens", 0}}},
                    {"output_tokens", written},
                    {"output_tokens_details", {{"reasoning_tokens", 0}}},
                    {"total_tokens", in + written}}}};
    if (asked.fault == "length" || asked.fault == "filtered") {
        response["status"] = "incomplete";
        response["incomplete_details"] = {{"reason", asked.fault == "length" ? "max_output_tokens" : "content_filter"}};
    }
    if (asked.fault.starts_with("error-")) {
        response["status"] = "failed";
        response["error"] = {{"code", "server_error"}, {"message", server_trouble}};
    }
    return response;
}

/// One streamed response as it grows; every event has its number.
class ResponseEvents {
public:
    void add(const std::string& type, json data) {
        data["type"] = type;
        data["sequence_number"] = number_++;
        out_ += "event: " + type + "\ndata: " + dump_json(data) + "\n\n";
    }
    void response(const std::string& type, const json& value) { add(type, {{"response", value}}); }
    void item(const json& whole, std::size_t index) {
        json begun = whole;
        const std::string type = string_or_empty(whole, "type");
        if (type == "message") begun["content"] = json::array();
        if (type == "function_call") begun["arguments"] = "";
        if (type != "reasoning") begun["status"] = "in_progress";
        add("response.output_item.added", {{"output_index", index}, {"item", begun}});
        const json place{{"item_id", whole["id"]}, {"output_index", index}};
        if (type == "message") part(whole["content"][0], place);
        if (type == "function_call") {
            for (const std::string& piece : pieces_of(string_or_empty(whole, "arguments")))
                placed("response.function_call_arguments.delta", place, {{"delta", piece}});
            placed("response.function_call_arguments.done", place, {{"arguments", whole["arguments"]}});
        }
        add("response.output_item.done", {{"output_index", index}, {"item", whole}});
    }
    void raw(std::string_view text) { out_ += text; }
    std::string take() { return std::move(out_); }

private:
    void placed(const std::string& type, json place, const json& more) {
        place.update(more);
        add(type, std::move(place));
    }
    void part(const json& whole, json place) {
        place["content_index"] = 0;
        const std::string key = string_or_empty(whole, "type") == "refusal" ? "refusal" : "text";
        const std::string name = key == "text" ? "response.output_text." : "response.refusal.";
        json begun = whole;
        begun[key] = "";
        placed("response.content_part.added", place, {{"part", begun}});
        const json odds = key == "text" ? json{{"logprobs", json::array()}} : json::object();
        for (const std::string& piece : pieces_of(string_or_empty(whole, key))) {
            json delta = odds;
            delta["delta"] = piece;
            placed(name + "delta", place, delta);
        }
        json done = odds;
        done[key] = whole[key];
        placed(name + "done", place, done);
        placed("response.content_part.done", place, {{"part", whole}});
    }

    std::string out_;
    int number_ = 0;
};

std::string events_of(const Asked& asked, const json& response) {
    json begun = response;
    begun["status"] = "in_progress";
    begun["output"] = json::array();
    for (const char* key : {"usage", "error", "incomplete_details"}) begun[key] = nullptr;
    ResponseEvents events;
    events.response("response.created", begun);
    events.response("response.in_progress", begun);
    if (asked.fault == "error-first") {
        json failed = response;
        failed["output"] = json::array();
        events.response("response.failed", failed);
        return events.take();
    }
    for (std::size_t i = 0; i < response["output"].size(); ++i) events.item(response["output"][i], i);
    if (asked.fault == "truncated-stream") return events.take();
    if (asked.fault == "broken-json") {
        events.raw("event: response.completed\ndata: {\"type\":\"response.comp\n\n");
    } else if (asked.fault == "error-in-stream") {
        events.add("error", {{"code", "server_error"}, {"message", server_trouble}, {"param", nullptr}});
    } else {
        events.response("response." + string_or_empty(response, "status"), response);
    }
    return events.take();
}

}  // namespace

HttpReply answer_response(const Asked& asked) {
    const llm::Heard heard = heard_in_response(asked.body);
    const json* script = llm::script_of(*asked.world.scenario, asked.provider);
    const llm::Said said =
        llm::spoilt(llm::play(script == nullptr ? json() : *script, heard, asked.world.zero, "call_"), asked.fault, heard);
    const json response = response_of(asked, output_of(asked, said));
    if (get_bool(asked.body, "stream").value_or(false)) return event_stream(events_of(asked, response));
    return document(dump_json(response), asked.fault);
}

}  // namespace gumshoe::openai
