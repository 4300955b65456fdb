// Block Kit as Slack checks it: types, required and unknown fields, limits.
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/slack/blocks.hpp"
#include "integrations/slack/sandbox.hpp"

namespace gumshoe::slack {
namespace {

struct Check {
    std::vector<std::string> errors;

    void fail(const std::string& what, const std::string& pointer) {
        errors.push_back("[ERROR] " + what + " [json-pointer:" + pointer + "]");
    }

    bool object(const json& value, const std::string& pointer, std::initializer_list<std::string_view> known) {
        if (!value.is_object()) {
            fail("must be an object", pointer);
            return false;
        }
        for (const auto& [key, item] : value.items())
            if (std::find(known.begin(), known.end(), key) == known.end()) fail("unknown field", pointer + "/" + key);
        return true;
    }

    void flag(const json& value, const char* key, const std::string& pointer) {
        if (value.contains(key) && !value[key].is_boolean()) fail("must be a boolean", pointer + "/" + key);
    }

    void string(const json& value, const char* key, const std::string& pointer, std::size_t most, bool required) {
        if (!value.contains(key)) {
            if (required) fail("missing required field: " + std::string(key), pointer);
            return;
        }
        if (!value[key].is_string()) {
            fail("must be a string", pointer + "/" + key);
            return;
        }
        const std::size_t size = utf16_units(value[key].get<std::string>());
        if (size == 0) fail("must be more than 0 characters", pointer + "/" + key);
        if (size > most) fail("must be less than " + std::to_string(most + 1) + " characters", pointer + "/" + key);
    }

    void text(const json& value, const std::string& pointer, std::size_t most, bool plain_only) {
        if (!value.is_object()) {
            fail("must be a text object", pointer);
            return;
        }
        const std::string type = string_or_empty(value, "type");
        if (type != "plain_text" && (type != "mrkdwn" || plain_only)) fail("unsupported text type: " + type, pointer + "/type");
        object(value, pointer, {"type", "text", type == "mrkdwn" ? "verbatim" : "emoji"});
        flag(value, "emoji", pointer);
        flag(value, "verbatim", pointer);
        string(value, "text", pointer, most, true);
    }

    void url(const json& value, const std::string& pointer) {
        string(value, "url", pointer, 3000, false);
        const std::string address = string_or_empty(value, "url");
        if (!address.empty() && !address.starts_with("https://") && !address.starts_with("http://")) fail("invalid url", pointer + "/url");
    }

    std::size_t list(const json& value, const char* key, const std::string& pointer, std::size_t most) {
        if (!value.contains(key) || !value[key].is_array() || value[key].empty()) {
            fail("must be a list of 1 to " + std::to_string(most) + " items", pointer + "/" + key);
            return 0;
        }
        if (value[key].size() > most) fail("no more than " + std::to_string(most) + " items allowed", pointer + "/" + key);
        return value[key].size();
    }

    void section(const json& block, const std::string& pointer) {
        object(block, pointer, {"type", "block_id", "text", "fields", "accessory", "expand"});
        if (!block.contains("text") && !block.contains("fields")) fail("must have text or fields", pointer);
        if (block.contains("text")) text(block["text"], pointer + "/text", 3000, false);
        if (!block.contains("fields")) return;
        const std::size_t n = list(block, "fields", pointer, 10);
        for (std::size_t i = 0; i < n; ++i) text(block["fields"][i], pointer + "/fields/" + std::to_string(i), 2000, false);
    }

    void context(const json& block, const std::string& pointer) {
        object(block, pointer, {"type", "block_id", "elements"});
        const std::size_t n = list(block, "elements", pointer, 10);
        for (std::size_t i = 0; i < n; ++i) {
            const std::string at = pointer + "/elements/" + std::to_string(i);
            const json& element = block["elements"][i];
            if (string_or_empty(element, "type") != "image") {
                text(element, at, 3000, false);
                continue;
            }
            object(element, at, {"type", "image_url", "alt_text"});
            string(element, "image_url", at, 3000, true);
            string(element, "alt_text", at, 2000, true);
        }
    }

    void actions(const json& block, const std::string& pointer) {
        object(block, pointer, {"type", "block_id", "elements"});
        const std::size_t n = list(block, "elements", pointer, 25);
        std::set<std::string> ids;
        for (std::size_t i = 0; i < n; ++i) {
            const std::string at = pointer + "/elements/" + std::to_string(i);
            const json& button = block["elements"][i];
            if (string_or_empty(button, "type") != "button") {
                fail("unsupported element", at + "/type");
                continue;
            }
            object(button, at, {"type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label"});
            text(button.value("text", json()), at + "/text", 75, true);
            string(button, "action_id", at, 255, false);
            string(button, "value", at, 2000, false);
            url(button, at);
            const std::string style = string_or_empty(button, "style");
            if (button.contains("style") && style != "primary" && style != "danger") fail("invalid style", at + "/style");
            const std::string id = string_or_empty(button, "action_id");
            if (!id.empty() && !ids.insert(id).second) fail("action_id is not unique", at + "/action_id");
        }
    }

    void block(const json& value, const std::string& pointer) {
        const std::string type = string_or_empty(value, "type");
        if (type == "section")
            section(value, pointer);
        else if (type == "context")
            context(value, pointer);
        else if (type == "actions")
            actions(value, pointer);
        else if (type == "divider")
            object(value, pointer, {"type", "block_id"});
        else if (type == "header") {
            object(value, pointer, {"type", "block_id", "text", "level"});
            text(value.value("text", json()), pointer + "/text", 150, true);
        } else
            fail("unsupported type: " + type, pointer + "/type");
    }
};

void count(const json& value, std::size_t& n) {
    if (value.is_object() && value.contains("text") && value["text"].is_string()) n += utf16_units(value["text"].get<std::string>());
    if (value.is_structured())
        for (const auto& item : value) count(item, n);
}

}  // namespace

std::vector<std::string> block_errors(const json& blocks) {
    Check check;
    if (!blocks.is_array()) {
        check.fail("must be a list", "/blocks");
        return check.errors;
    }
    if (blocks.size() > 50) check.fail("no more than 50 items allowed", "/blocks");
    std::set<std::string> ids;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const std::string pointer = "/blocks/" + std::to_string(i);
        if (!blocks[i].is_object()) {
            check.fail("must be an object", pointer);
            continue;
        }
        check.block(blocks[i], pointer);
        check.string(blocks[i], "block_id", pointer, 255, false);
        const std::string id = string_or_empty(blocks[i], "block_id");
        if (!id.empty() && !ids.insert(id).second) check.fail("block_id is not unique", pointer + "/block_id");
    }
    return check.errors;
}

std::size_t block_characters(const json& blocks) {
    std::size_t n = 0;
    count(blocks, n);
    return n;
}

}  // namespace gumshoe::slack
