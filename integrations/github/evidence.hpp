#pragma once

#include <memory>
#include <string>

#include "evidence/source.hpp"
#include "integrations/github/app_token.hpp"

namespace gumshoe::github {

/// `web_url` is where people and git find it: "" for what the API's address tells.
std::unique_ptr<Source> make_source(std::unique_ptr<Credentials> credentials, HttpClient& http, Clock& clock, std::string api_url,
                                    std::string web_url = {});

}  // namespace gumshoe::github
