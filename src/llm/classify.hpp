// What went wrong, from a vendor's bytes: a table of rows read from top to bottom, the first match decides.
// Only the provider's own code, type, status and message field are looked at, never the body: prompts get echoed in it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/json_view.hpp"
#include "base/result.hpp"
#include "io/http_message.hpp"
#include "llm/failure.hpp"

namespace gumshoe::llm {

/// An error document, whichever of the known shapes it has.
struct VendorError {
    std::string code = {};  // integers as text
    std::string type = {};
    std::string param = {};
    std::string message = {};
    std::string request_id = {};
    bool of_upstream = false;  // what a gateway's own upstream told it
};

/// Empty fields and status 0 match anything; `status` 4 stands for every 4xx and for errors without a status (in a stream).
/// `message` compares without case, * stands for anything, and a leading ^ anchors it.
struct ClassRow {
    int status = 0;
    std::string_view code;
    std::string_view type;
    std::string_view message;
    FailureClass failure = FailureClass::none;
    std::string_view words;       // {vendor} is its name
    std::string_view param = {};  // of unsupported_param: what repair_for() is asked, where the vendor's own words do not lead there
};
/// A row of the configuration: the same, for one provider or ("") all.
struct ConfiguredClass {
    std::string provider = {};
    int status = 0;
    std::string code = {};
    std::string type = {};
    std::string message = {};
    FailureClass failure = FailureClass::none;
    std::string words = {};  // "": the vendor's own are shown
};
/// Asked before the built-in rows, in order. To be called once at start, before the first call to a model, on the event loop's thread.
void set_configured_classes(std::vector<ConfiguredClass> rows);

struct VendorName {
    std::string_view provider;
    std::string_view name;  // as people write it
};
std::span<const VendorName> vendor_names();

/// The built-in rows, in order: the vendor's code, its type, its message, the status alone.
std::span<const ClassRow> classification_table();

/// Nullopt when the document holds no error.
std::optional<VendorError> vendor_error(const json& document);
std::optional<VendorError> vendor_error(const JsonView& document);

/// `status` 0: the error came inside a 200.
Failure classify_error(std::string_view provider, int status, const VendorError& error, const Headers& headers);

/// An answer that is not 2xx, or a 2xx that is an error or no JSON at all. Called when the dialect found no reply in it.
Failure classify_response(std::string_view provider, const HttpResponse& response);

/// No HTTP answer. `content_seen`: the stream had begun to answer.
Failure classify_transport(std::string_view provider, const Error& error, bool content_seen);

/// "OpenAI" for "openai".
std::string vendor_name(std::string_view provider);

/// The id a vendor gave the call, from the header fields in use.
std::string request_id(const Headers& headers);

}  // namespace gumshoe::llm
