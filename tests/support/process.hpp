// A program under test as a real process: its output in a file, waited for with a deadline, ended as roughly as asked.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gumshoe::test {

/// Asks again and again until it is true; false when the deadline passed.
bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = std::chrono::seconds(30));

/// A directory that goes with the object.
class Scratch {
public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

class Process {
public:
    /// `output` takes standard output and error, appended.
    Process(std::vector<std::string> command, std::filesystem::path output, std::map<std::string, std::string> environment = {});
    ~Process();  // killed when it still runs
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void signal(int number);
    /// The exit code, 128 + signal when a signal ended it; nothing when it still runs at the deadline.
    std::optional<int> wait(std::chrono::milliseconds limit = std::chrono::seconds(30));
    bool running();
    pid_t pid() const { return pid_; }

private:
    pid_t pid_ = -1;
    std::optional<int> code_;
};

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& bytes);

}  // namespace gumshoe::test
