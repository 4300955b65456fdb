// Getters over the tree. No problem holds a value of the file: it might be a secret in the wrong place.
#include "app/section.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "app/config_values.hpp"
#include "base/secret_file.hpp"
#include "base/text.hpp"

namespace gumshoe {

using Kind = ConfigNode::Kind;

namespace {

std::string_view kind_words(const ConfigNode& node) {
    switch (node.kind) {
        case Kind::null:
            return "nothing";
        case Kind::scalar:
            return node.quoted ? "quoted text" : "text";
        case Kind::list:
            return "a list";
        case Kind::map:
            return "a map";
    }
    return "";
}

template <class Number>
std::optional<Number> number_of(const ConfigNode& node) {
    if (node.kind != Kind::scalar || node.quoted) return std::nullopt;
    Number number{};
    const char* end = node.text.data() + node.text.size();
    auto parsed = std::from_chars(node.text.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return number;
}

std::string plain_number(double number) {
    std::string text = std::to_string(number);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

}  // namespace

class ConfigSection final : public Section {
public:
    ConfigSection(ConfigDocument& document, const ConfigNode& node, std::string path)
        : document_(document), node_(node), path_(std::move(path)) {
        document_.visited_.try_emplace(&node_, ConfigDocument::Visited{path_, {}});
    }

    bool has(std::string_view key) override { return ask(key) != nullptr; }

    std::string text(std::string_view key, std::string_view fallback) override {
        const ConfigNode* node = ask(key);
        return node ? scalar(*node, below(key), "text") : std::string(fallback);
    }

    std::string required_text(std::string_view key) override {
        const ConfigNode* node = ask(key);
        if (!node) {
            error(key, "is missing");
            return {};
        }
        std::string value = scalar(*node, below(key), "text");
        if (value.empty() && node->kind == Kind::scalar) error(key, "is empty");
        return value;
    }

    std::string one_of(std::string_view key, std::vector<std::string> allowed, std::string_view fallback) override {
        const ConfigNode* node = ask(key);
        if (!node) return std::string(fallback);
        std::string expected = "one of " + join(allowed, ", ");
        std::string value = scalar(*node, below(key), expected);
        if (node->kind != Kind::scalar || std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return value;
        return expect(*node, below(key), expected), std::string(fallback);
    }

    std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t low, std::int64_t high) override {
        const ConfigNode* node = ask(key);
        if (!node) return fallback;
        auto number = number_of<std::int64_t>(*node);
        if (number && low <= *number && *number <= high) return *number;
        std::string range =
            high == INT64_MAX ? " of at least " + std::to_string(low) : " from " + std::to_string(low) + " to " + std::to_string(high);
        return expect(*node, below(key), "a whole number" + range), fallback;
    }

    double number(std::string_view key, double fallback, double low, double high) override {
        const ConfigNode* node = ask(key);
        if (!node) return fallback;
        auto number = number_of<double>(*node);
        if (number && std::isfinite(*number) && low <= *number && *number <= high) return *number;
        return expect(*node, below(key), "a number from " + plain_number(low) + " to " + plain_number(high)), fallback;
    }

    bool flag(std::string_view key, bool fallback) override {
        const ConfigNode* node = ask(key);
        if (!node) return fallback;
        bool yes = node->kind == Kind::scalar && !node->quoted && node->text == "true";
        bool no = node->kind == Kind::scalar && !node->quoted && node->text == "false";
        if (!yes && !no) expect(*node, below(key), "true or false");
        return yes || (!no && fallback);
    }

    milliseconds duration(std::string_view key, milliseconds fallback) override {
        const ConfigNode* node = ask(key);
        if (!node) return fallback;
        auto span = node->kind == Kind::scalar ? parse_duration(node->text) : std::nullopt;
        if (!span) expect(*node, below(key), duration_form);
        return span.value_or(fallback);
    }

    std::string url(std::string_view key, std::string_view fallback) override {
        const ConfigNode* node = ask(key);
        if (!node) return std::string(fallback);
        auto url = node->kind == Kind::scalar ? parse_url(node->text) : std::nullopt;
        if (!url) expect(*node, below(key), url_form);
        return url.value_or(std::string(fallback));
    }

    Secret secret(std::string_view key) override {
        const ConfigNode* node = ask(key);
        return node ? resolve(*node, below(key)) : Secret();
    }

    Secret identifier(std::string_view key) override {
        const ConfigNode* node = ask(key);
        if (node == nullptr || node->kind != Kind::scalar) return secret(key);
        return Secret(scalar(*node, below(key), "text"));
    }

    std::vector<Secret> secrets(std::string_view key) override {
        std::vector<Secret> all;
        each(key, [&](const ConfigNode& item, std::string path) { all.push_back(resolve(item, path)); });
        return all;
    }

    std::vector<std::string> texts(std::string_view key) override {
        std::vector<std::string> all;
        each(key, [&](const ConfigNode& item, std::string path) {
            std::string value = scalar(item, path, "text");
            if (!value.empty()) {
                all.push_back(std::move(value));
            } else if (item.kind == Kind::scalar) {
                document_.fail(item.place, std::move(path), "is empty");
            }
        });
        return all;
    }

    std::vector<Entry> entries(std::string_view key) override {
        std::vector<Entry> all;
        each(key, [&](const ConfigNode& item, std::string path) {
            if (item.kind == Kind::map) {
                all.push_back({"", map_section(item, std::move(path))});
            } else if (item.kind != Kind::scalar) {
                expect(item, std::move(path), "text or a map");
            } else if (item.text.empty()) {
                document_.fail(item.place, std::move(path), "is empty");
            } else {
                all.push_back({item.text, nullptr});
            }
        });
        return all;
    }

    std::unique_ptr<Section> child(std::string_view key) override {
        const ConfigNode* node = ask(key);
        return node ? map_section(*node, below(key)) : nullptr;
    }

    std::vector<std::unique_ptr<Section>> children(std::string_view key) override {
        std::vector<std::unique_ptr<Section>> all;
        const ConfigNode* node = ask(key);
        if (!node) return all;
        if (node->kind != Kind::list) expect(*node, below(key), "a list of maps");
        for (std::size_t i = 0; i < node->items.size(); ++i) {
            if (auto section = map_section(node->items[i], item_path(below(key), i))) all.push_back(std::move(section));
        }
        return all;
    }

    std::vector<std::string> keys() override {
        std::vector<std::string> all;
        for (const ConfigMember& member : node_.members) all.push_back(member.key);
        return all;
    }

    void error(std::string_view key, std::string message) override {
        // The first problem of a value is the cause: a reader whose secret did not resolve goes on to miss it.
        auto same = [path = below(key)](const Problem& problem) { return problem.path == path; };
        if (!key.empty() && std::any_of(document_.errors_.begin(), document_.errors_.end(), same)) return;
        document_.fail(place_of(key), below(key), std::move(message));
    }

    void warning(std::string_view key, std::string message) override {
        document_.warnings_.push_back({place_of(key), below(key), std::move(message)});
    }

private:
    const ConfigNode* ask(std::string_view key) {
        document_.visited_.at(&node_).known.emplace(key);
        const ConfigMember* member = node_.member(key);
        return member ? &member->value : nullptr;
    }

    std::string below(std::string_view key) const {
        if (key.empty()) return path_;
        return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
    }

    static std::string item_path(const std::string& list, std::size_t i) { return list + "[" + std::to_string(i) + "]"; }

    // `key` may be an item: "default[1]".
    Place place_of(std::string_view key) const {
        std::size_t bracket = key.find('[');
        const ConfigMember* member = node_.member(key.substr(0, bracket));
        if (!member) return node_.place;
        std::size_t index = 0;
        if (bracket != key.npos) std::from_chars(key.data() + bracket + 1, key.data() + key.size(), index);
        bool item = bracket != key.npos && index < member->value.items.size();
        return item ? member->value.items[index].place : member->value.place;
    }

    void expect(const ConfigNode& node, std::string path, std::string_view expected) {
        // The kind is said only where it is what is wrong.
        std::string found = node.kind == Kind::scalar && !node.quoted ? "" : ", found " + std::string(kind_words(node));
        document_.fail(node.place, std::move(path), "expected " + std::string(expected) + found);
    }

    std::string scalar(const ConfigNode& node, const std::string& path, std::string_view expected) {
        if (node.kind != Kind::scalar) expect(node, path, expected);
        return node.text;
    }

    template <class Use>
    void each(std::string_view key, Use use) {
        const ConfigNode* node = ask(key);
        if (!node) return;
        if (node->kind != Kind::list) return use(*node, below(key));
        for (std::size_t i = 0; i < node->items.size(); ++i) use(node->items[i], item_path(below(key), i));
    }

    std::unique_ptr<Section> map_section(const ConfigNode& node, std::string path) {
        if (node.kind == Kind::map) return std::make_unique<ConfigSection>(document_, node, std::move(path));
        expect(node, std::move(path), "a map");
        return nullptr;
    }

    Secret resolve(const ConfigNode& node, const std::string& path) {
        document_.secret_nodes_.insert(&node);
        Secret secret;
        const ConfigMember* source = node.kind == Kind::map && node.members.size() == 1 ? &node.members[0] : nullptr;
        if (node.kind == Kind::scalar) {
            secret = literal(node, path);
        } else if (source && source->key == "env" && source->value.kind == Kind::scalar) {
            secret = variable(source->value, path);
        } else if (source && source->key == "file" && source->value.kind == Kind::scalar) {
            secret = file(source->value, path);
        } else {
            expect(node, path, "{env: NAME} or {file: PATH}");
        }
        if (!secret.empty()) document_.secrets_.push_back(secret);
        return secret;
    }

    Secret literal(const ConfigNode& node, const std::string& path) {
        if (node.text.empty()) document_.fail(node.place, path, "is empty");
        bool from_variable = node.place.line == 0;
        if (!from_variable) {
            document_.warnings_.push_back(
                {node.place, path, "is written out in this file; {env: NAME} or {file: PATH} keeps it elsewhere"});
        }
        return Secret(node.text);
    }

    Secret variable(const ConfigNode& name, const std::string& path) {
        // A name of another form may be the secret itself, put in the wrong place.
        std::string words = is_variable_name(name.text) ? "the environment variable " + name.text : "the environment variable named here";
        auto value = document_.environment_(name.text);
        while (value && (value->ends_with('\n') || value->ends_with('\r'))) value->pop_back();
        if (!value) document_.fail(name.place, path, words + " is not set");
        if (value && value->empty()) document_.fail(name.place, path, words + " is empty");
        return Secret(value.value_or(""));
    }

    Secret file(const ConfigNode& name, const std::string& path) {
        auto read = read_secret_file((std::filesystem::path(document_.folder_) / name.text).string());
        if (!read) {
            document_.fail(name.place, path, read.error().message);
            return {};
        }
        if (read->readable_by_all) document_.warnings_.push_back({name.place, path, "every user of this machine can read the file"});
        return std::move(read->value);
    }

    ConfigDocument& document_;
    const ConfigNode& node_;
    std::string path_;
};

std::unique_ptr<Section> ConfigDocument::root() {
    return std::make_unique<ConfigSection>(*this, *root_, "");
}

}  // namespace gumshoe
