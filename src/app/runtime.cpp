#include "app/runtime.hpp"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "app/commands.hpp"
#include "base/log.hpp"

namespace gumshoe {

namespace {

awaitable<void> keep_code(awaitable<int> command, int& code) {
    try {
        code = co_await std::move(command);
    } catch (const std::exception& bug) {
        log::error("command failed", {{"error", bug.what()}});
        code = exit_failed;
    }
}

}  // namespace

Runtime make_runtime() {
    Runtime runtime;
    runtime.loop = make_event_loop();
    runtime.http = make_http_client(*runtime.loop);
    return runtime;
}

int run_to_end(Runtime& runtime, awaitable<int> command) {
    int code = exit_failed;
    runtime.loop->spawn("command", keep_code(std::move(command), code));
    runtime.loop->run();
    return code;
}

std::optional<Config> load_or_explain(const std::string& file, Runtime& runtime) {
    auto loaded = load_config(file, process_environment(), runtime.services());
    if (!loaded) {
        std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
        return std::nullopt;
    }
    for (const std::string& warning : loaded->warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
    return std::move(loaded->config);
}

TemporaryDirectory::TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "gumshoe-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory below " + name);
    path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace gumshoe
