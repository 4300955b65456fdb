#pragma once

#include <memory>
#include <string>

#include "base/secret.hpp"
#include "evidence/source.hpp"
#include "io/http_client.hpp"

namespace gumshoe::gitlab {

/// `api_url` as gitlab::api_root makes it.
std::unique_ptr<Source> make_source(Secret token, HttpClient& http, Clock& clock, std::string api_url);

}  // namespace gumshoe::gitlab
