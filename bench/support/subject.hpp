// What is measured, ready to be called: one target, one request of usual size.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "llm/target.hpp"

namespace gumshoe::bench {

/// A target of the OpenAI dialect at that address.
std::shared_ptr<const llm::Target> target_at(std::string api_url, const llm::Dialect& dialect);

/// 3 KB of prompt, a schema for the answer.
llm::Request question();

}  // namespace gumshoe::bench
