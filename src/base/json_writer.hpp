// JSON text written front to back, without a document in between: for bodies that are made for each call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace gumshoe {

/// Appends a string with its quotes; what is not UTF-8 in it becomes U+FFFD.
void write_json_text(std::string& out, std::string_view text);
void write_json_number(std::string& out, std::int64_t number);
void write_json_number(std::string& out, std::uint64_t number);

/// Sets the commas; that keys and brackets match is the caller's to see to.
class JsonWriter {
public:
    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    JsonWriter& key(std::string_view name);
    JsonWriter& text(std::string_view value);
    JsonWriter& number(std::int64_t value);
    JsonWriter& number(double value);
    JsonWriter& flag(bool value) { return raw(value ? "true" : "false"); }
    JsonWriter& null() { return raw("null"); }
    /// A value that is JSON text already.
    JsonWriter& raw(std::string_view value);

    void reserve(std::size_t bytes) { out_.reserve(bytes); }
    std::string take() { return std::move(out_); }

private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    void separate();

    std::string out_;
    bool first_ = true;  // of its object or array, or behind its key
};

}  // namespace gumshoe
