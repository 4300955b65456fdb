// Role: the translation between the neutral request and one vendor's wire format. Pure functions over bytes, no clock, no socket.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <variant>

#include "base/clock.hpp"
#include "io/http_message.hpp"
#include "llm/failure.hpp"
#include "llm/request.hpp"
#include "llm/target.hpp"

namespace gumshoe {
class Section;
}

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
    /// Where the vendor is when the target does not say; "" when there is no one place.
    virtual std::string_view default_api_url() const = 0;
    /// Whether the vendor itself takes no call without a key.
    virtual bool needs_key() const { return true; }
    /// Reads the target's keys that only this provider has into it; problems are recorded in the section.
    virtual void read_settings(Section& section, Target& target) const {
        (void)section;
        (void)target;
    }
    /// How long the first content may take at least; zero leaves it to the router.
    virtual milliseconds first_content() const { return {}; }
    /// `request` is already patched; `stream` asks for a stream. The key is put into headers here or by sign() and nowhere else.
    virtual HttpRequest build(const Request& request, const Target& target, bool stream) const = 0;
    /// Signs what build() made, once its body is final; for vendors whose signature holds the time.
    virtual void sign(HttpRequest& request, const Target& target, Timestamp now) const {
        (void)request;
        (void)target;
        (void)now;
    }
    /// A buffered answer of any status.
    virtual std::variant<Reply, Failure> read(const HttpResponse& response) const = 0;
    virtual std::unique_ptr<StreamReader> stream_reader() const = 0;
    /// The cheapest authenticated read (a list of models), signed already; nullopt where every call costs.
    virtual std::optional<HttpRequest> probe(const Target& target) const = 0;
};

}  // namespace gumshoe::llm
