// Any bytes as JSON: refused, or a document within the depth cap that survives being written.
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/json_view.hpp"
#include "base/limits.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

int depth_of(const gumshoe::json& value) {
    int deepest = 0;
    if (!value.is_structured()) return 0;
    for (const gumshoe::json& item : value) deepest = std::max(deepest, depth_of(item));
    return deepest + 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    const auto document = parse_json(fuzz::text_of(data, size));
    const json other = json::parse(fuzz::text_of(data, size), nullptr, false);
    if (!document) {
        fuzz::must(document.error().code == errc::parse);
        fuzz::must(other.is_discarded() || document.error().message.starts_with("JSON nests"));
        return 0;
    }
    fuzz::must(depth_of(*document) <= limits::json_depth);
    fuzz::must(*document == other);
    const std::string written = dump_json(*document);
    fuzz::must(written == document->dump(-1, ' ', false, json::error_handler_t::replace));
    const auto again = parse_json(written);
    fuzz::must(again && *again == *document);
    JsonReader reader;
    const auto view = reader.read(fuzz::text_of(data, size));
    fuzz::must(view && view->copy() == *document);
    for (const char* path : {"a", "error.code", "choices", ""}) {
        fuzz::must(view->integer(path) == get_int(*document, path));
        fuzz::must(view->text(path) == string_or_empty(*document, path));
        (void)get_number(*document, path);
        (void)get_bool(*document, path);
    }
    return 0;
}
