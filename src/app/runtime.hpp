// What every command runs on: the event loop and the HTTP client, and a coroutine that is the command.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "app/config.hpp"
#include "io/event_loop.hpp"
#include "io/http_client.hpp"

namespace gumshoe {

struct Runtime {
    std::unique_ptr<EventLoop> loop;
    std::unique_ptr<HttpClient> http;

    VendorServices services() { return {http.get(), &loop->clock(), loop.get()}; }
};
Runtime make_runtime();

/// Runs `command` to its end, with everything it spawned. A bug that leaves it as an exception ends as exit_failed.
int run_to_end(Runtime& runtime, awaitable<int> command);

/// The configuration, its warnings printed; on errors they are printed and nothing comes back.
std::optional<Config> load_or_explain(const std::string& file, Runtime& runtime);

/// A directory that goes with the object.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace gumshoe
