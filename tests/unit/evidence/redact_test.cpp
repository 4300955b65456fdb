// Redaction: what must go, in every form it travels in, and what must stay.
#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "evidence/redact.hpp"

using namespace gumshoe;

namespace {
// Assembled, so that no scanner takes the test for a leak.
const std::string secret = std::string("hunter2/pa\"ss") + "+w0rd";
const std::string card = std::string("4111 1111") + " 1111 1111";
const std::string jwt = std::string("eyJhbGciOiJIUzI1NiJ9.") + "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9";
const std::string aws = std::string("AKIA") + "IOSFODNN7EXAMPLE";
const std::string github = std::string("ghp_") + "16C7e42F292c6912E7710c838347Ae178B4a";
const std::string slack = std::string("xoxb-") + "1234567890-abcdefghij";
}  // namespace

TEST_CASE("a configured secret goes in every form") {
    const Redactor redactor({Secret(secret)});
    const auto text = GENERATE(std::string("x ") + secret + " y", "x " + url_encode(secret), "x " + base64_encode(secret),
                               "x " + base64_encode("user:" + secret), "x " + base64_encode("us:" + secret + "!"),
                               std::string("{\"a\":\"hunter2/pa\\\"ss+w0rd\"}"), std::string("{\"a\":\"hunter2\\/pa\\\"ss+w0rd\"}"));
    const auto out = redactor.redact(text);
    CHECK(out != text);
    CHECK(out.find("<secret>") != std::string::npos);
    CHECK(out.find("hunter2") == std::string::npos);
}

TEST_CASE("a secret that is learned later goes too, the configured ones and the last thirty-two learned") {
    Redactor redactor({Secret("configured-one")});
    const std::string text = "configured-one learned-0! learned-1! learned-32!";
    CHECK(redactor.redact(text) == "<secret> learned-0! learned-1! learned-32!");
    for (int i = 0; i <= 32; ++i) redactor.learn(Secret("learned-" + std::to_string(i) + "!"));
    CHECK(redactor.redact(text) == "<secret> learned-0! <secret> <secret>");
}

TEST_CASE("secrets and personal data are found by their shape") {
    const Redactor redactor({});
    const auto [text, gone, stays] = GENERATE(table<std::string, std::string, std::string>(
        {{"Authorization: Bearer abcdef123456", "abcdef123456", "Authorization: Bearer <secret>"},
         {"{\"authorization\":\"Basic dXNlcjpwYXNz\"}", "dXNlcjpwYXNz", "authorization"},
         {"GET /x?api_key=s3cr3tvalue&page=2", "s3cr3tvalue", "&page=2"},
         {"login user=ana password=Tr0ub4dor next", "Tr0ub4dor", " next"},
         {"{\"db\":{\"password\":\"Tr0ub4dor\",\"port\":5432}}", "Tr0ub4dor", "\"port\":5432"},
         {"DB_PASSWORD: Tr0ub4dor", "Tr0ub4dor", "DB_PASSWORD"},
         {"postgres://app:Tr0ub4dor@db:5432/shop", "Tr0ub4dor", "@db:5432/shop"},
         {"token " + jwt, "dozjgNryP4J3jVmNHl0w5N", "<jwt>"},
         {"key " + aws, aws, "<aws key>"},
         {"push with " + github, github, "<git token>"},
         {"slack " + slack, slack, "<slack token>"},
         {"-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc\n-----END RSA PRIVATE KEY----- after", "MIIEow", "<private key> after"},
         {"mail from ana.b@example.com to us", "ana.b@example.com", "mail from <email> to us"},
         {"paid with " + card + " today", card, "paid with <card number> today"},
         {"cookie: session=abcdef; theme=dark", "abcdef", "<cookie>"}}));
    const auto out = redactor.redact(text);
    CHECK(out.find(gone) == std::string::npos);
    CHECK(out.find(stays) != std::string::npos);
}

TEST_CASE("ordinary lines stay as they are") {
    const Redactor redactor({Secret("Zx81-not-in-here")});
    const std::string text =
        GENERATE("token expired for session", "password: invalid", "max_tokens=8000 reached", "at 1661140399378397408 the span ended",
                 "git@github.com:acme/shop.git fetched", "order 4111111111111112 shipped", "secret sauce is ready", "took 12 ms, 3 retries",
                 "basic checks passed on all nodes", "http://example.com/a@b");
    CHECK(redactor.redact(text) == text);
}

TEST_CASE("invisible characters cannot hide a secret") {
    const Redactor redactor({Secret("Tr0ub4dor&3")});
    CHECK(redactor.redact("x Tr0ub\xE2\x80\x8B"
                          "4dor&3 y") == "x <secret> y");
}

TEST_CASE("records lose secrets in every text field, attributes by their key") {
    const Redactor redactor({Secret("Tr0ub4dor")});
    Records records;
    LogRecord log;
    log.body = "connect with Tr0ub4dor";
    log.attributes = {{"db.password", "short1"}, {"note", "Tr0ub4dor"}, {"port", "5432"}};
    records.logs.push_back(log);
    Change change;
    change.subject = "rotate Tr0ub4dor";
    change.diff = "+password: Tr0ub4dor";
    change.link = "https://x/?q=Tr0ub4dor";
    records.changes.push_back(change);
    records.messages.push_back({"#ops", "1", "ana", "it is Tr0ub4dor", "", ""});
    redactor.redact(records);
    for (const auto& line : to_json_lines(records)) {
        CHECK(dump_json(line).find("Tr0ub4dor") == std::string::npos);
    }
    CHECK(records.logs[0].attributes["db.password"] == "<secret>");
    CHECK(records.logs[0].attributes["port"] == "5432");
}

TEST_CASE("an alert loses a configured secret wherever its sender put it, and keeps its names") {
    const Redactor redactor({Secret("Tr0ub4dor")});
    Alert alert;
    for (std::string* text :
         {&alert.title, &alert.body, &alert.service, &alert.environment, &alert.transition, &alert.monitor_id, &alert.metric, &alert.query})
        *text = "of Tr0ub4dor";
    alert.labels = {{"key Tr0ub4dor", "value Tr0ub4dor"}, {"token", "0123456789abcdef"}};
    alert.links = {{"monitor", "https://x/?q=Tr0ub4dor"}};
    alert.references = {"Tr0ub4dor"};
    redactor.redact(alert);
    CHECK(dump_json(to_json_value(alert)).find("Tr0ub4dor") == std::string::npos);
    CHECK(alert.service == "of <secret>");
    CHECK(alert.labels.contains("token"));
}
