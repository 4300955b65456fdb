// One call to GitHub with all that surrounds it: credentials, one redirect on the same host, a told wait within the deadline, pages.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/json.hpp"
#include "integrations/github/app_token.hpp"

namespace gumshoe::github {

struct Answer {
    std::shared_ptr<const json> body;  // an empty array for a repository without commits
    std::string next;                  // the next page, "" at the end
    std::string bytes;                 // as received
    std::string remaining;             // of the hourly limit, as GitHub says it; "" when it does not
};

class Client {
public:
    Client(HttpClient& http, Clock& clock, Credentials& credentials, std::string api_url);

    /// `what` names it in errors. Any refusal is an error in words.
    task<Answer> call(HttpRequest request, std::string what, Deadline deadline);

    const std::string& api_url() const { return api_url_; }
    Clock& clock() { return clock_; }

private:
    task<HttpResponse> send(HttpRequest request, Deadline deadline);

    HttpClient& http_;
    Clock& clock_;
    Credentials& credentials_;
    std::string api_url_;
};

}  // namespace gumshoe::github
