// Secrets in files.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace gumshoe {

struct SecretFile {
    Secret value;  // without the newlines at its end; knows its file
    bool readable_by_all = false;
};

/// Errors say what is wrong with the file, and hold nothing of it.
result<SecretFile> read_secret_file(const std::string& path);

}  // namespace gumshoe
