// Mends a request that a model refused for one parameter: the field is left out, renamed or set, the rest goes as it was.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace gumshoe::llm {

/// The repair that mends this refusal, by the name a vendor gave; "" when none does (a request without messages is no request).
std::string repair_for(std::string_view param);

/// `body` with the repairs applied. A body that is no JSON object comes back as it is.
std::string repaired(std::string body, const std::set<std::string>& repairs);

}  // namespace gumshoe::llm
