// Any bytes as a caller's chat completion: refused as a client can read it, or a request that can be sent on.
#include <nlohmann/json.hpp>

#include "gateway/completion_reply.hpp"
#include "gateway/completion_request.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    const auto read = gateway::read_completion(fuzz::text_of(data, size));
    if (const auto* refused = std::get_if<gateway::ApiError>(&read)) {
        const auto document = parse_json(gateway::error_body(*refused));
        fuzz::must(refused->status == 400 && document && !string_or_empty(*document, "error.message").empty());
        return 0;
    }
    const auto& asked = std::get<gateway::CompletionRequest>(read);
    fuzz::must(!asked.model.empty() && !asked.request.messages.empty() && asked.request.max_output_tokens > 0);
    for (const llm::Tool& tool : asked.request.tools) fuzz::must(parse_json(tool.parameters).has_value());
    // What came in as text goes out as text.
    llm::Reply reply;
    for (const llm::Message& message : asked.request.messages) reply.text += message.text;
    const auto whole = parse_json(gateway::completion_json({.id = "id", .created = 1, .model = asked.model}, reply));
    fuzz::must(whole && (*whole)["choices"][0]["message"]["content"] == reply.text);
    return 0;
}
