// For the fuzzers of dialects: any bytes as a whole or a streamed answer are a reply or a failure, the same however the stream is cut.
#pragma once

#include <nlohmann/json.hpp>

#include "llm/dialect.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace gumshoe::fuzz {

inline json facts(const std::variant<llm::Reply, Failure>& outcome) {
    if (const auto* reply = std::get_if<llm::Reply>(&outcome)) return to_json_value(*reply);
    const auto& failure = std::get<Failure>(outcome);
    must(failure.failure != FailureClass::none && !failure.reason.empty());
    return {to_string(failure.failure), failure.reason, failure.code, failure.param};
}

inline json streamed(const llm::Dialect& dialect, std::string_view bytes, std::size_t longest) {
    const auto reader = dialect.stream_reader();
    bool content = false;
    in_pieces(bytes, longest, [&](std::string_view piece) {
        content = reader->feed(piece) || content;
        return true;
    });
    return {content, facts(reader->finish())};
}

inline void read_reply(const llm::Dialect& dialect, std::string_view bytes) {
    HttpResponse response;
    response.body = std::string(bytes);
    response.headers.add("Retry-After", response.body.substr(0, response.body.find('\n')));
    for (const int status : {200, 400, 401, 404, 429, 500, 529}) {
        response.status = status;
        const auto outcome = dialect.read(response);
        must(status == 200 || std::holds_alternative<Failure>(outcome));
        const json read = facts(outcome);
        if (!std::holds_alternative<llm::Reply>(outcome)) continue;
        const auto again = llm::reply_from_json(read);
        must(again && to_json_value(*again) == read);
    }
    const json whole = streamed(dialect, bytes, bytes.size() + 1);
    for (const std::size_t longest : {1, 9, 200}) must(streamed(dialect, bytes, longest) == whole);
}

}  // namespace gumshoe::fuzz
