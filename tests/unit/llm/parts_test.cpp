// The router's parts on their own: repairs, schema, playback, the reply as JSON.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "llm/judge.hpp"
#include "llm/playback.hpp"
#include "llm/repair.hpp"
#include "llm/schema.hpp"
#include "llm/schema_check.hpp"

using namespace gumshoe;
using namespace gumshoe::llm;
using namespace std::chrono_literals;

TEST_CASE("a document is held to its schema, and the breach is said in the schema's words") {
    const json schema = *parse_json(R"({"type":"object","additionalProperties":false,"required":["summary","items"],"properties":{
        "summary":{"type":"string","minLength":2,"maxLength":4},
        "items":{"type":"array","minItems":1,"maxItems":2,"items":{"$ref":"#/$defs/item"}},
        "risk":{"anyOf":[{"type":"null"},{"enum":["low","high"]}]},
        "share":{"type":"number","minimum":0,"exclusiveMaximum":1},
        "count":{"type":["integer","null"]},
        "loop":{"$ref":"#/properties/loop"}},
      "$defs":{"item":{"type":"object","required":["name"],"properties":{"name":{"const":"a"}},"additionalProperties":{"type":"boolean"}}}})");
    struct Row {
        const char* document;
        const char* breach;  // "" for none
    };
    const Row rows[] = {
        {R"({"summary":"abc","items":[{"name":"a"}]})", ""},
        {R"({"summary":"éééé","items":[{"name":"a","more":true}],"risk":null,"share":0,"count":2.0,"loop":7})", ""},
        {R"([])", "the answer is not of the type object"},
        {R"({"items":[]})", "summary is missing"},
        {R"({"summary":7,"items":[]})", "items is too short"},
        {R"({"summary":"a","items":[{"name":"a"}]})", "summary is too short"},
        {R"({"summary":"ééééé","items":[{"name":"a"}]})", "summary is too long"},
        {R"({"summary":"abc","items":[{"name":"a"},{}]})", "items[1].name is missing"},
        {R"({"summary":"abc","items":[{"name":"secret"}]})", "items[0].name is not what it must be"},
        {R"({"summary":"abc","items":[{"name":"a","more":1}]})", "items[0].* is not of the type boolean"},
        {R"({"summary":"abc","items":[{"name":"a"}],"risk":"medium"})", "risk is not of the type null"},
        {R"({"summary":"abc","items":[{"name":"a"}],"share":1})", "share is out of its bounds"},
        {R"({"summary":"abc","items":[{"name":"a"}],"count":2.5})", "count is not of the type [\"integer\",\"null\"]"},
        {R"({"summary":"abc","items":[{"name":"a"}],"secret":1})", "the answer has a member that is not allowed"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.document);
        CHECK(breach(*parse_json(row.document), schema).value_or("") == std::string(row.breach));
    }
    CHECK_FALSE(breach(json(7), json(true)));
    CHECK(breach(json(7), json(false)) == "the answer is not allowed");
    for (const char* endless : {R"({"$ref":"#"})", R"({"anyOf":[{"$ref":"#"},{"$ref":"#"}],"allOf":[{"$ref":"#"},{"$ref":"#"}]})",
                                R"({"$ref":"https://example.com/x","required":7,"enum":7,"anyOf":[],"properties":[]})"}) {
        CHECK_FALSE(breach(json(7), *parse_json(endless)));
    }
}

