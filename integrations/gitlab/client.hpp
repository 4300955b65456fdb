// One call to GitLab with all that surrounds it: the token, one redirect on the same host, a told wait within the deadline, pages.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/json.hpp"
#include "base/secret.hpp"
#include "io/http_client.hpp"

namespace gumshoe::gitlab {

struct Answer {
    std::shared_ptr<const json> body;
    std::string next;       // the next page's number, "" at the end
    std::string bytes;      // as received
    std::string remaining;  // of the limit of calls, as GitLab says it; "" when it does not
};

class Client {
public:
    Client(HttpClient& http, Clock& clock, Secret token, std::string api_url);

    /// `what` names it in errors. Any refusal is an error in words.
    task<Answer> call(HttpRequest request, std::string what, Deadline deadline);

    const std::string& api_url() const { return api_url_; }

private:
    task<HttpResponse> send(HttpRequest request, Deadline deadline);

    HttpClient& http_;
    Clock& clock_;
    Secret token_;
    std::string api_url_;
};

}  // namespace gumshoe::gitlab
