// From yaml-cpp's events to the tree.
#include "app/config_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

namespace gumshoe {

namespace {

constexpr std::size_t max_depth = 16;

// Thrown through yaml-cpp, whose parser knows no other way to stop; caught in parse_yaml.
struct Refused {
    Place place;
    std::string message;
};

Place place_of(const YAML::Mark& mark) {
    return {mark.line + 1, mark.column + 1};
}

class TreeBuilder final : public YAML::EventHandler {
public:
    TreeBuilder(const std::string& text, std::vector<Problem>& problems) : text_(text), problems_(problems) {}

    ConfigNode take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        refuse_extras(mark, "?", anchor);
        ConfigNode node;
        node.place = place_of(mark);
        add(std::move(node));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        throw Refused{place_of(mark), "aliases are not supported; a value that begins with * needs quotes"};
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
        refuse_extras(mark, tag, anchor);
        ConfigNode node;
        node.kind = ConfigNode::Kind::scalar;
        node.place = place_of(mark);
        node.text = value;
        node.quoted = tag == "!";
        if (node.quoted && never_closed(mark)) throw Refused{node.place, "not YAML: this quote is never closed"};
        add(std::move(node));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, ConfigNode::Kind::list);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, ConfigNode::Kind::map);
    }
    void OnMapEnd() override { close(); }

private:
    // A list or map whose end has not come yet.
    struct Open {
        ConfigNode node;
        std::optional<ConfigMember> member;  // its key is read, its value is next
        std::set<std::string> keys;

        bool wants_key() const { return node.kind == ConfigNode::Kind::map && !member; }
    };

    // yaml-cpp takes the rest of the file for the text: settings below would be lost without a word.
    bool never_closed(const YAML::Mark& mark) const {
        auto at = static_cast<std::size_t>(mark.pos);
        if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'')) return false;
        char quote = text_[at];
        for (++at; at < text_.size(); ++at) {
            bool escapes = quote == '"' ? text_[at] == '\\' : text_.compare(at, 2, "''") == 0;
            if (escapes) {
                ++at;
            } else if (text_[at] == quote) {
                return false;
            }
        }
        return true;
    }

    void refuse_extras(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        if (anchor != 0) throw Refused{place_of(mark), "anchors are not supported; a value that begins with & needs quotes"};
        if (!tag.empty() && tag != "?" && tag != "!") {
            throw Refused{place_of(mark), "tags are not supported; a value that begins with ! needs quotes"};
        }
    }

    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, ConfigNode::Kind kind) {
        refuse_extras(mark, tag, anchor);
        if (!open_.empty() && open_.back().wants_key()) throw Refused{place_of(mark), "a key must be text"};
        if (open_.size() == max_depth) throw Refused{place_of(mark), "nests deeper than " + std::to_string(max_depth)};
        Open next;
        next.node.kind = kind;
        next.node.place = place_of(mark);
        open_.push_back(std::move(next));
    }

    void close() {
        ConfigNode node = std::move(open_.back().node);
        open_.pop_back();
        add(std::move(node));
    }

    void add(ConfigNode node) {
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.kind == ConfigNode::Kind::list) {
            parent.node.items.push_back(std::move(node));
        } else if (parent.wants_key()) {
            if (node.kind != ConfigNode::Kind::scalar) throw Refused{node.place, "a key must be text"};
            parent.member = ConfigMember{std::move(node.text), node.place, {}};
        } else {
            finish_member(parent, std::move(node));
        }
    }

    void finish_member(Open& parent, ConfigNode value) {
        // The place of a value that is not there would be that of the next token.
        if (value.kind == ConfigNode::Kind::null) value.place = parent.member->place;
        if (parent.keys.insert(parent.member->key).second) {
            parent.member->value = std::move(value);
            parent.node.members.push_back(std::move(*parent.member));
        } else {
            problems_.push_back({parent.member->place, "", "this key stands here a second time"});
        }
        parent.member.reset();
    }

    const std::string& text_;
    std::vector<Problem>& problems_;
    std::vector<Open> open_;
    ConfigNode root_;
};

// Where the text ends: what yaml-cpp misses there it reports at the very beginning.
Place end_of(const std::string& text) {
    std::size_t last = text.rfind('\n');
    auto line = std::count(text.begin(), text.end(), '\n') + 1;
    return {static_cast<int>(line), static_cast<int>(text.size() - (last == text.npos ? 0 : last + 1)) + 1};
}

// yaml-cpp names the anchor, the character or the version it stumbled over behind a colon; that may be part of a password.
std::string without_quotation(const std::string& message) {
    return message.substr(0, message.find(": "));
}

}  // namespace

const ConfigMember* ConfigNode::member(std::string_view key) const {
    for (const ConfigMember& candidate : members) {
        if (candidate.key == key) return &candidate;
    }
    return nullptr;
}

std::optional<ConfigNode> parse_yaml(const std::string& text, std::vector<Problem>& problems) {
    try {
        std::istringstream stream(text);
        YAML::Parser parser(stream);
        TreeBuilder builder(text, problems);
        parser.HandleNextDocument(builder);
        std::vector<Problem> ignored;
        TreeBuilder second(text, ignored);
        if (parser.HandleNextDocument(second)) throw Refused{second.take().place, "a second document; one is expected"};
        ConfigNode root = builder.take();
        if (root.kind == ConfigNode::Kind::null) root = ConfigNode{ConfigNode::Kind::map, {1, 1}, {}, false, {}, {}};
        if (root.kind != ConfigNode::Kind::map) throw Refused{root.place, "expected a map of sections"};
        return root;
    } catch (const Refused& refused) {
        problems.push_back({refused.place, "", refused.message});
    } catch (const YAML::Exception& error) {
        bool alias = error.msg.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR);
        std::string message = alias ? "aliases are not supported; a value that begins with * needs quotes" : without_quotation(error.msg);
        bool unended = error.msg.starts_with("end of ");
        problems.push_back({unended ? end_of(text) : place_of(error.mark), "", "not YAML: " + message});
    }
    return std::nullopt;
}

ConfigNode& map_at(ConfigNode& root, std::string_view path) {
    ConfigNode* at = &root;
    at->kind = ConfigNode::Kind::map;
    while (!path.empty()) {
        std::size_t dot = path.find('.');
        std::string key(path.substr(0, dot));
        path = dot == path.npos ? std::string_view() : path.substr(dot + 1);
        auto found = std::find_if(at->members.begin(), at->members.end(), [&](const ConfigMember& member) { return member.key == key; });
        if (found == at->members.end()) found = at->members.insert(found, ConfigMember{key, {}, {}});
        at = &found->value;
        at->kind = ConfigNode::Kind::map;
    }
    return *at;
}

}  // namespace gumshoe
