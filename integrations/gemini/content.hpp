// generateContent's bodies: what we send, and the pieces that whole and streamed answers share.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/json.hpp"
#include "llm/dialect.hpp"

namespace gumshoe::gemini {

json body_of(const llm::Request& request, const llm::Target& target);

/// A JSON Schema as `responseSchema` takes it: no additionalProperties, no bounds; a nullable type is `nullable`.
json response_schema(json schema);

/// The error that a document is; nullopt for an answer.
std::optional<Failure> failure_of(const json& document, int status, const Headers& headers);

/// Collects answers: one whole document, or the chunks of a stream.
class Candidate {
public:
    Candidate();
    ~Candidate();
    /// True when the chunk held content.
    bool take(const json& document);
    /// truncated_stream when no finishReason came.
    std::variant<llm::Reply, Failure> finish() const;

private:
    bool take_part(const json& part);

    llm::Reply reply_;
    std::vector<json> parts_;  // as they came, to be given back where they are signed
    bool signed_ = false;
    std::optional<std::string> finish_reason_;
    std::string blocked_;  // the prompt was refused
};

std::unique_ptr<llm::StreamReader> make_stream_reader();

}  // namespace gumshoe::gemini
