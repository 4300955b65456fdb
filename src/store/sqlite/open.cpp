// Errors here are read by whoever starts the service for the first time: each says what to do.
#include "store/sqlite/open.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace gumshoe {

namespace {

constexpr char sqlite_header[] = "SQLite format 3";  // with its NUL, as the format has it

Error cannot_open(const std::string& path, int reason) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    const std::string where = folder.empty() ? "the working directory" : "the directory " + folder.string();
    switch (reason) {
        case ENOENT:
        case ENOTDIR:
            return {errc::storage, path + ": " + where + " does not exist; create it or change store.sqlite"};
        case EISDIR:
            return {errc::storage, path + " is a directory; store.sqlite must name a file"};
        case EACCES:
        case EPERM:
        case EROFS:
            return {errc::storage, path + ": not writable for user id " + std::to_string(::geteuid()) + "; " + where +
                                       " and the file must be (SQLite writes files beside it)"};
        default:
            return {errc::storage, path + ": cannot be opened: " + std::generic_category().message(reason)};
    }
}

}  // namespace

result<FileLock> FileLock::take(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (descriptor < 0) return cannot_open(path, errno);
    FileLock lock(descriptor);
    struct stat info{};
    if (::fstat(descriptor, &info) != 0) return cannot_open(path, errno);
    if (!S_ISREG(info.st_mode)) return Error{errc::storage, path + " is not a regular file"};
    std::filesystem::path folder = std::filesystem::path(path).parent_path();
    if (folder.empty()) folder = ".";
    if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) return cannot_open(path, errno);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return cannot_open(path, errno);
        return Error{errc::storage, path + " is in use by another gumshoe process; stop that one, or use its admin API"};
    }
    char header[sizeof(sqlite_header)] = {};
    if (::pread(descriptor, header, sizeof(header), 0) < 0) return cannot_open(path, errno);
    if (info.st_size > 0 && std::memcmp(header, sqlite_header, sizeof(header)) != 0) {
        return Error{errc::corrupt, path + " is not an SQLite database; move it away, or name another file in store.sqlite"};
    }
    return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace gumshoe
