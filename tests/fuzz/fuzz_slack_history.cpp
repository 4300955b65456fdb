// Any bytes as an answer of Slack's API: messages of clean text, an outcome, or an error in words.
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/slack/api.hpp"
#include "integrations/slack/channel.hpp"
#include "integrations/slack/evidence.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    HttpResponse response;
    response.body = std::string(fuzz::text_of(data, size));
    response.headers.add("Retry-After", response.body.substr(0, response.body.find('\n')));
    for (const int status : {429, 500, 404, 200}) {
        response.status = status;
        (void)slack::classify(response);
        fuzz::must(slack::retry_after(response) <= std::chrono::hours(1));
    }
    (void)slack::decode_text(response.body);
    (void)slack::from_ts(response.body);
    const auto answer = slack::read_answer(response);
    if (!answer) {
        fuzz::must(!answer.error().message.empty());
        return 0;
    }
    for (const ChatMessage& message : slack::read_messages(*answer, "C1", {"https://acme.slack.com/", "", "", "U1", "B1", {}})) {
        fuzz::must(!message.text.empty() && message.text.size() <= 2000);
        fuzz::must(message.text == strip_invisible(sanitize_utf8(message.text)));
        fuzz::must(message.link.starts_with("https://acme.slack.com/archives/C1/p"));
        (void)slack::from_ts(message.ts);
    }
    return 0;
}
