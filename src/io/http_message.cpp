// Headers and the three replies every handler needs.
#include "io/http_message.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"

namespace gumshoe {
namespace {

HttpReply reply_of(int status, std::string type, std::string body) {
    HttpReply reply;
    reply.status = status;
    reply.headers.add("Content-Type", std::move(type));
    reply.body = std::move(body);
    return reply;
}

}  // namespace

Headers::Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

void Headers::add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
    for (const auto& [key, value] : fields_) {
        if (iequals(key, name)) return value;
    }
    return std::nullopt;
}

std::vector<std::string_view> Headers::find_all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto& [key, value] : fields_) {
        if (iequals(key, name)) values.push_back(value);
    }
    return values;
}

HttpReply json_reply(int status, std::string body) {
    return reply_of(status, "application/json", std::move(body));
}

HttpReply text_reply(int status, std::string body) {
    return reply_of(status, "text/plain; charset=utf-8", std::move(body));
}

HttpReply problem(int status, std::string title, std::string detail) {
    json body{{"title", std::move(title)}, {"status", status}};
    if (!detail.empty()) body["detail"] = std::move(detail);
    return reply_of(status, "application/problem+json", dump_json(body));
}

}  // namespace gumshoe
