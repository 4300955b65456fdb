// Role: the translation between the neutral request and one vendor's wire format. Pure functions over bytes, no clock, no socket.
#pragma once

#include <memory>
#include <string_view>
#include <variant>

#include "io/http_message.hpp"
#include "llm/failure.hpp"
#include "llm/request.hpp"
#include "llm/target.hpp"

namespace gumshoe::llm {

/// Reads one streamed answer. Feed it bytes as they come; then ask for the outcome.
class StreamReader {
public:
    virtual ~StreamReader() = default;
    /// True when these bytes held content (text, tool arguments or reasoning), not keep-alives.
    virtual bool feed(std::string_view bytes) = 0;
    /// After the end of the stream. truncated_stream when the terminal event is missing.
    virtual std::variant<Reply, Failure> finish() = 0;
};

class Dialect {
public:
    virtual ~Dialect() = default;
    virtual std::string_view provider() const = 0;
    virtual std::string_view default_api_url() const = 0;
    /// `request` is already patched; `stream` asks for server-sent events. The key is put into headers here and nowhere else.
    virtual HttpRequest build(const Request& request, const Target& target, bool stream) const = 0;
    /// A buffered answer of any status.
    virtual std::variant<Reply, Failure> read(const HttpResponse& response) const = 0;
    virtual std::unique_ptr<StreamReader> stream_reader() const = 0;
    /// The cheapest authenticated read (a list of models).
    virtual HttpRequest probe(const Target& target) const = 0;
};

}  // namespace gumshoe::llm
