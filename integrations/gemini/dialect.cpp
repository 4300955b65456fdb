// generateContent at Google's API: addresses, headers, whole answers.
#include "integrations/gemini/dialect.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "integrations/gemini/content.hpp"
#include "llm/classify.hpp"

namespace gumshoe::gemini {
namespace {

Headers headers_of(const llm::Target& target) {
    Headers headers{{"Content-Type", "application/json"}};
    if (!target.api_key.empty()) headers.add("x-goog-api-key", std::string(target.api_key.reveal()));  // never ?key=: addresses get logged
    return headers;
}

class GenerateContent final : public llm::Dialect {
public:
    std::string_view provider() const override { return provider_name; }
    std::string_view default_api_url() const override { return "https://generativelanguage.googleapis.com/v1beta"; }

    HttpRequest build(const llm::Request& request, const llm::Target& target, bool stream) const override {
        HttpRequest http;
        http.method = "POST";
        http.url = root_of(target) + "/models/" + url_encode(target.model_on_wire()) +
                   (stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
        http.headers = headers_of(target);
        http.body = dump_json(body_of(request, target));
        return http;
    }

    std::variant<llm::Reply, Failure> read(const HttpResponse& response) const override {
        const auto document = parse_json(response.body);
        const bool success = response.status / 100 == 2;
        json chunks = json::array();
        if (document) chunks = document->is_array() ? *document : json::array({*document});  // a list is a stream without frames
        Candidate candidate;
        for (const json& chunk : chunks) {
            if (auto failure = failure_of(chunk, success ? 0 : response.status, response.headers)) return std::move(*failure);
            candidate.take(chunk);
        }
        if (!success) return llm::classify_response(provider_name, response);
        auto outcome = candidate.finish();
        if (auto* failure = std::get_if<Failure>(&outcome); failure != nullptr && failure->failure == FailureClass::truncated_stream) {
            return llm::classify_response(provider_name, response);
        }
        return outcome;
    }

    std::unique_ptr<llm::StreamReader> stream_reader() const override { return make_stream_reader(); }

    std::optional<HttpRequest> probe(const llm::Target& target) const override {
        HttpRequest http;
        http.url = root_of(target) + "/models?pageSize=1";
        http.headers = headers_of(target);
        return http;
    }

private:
    std::string root_of(const llm::Target& target) const {
        return target.api_url.empty() ? std::string(default_api_url()) : target.api_url;
    }
};

}  // namespace

std::unique_ptr<llm::Dialect> make_dialect() {
    return std::make_unique<GenerateContent>();
}

}  // namespace gumshoe::gemini
