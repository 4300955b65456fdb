// Converse at an AWS region: addresses, signatures, whole answers. converse.cpp has the bodies, stream.cpp the streams.
#include "integrations/bedrock/dialect.hpp"

#include <atomic>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/section.hpp"
#include "base/text.hpp"
#include "integrations/bedrock/converse.hpp"
#include "integrations/bedrock/sigv4.hpp"
#include "llm/classify.hpp"
#include "llm/retry_after.hpp"

namespace gumshoe::bedrock {
namespace {

/// "ThrottlingException" of "com.amazon.coral#ThrottlingException:http://internal/..."
std::string bare_type(std::string_view type) {
    type = type.substr(0, type.find(':'));
    const auto hash = type.rfind('#');
    return std::string(hash == std::string_view::npos ? type : type.substr(hash + 1));
}

llm::VendorError error_of(const HttpResponse& response) {
    llm::VendorError error;
    error.type = bare_type(response.headers.find("x-amzn-errortype").value_or(""));
    const auto document = parse_json(response.body);
    if (!document) return error;
    for (const char* key : {"__type", "code"}) {
        if (error.type.empty()) error.type = bare_type(string_or_empty(*document, key));
    }
    error.message = own_words(get_string(*document, "message").value_or(string_or_empty(*document, "Message")));
    return error;
}

/// Where the field that the vendor named stands in our body.
std::string place_of_param(const std::string& param) {
    if (param == "temperature") return "inferenceConfig.temperature";
    if (param == "tool_choice") return "toolConfig.toolChoice";
    if (param == "output_config.format") return "outputConfig";
    for (const char* field : {"outputConfig", "toolConfig.toolChoice", "thinking"}) {
        if (param.starts_with(field)) return field;
    }
    return param;
}

const std::string& setting(const llm::Target& target, const std::string& key) {
    static const std::string none;
    const auto found = target.settings.find(key);
    return found == target.settings.end() ? none : found->second;
}

class Converse final : public llm::Dialect {
public:
    std::string_view provider() const override { return provider_name; }
    std::string_view default_api_url() const override { return ""; }

    void read_settings(Section& section, llm::Target& target) const override {
        const std::string region = section.has("region") ? section.required_text("region") : "us-east-1";
        if (region.empty() || region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) {
            section.error("region", "expected an AWS region such as eu-central-1");
        }
        target.settings["region"] = region;
        if (target.api_url.empty()) target.api_url = "https://bedrock-runtime." + region + ".amazonaws.com";
        target.access_key_id = section.identifier("access_key_id");
        const Secret secret = section.secret("secret_access_key");
        target.session_token = section.secret("session_token");
        const bool has_pair = !target.access_key_id.empty() && !secret.empty();  // half a pair is never sent as a key
        if (section.has("access_key_id") != section.has("secret_access_key")) {
            section.error("secret_access_key", "goes together with access_key_id");
        }
        if (has_pair && !target.api_key.empty()) section.error("api_key", "excludes access_key_id: say who we are in one way");
        if (!has_pair && target.api_key.empty()) {
            section.error("api_key", "is missing: a Bedrock API key, or access_key_id and secret_access_key");
        }
        if (!target.session_token.empty() && target.session_token.file().empty()) {
            section.warning("session_token", "ends within hours; out of a {file: PATH} it is read again when it has, as the two keys are");
        }
        if (has_pair) target.api_key = secret;
    }

    HttpRequest build(const llm::Request& request, const llm::Target& target, bool stream) const override {
        HttpRequest http;
        http.method = "POST";
        http.url = target.api_url + "/model/" + url_encode(target.model_on_wire()) + (stream ? "/converse-stream" : "/converse");
        http.headers = {{"Content-Type", "application/json"},
                        {"Accept", stream ? "application/vnd.amazon.eventstream" : "application/json"}};
        http.body = dump_json(body_of(request, target));
        return http;
    }

    void sign(HttpRequest& request, const llm::Target& target, Timestamp now) const override {
        if (target.access_key_id.empty()) {
            request.headers.add("Authorization", "Bearer " + std::string(target.api_key.reveal()));
            return;
        }
        signed_at_ms_ = to_millis(now);
        now += milliseconds(ahead_ms_.load());
        sign_v4(request, {std::string(target.access_key_id.reveal()), target.api_key, target.session_token}, setting(target, "region"),
                "bedrock", now);
    }

    std::variant<llm::Reply, Failure> read(const HttpResponse& response) const override {
        if (response.status / 100 != 2) {
            const llm::VendorError error = error_of(response);
            Failure failure = llm::classify_error(provider_name, response.status, error, response.headers);
            if (failure.failure == FailureClass::unsupported_param) failure.param = place_of_param(failure.param);
            if (of_clock(error) && took_time_from(error, response.headers)) {
                failure.failure = FailureClass::unsupported_param;
                failure.reason = "our clock is not Amazon Bedrock's: from now on we sign with its time";
                failure.param = "date";
            }
            return failure;
        }
        const auto document = parse_json(response.body);
        const json* content = document ? find(*document, "output.message.content") : nullptr;
        const auto stop_reason = document ? get_string(*document, "stopReason") : std::nullopt;
        if (content == nullptr || !content->is_array() || !stop_reason) return llm::classify_response(provider_name, response);
        llm::Reply reply = reply_of(*content);
        set_stop(reply, *stop_reason);
        if (const json* usage = find(*document, "usage")) reply.usage = usage_of(*usage);
        reply.request_id = llm::request_id(response.headers);
        return reply;
    }

    std::unique_ptr<llm::StreamReader> stream_reader() const override { return make_stream_reader(); }

    // The runtime has no free read; the list of models belongs to the control plane, which has another host and other rights.
    std::optional<HttpRequest> probe(const llm::Target&) const override { return std::nullopt; }

private:
    static bool of_clock(const llm::VendorError& error) {
        return error.type == "RequestExpired" || error.message.starts_with("Signature expired") ||
               error.message.starts_with("Signature not yet current");
    }

    static std::optional<Timestamp> date_behind(const std::string& message, std::string_view words) {
        const auto at = message.find(words);
        return at == std::string::npos ? std::nullopt : parse_amz_date(message.substr(at + words.size(), 16));
    }

    /// Sets our clock by what the vendor says its own shows: "Signature expired: 20150830T123000Z is now earlier than ...
    /// (20150830T124500Z - 5 min.)", or its Date. False when it says nothing, or when that call was signed with that time. Calls that
    /// were under way together are refused together: each sets the clock to the same.
    bool took_time_from(const llm::VendorError& error, const Headers& headers) const {
        auto theirs = date_behind(error.message, "(");
        if (!theirs) theirs = llm::parse_http_date(headers.find("date").value_or(""));
        if (!theirs || signed_at_ms_ == 0) return false;
        auto ours = date_behind(error.message, ": ");
        if (!ours) ours = from_millis(signed_at_ms_ + ahead_ms_);
        if (std::abs(to_millis(*theirs) - to_millis(*ours)) < 60'000) return false;
        ahead_ms_ = to_millis(*theirs) - signed_at_ms_;
        return true;
    }

    // The one thing remembered between calls: by how much the vendor's clock is ahead of ours.
    mutable std::atomic<std::int64_t> ahead_ms_{0};
    mutable std::atomic<std::int64_t> signed_at_ms_{0};  // by our clock, the last time
};

}  // namespace

std::unique_ptr<llm::Dialect> make_dialect() {
    return std::make_unique<Converse>();
}

}  // namespace gumshoe::bedrock
