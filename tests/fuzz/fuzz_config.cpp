// Any text as a configuration document: a tree or problems with a place, and a password of it is in no message.
#include <string>

#include "app/section.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace gumshoe;

void read_all(Section& section) {
    (void)section.text("listen", "");
    (void)section.url("public_url");
    (void)section.texts("trusted_proxies");
    (void)section.duration("group_window", seconds(1));
    (void)section.secret("api_key");
    if (const auto child = section.child("datadog")) read_all(*child);
    for (const auto& child : section.children("services")) read_all(*child);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto environment = [](const std::string& name) {
        return name == "DD_API_KEY" ? std::optional<std::string>("hunter2-hunter2") : std::nullopt;
    };
    auto document = ConfigDocument::from_text("gumshoe.yaml", "/nonexistent", std::string(fuzz::text_of(data, size)), environment);
    if (document.readable()) {
        read_all(*document.root());
        document.refuse_unknown_keys();
        fuzz::must(document.version().size() == 12);
    } else {
        fuzz::must(!document.errors().empty());
    }
    for (const auto& messages : {document.errors(), document.warnings()}) {
        for (const std::string& message : messages) {
            fuzz::must(message.starts_with("gumshoe.yaml:") && message.find("hunter2") == std::string::npos);
        }
    }
    return 0;
}