TEST_CASE("repairs drop or rename one parameter and leave the rest") {
    const std::string body =
        R"({"messages":[{"content":"x","role":"developer"}],"max_tokens":5,"model":"m","output_config":{"effort":"low","format":{}},"temperature":0.1})";
    const auto with = [&](const char* param) { return *parse_json(repaired(body, {repair_for(param)})); };
    CHECK_FALSE(with("temperature").contains("temperature"));
    CHECK(with("temperature")["max_tokens"] == 5);
    CHECK(with("max_tokens")["max_completion_tokens"] == 5);
    CHECK_FALSE(with("max_tokens").contains("max_tokens"));
    CHECK(with("effort")["output_config"] == json{{"format", json::object()}});
    CHECK(with("output_config.format.schema")["output_config"] == json{{"effort", "low"}});
    CHECK(with("messages[0].role")["messages"][0]["role"] == "system");
    CHECK_FALSE(with("reasoning_effort=none").contains("reasoning_effort"));
    const std::string with_tools =
        repaired(R"({"model":"m","reasoning_effort":"high","tools":[{}]})", {repair_for("reasoning_effort=none")});
    CHECK((*parse_json(with_tools))["reasoning_effort"] == "none");
    for (const char* vital : {"model", "messages", "tools", "messages[3].content", "", "made_up", "model=none"}) {
        INFO(vital);
        CHECK(repair_for(vital).empty());
    }
    CHECK(repaired("not json", {"temperature"}) == "not json");
}

TEST_CASE("a refused signature takes the reasoning out of every turn and nothing else") {
    const std::string body =
        R"({"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"x"},{"type":"redacted_thinking"},{"type":"text","text":"t"}]},{"role":"user","content":"q"}]})";
    const json out = *parse_json(repaired(body, {repair_for("thinking")}));
    REQUIRE(out["messages"][0]["content"].size() == 1);
    CHECK(out["messages"][0]["content"][0]["text"] == "t");
    CHECK(out["messages"][1]["content"] == "q");
}

TEST_CASE("a schema is strict when every object is closed and requires all it has") {
    const auto strict = [](const char* text) { return is_strict(*parse_json(text)); };
    CHECK(strict(R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false})"));
    CHECK_FALSE(strict(R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"]})"));
    CHECK_FALSE(strict(R"({"type":"object","properties":{"a":{"type":"string"}},"required":[],"additionalProperties":false})"));
    CHECK_FALSE(strict(R"({"type":"object"})"));
    CHECK_FALSE(strict(
        R"({"type":"object","properties":{"a":{"type":"array","items":{"type":"object"}}},"required":["a"],"additionalProperties":false})"));
    const json bounded = *parse_json(
        R"({"type":"object","properties":{"minimum":{"type":"integer","minimum":1}},"required":["minimum"],"additionalProperties":false})");
    const json bare = without_bounds(bounded);
    CHECK(bare["properties"].contains("minimum"));  // a property of that name stays
    CHECK_FALSE(bare["properties"]["minimum"].contains("minimum"));
}

TEST_CASE("a schema is read once, and is an object of anything where its text is none") {
    const std::string text =
        R"({ "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false })";
    const auto schema = read_schema(text);
    CHECK(schema->text == dump_json(*parse_json(text)));
    CHECK(schema->strict);
    CHECK(*schema->document == *parse_json(text));
    CHECK(read_schema(text) == schema);
    for (int i = 0; i < 200; ++i)
        CHECK(read_schema(R"({"title":")" + std::to_string(i) + "\"}")->document->at("title") == std::to_string(i));
    CHECK(read_schema(text)->text == schema->text);  // read again, since so many came between
    for (const char* none : {"", "no JSON", "[]", "7"}) {
        CHECK(read_schema(none)->text == R"({"properties":{},"type":"object"})");
        CHECK_FALSE(read_schema(none)->strict);
    }
}

