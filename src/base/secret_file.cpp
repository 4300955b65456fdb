// Reading a secret's file: a regular one, small, not empty.
#include "base/secret_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace gumshoe {

namespace {

constexpr std::size_t max_secret_bytes = 64 * 1024;

class File {
public:
    explicit File(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int get() const { return descriptor_; }

private:
    int descriptor_;
};

Error failed(int error) {
    return Error{errc::not_found, std::string("cannot read the file: ") + std::generic_category().message(error)};
}

}  // namespace

result<SecretFile> read_secret_file(const std::string& path) {
    File file(path);
    struct stat about{};
    if (file.get() < 0 || ::fstat(file.get(), &about) != 0) return failed(errno);
    if (!S_ISREG(about.st_mode)) return Error{errc::invalid_argument, "not a regular file"};
    std::string text(max_secret_bytes + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        ssize_t n = ::read(file.get(), text.data() + size, text.size() - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failed(errno);
        if (n == 0) break;
        size += static_cast<std::size_t>(n);
    }
    if (size > max_secret_bytes) return Error{errc::too_large, "the file is larger than 64 KiB"};
    text.resize(size);
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    if (text.empty()) return Error{errc::invalid_argument, "the file is empty"};
    return SecretFile{Secret(std::move(text), path), (about.st_mode & S_IROTH) != 0};
}

}  // namespace gumshoe
