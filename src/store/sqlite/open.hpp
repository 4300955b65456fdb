// The file before SQLite sees it: created for its owner alone, locked for this process, told apart from what is no database.
#pragma once

#include <string>

#include "base/result.hpp"

namespace gumshoe {

/// Holds the process's lock on a database file until it is destroyed. Destroy it after the last connection: closing any descriptor
/// of the file drops the locks that SQLite holds on it.
class FileLock {
public:
    static result<FileLock> take(const std::string& path);
    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&&) = delete;
    ~FileLock();

private:
    explicit FileLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace gumshoe