TEST_CASE("a reply that came through is still judged") {
    Request request;
    request.tools = {{"get", "", "{}"}};
    request.schema = "{}";
    const auto verdict = [&](Reply reply) {
        const auto failure = judge(reply, request);
        return failure ? to_string(failure->failure) : "ok";
    };
    Reply reply;
    reply.text = "{\"a\":1}";
    CHECK(verdict(reply) == "ok");
    for (const char* text : {"", "  \n", "\t"}) {
        reply.text = text;
        CHECK(verdict(reply) == "empty");
    }
    for (const char* text : {"{", "[]", "7", "Sure! {\"a\":1}", "{\"a\":1} {\"a\":2}"}) {
        reply.text = text;
        CHECK(verdict(reply) == "schema_invalid");
    }
    reply.tool_calls = {{"c1", "get", "{\"a\":1}"}};
    CHECK(verdict(reply) == "ok");
    for (const char* arguments : {"{\"a\":", "[]", "7"}) {
        reply.tool_calls = {{"c1", "get", arguments}};
        CHECK(verdict(reply) == "schema_invalid");
    }
    reply.tool_calls = {{"c1", "other", "{}"}};
    CHECK(verdict(reply) == "schema_invalid");
    reply.tool_calls = {{"c1", "get", "{}"}};
    request.tool_choice = ToolChoice::none;
    CHECK(verdict(reply) == "schema_invalid");
    reply.stop = Stop::refusal;
    CHECK(verdict(reply) == "refusal");
    reply.stop = Stop::length;
    CHECK(verdict(reply) == "output_truncated");
    reply.stop = Stop::filter;
    CHECK(verdict(reply) == "content_filter");
}

TEST_CASE("a reply comes back from the journal as it went in") {
    Reply reply;
    reply.text = "t\xff";
    reply.tool_calls = {{"c1", "get", "{\"a\":1}"}};
    reply.stop = Stop::tool_calls;
    reply.usage = {.input_tokens = 10, .cached_tokens = 4, .output_tokens = 3, .reasoning_tokens = 1};
    reply.model = "m";
    reply.request_id = "r";
    reply.opaque = "[]";
    const auto back = reply_from_json(*parse_json(dump_json(to_json_value(reply))));
    REQUIRE(back.has_value());
    CHECK(back->text == "t\xEF\xBF\xBD");
    CHECK(back->tool_calls.at(0).arguments == "{\"a\":1}");
    CHECK(back->stop == Stop::tool_calls);
    CHECK(back->usage.cached_tokens == 4);
    CHECK(back->opaque == "[]");
    CHECK(reply_from_json(json::object()).has_error());
    CHECK(reply_from_json(json::array()).has_error());
}

TEST_CASE("a script cites the evidence that the prompt really holds") {
    const json script = *parse_json(R"([
        {"tool": "get", "arguments": {"id": "{{E:pool exhausted}}"}},
        {"answer": {"cites": ["{{E:never there | p95 & checkout}}", "{{E:never there}}"], "at": "{{T:-60}}",
                    "claims": [{"text": "a", "cites": ["{{E:pool}}"]}, {"text": "dropped", "cites": ["{{E:never there}}"]}]}}])");
    Heard heard{.turns = 0,
                .prompt = "intro [E9] pool exhausted\n[E3] metric checkout p95 3.4 s\n- [E12] log checkout Pool Exhausted",
                .tools = {"get"}};
    const Timestamp zero = *parse_rfc3339("2026-08-01T10:00:00Z");
    Said said = play(script, heard, zero, "call_");
    REQUIRE(said.calls.size() == 1);
    CHECK(said.calls[0].id == "call_sim_1");
    CHECK(said.calls[0].arguments == R"({"id":"E12"})");
    heard.turns = 1;
    const json answer = *parse_json(play(script, heard, zero, "call_").text);
    CHECK(answer["cites"] == json::array({"E3"}));
    CHECK(answer["at"] == "2026-08-01T09:59:00Z");
    REQUIRE(answer["claims"].size() == 1);
    CHECK(answer["claims"][0]["cites"] == json::array({"E12"}));
    heard = {.turns = 0, .prompt = "", .tools = {}};
    CHECK(play(script, heard, zero, "call_").calls.empty());  // no tool offered: it answers
    heard.turns = 9;
    CHECK_FALSE(play(script, heard, zero, "call_").text.empty());  // past its end
    CHECK_FALSE(play(json::array(), heard, zero, "call_").text.empty());
}
