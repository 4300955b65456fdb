#pragma once

#include <memory>
#include <string>

#include "evidence/source.hpp"
#include "integrations/github/app_token.hpp"

namespace gumshoe::github {

std::unique_ptr<Source> make_source(std::unique_ptr<Credentials> credentials, HttpClient& http, Clock& clock, std::string api_url);

}  // namespace gumshoe::github
