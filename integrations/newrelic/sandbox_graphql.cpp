// A reader of GraphQL documents and the schema they are held to.
#include "integrations/newrelic/sandbox_graphql.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.hpp"

namespace gumshoe::newrelic {

namespace {

// One field a line: its type, its name, its arguments, what it yields.
constexpr const char* schema_text = R"(Query actor : Actor
Actor user : User
Actor account id=Int! : Account
Actor entitySearch query=String : EntitySearch
Actor entities guids=[EntityGuid]! : Entity
User id name email : -
Account id name : -
Account nrql query=Nrql! timeout=Seconds async=Boolean : NrqlResult
Account aiIssues : AiIssues
Account alerts : Alerts
NrqlResult results totalResult embeddedChartUrl : -
AiIssues issues filter=AiIssuesFilterIssues timeWindow=TimeWindowInput cursor=String : IssuesPage
IssuesPage issues : Issue
IssuesPage nextCursor : -
Issue issueId title priority state createdAt activatedAt updatedAt closedAt acknowledgedAt acknowledgedBy entityGuids entityNames entityTypes incidentIds policyName conditionName conditionFamilyId totalIncidents mutingState isCorrelated sources origins : -
Alerts nrqlCondition id=ID! : Condition
Condition id name type enabled description policyId runbookUrl : -
Condition nrql : ConditionQuery
Condition terms : ConditionTerm
ConditionQuery query : -
ConditionTerm operator priority threshold thresholdDuration thresholdOccurrences : -
EntitySearch count : -
EntitySearch results cursor=String : EntityPage
EntityPage nextCursor : -
EntityPage entities : EntityOutline
EntityOutline guid name entityType domain type accountId reporting permalink : -
EntityOutline tags : Tag
Entity guid name entityType domain type accountId reporting permalink : -
Entity tags : Tag
Entity relatedEntities filter=EntityRelationshipFilter cursor=String : Relations
AlertableEntity alertSeverity : -
ApmApplicationEntity apmSummary : ApmSummary
ApmSummary errorRate responseTimeAverage throughput : -
Relations nextCursor : -
Relations results : Relation
Relation type : -
Relation source target : RelationEnd
RelationEnd entity : EntityOutline
Tag key values : -
)";

struct Field {
    std::map<std::string, std::string> arguments;
    std::string type;  // "-" for a value
};
using Schema = std::map<std::string, std::map<std::string, Field>>;

const Schema& schema() {
    static const Schema known = [] {
        Schema read;
        for (const std::string& line : lines(schema_text)) {
            const std::vector<std::string> words = split(line, ' ');
            Field field;
            std::vector<std::string> names;
            if (words.size() < 4) continue;
            for (std::size_t i = 1; i + 2 < words.size(); ++i) {
                const std::size_t equals = words[i].find('=');
                if (equals == std::string::npos) names.push_back(words[i]);
                if (equals != std::string::npos) field.arguments[words[i].substr(0, equals)] = words[i].substr(equals + 1);
            }
            field.type = words.back();
            for (const std::string& name : names) read[words.front()][name] = field;
        }
        return read;
    }();
    return known;
}

const Field* field_of(const std::string& type, const std::string& name) {
    const auto owner = schema().find(type);
    if (owner == schema().end()) return nullptr;
    const auto found = owner->second.find(name);
    return found == owner->second.end() ? nullptr : &found->second;
}

const std::map<std::string, std::vector<std::string>>& inputs() {
    static const std::map<std::string, std::vector<std::string>> known{
        {"AiIssuesFilterIssues", {"ids", "states", "priority", "entityGuids", "conditionIds"}},
        {"TimeWindowInput", {"startTime", "endTime"}},
        {"EntityRelationshipFilter", {"direction", "relationshipTypes", "entityDomainTypes"}}};
    return known;
}

bool is_whole(const json& value) {
    return value.is_number_integer();
}

/// Whether a value is of an input type; `!` is wanted, `[]` a list.
bool of_type(const json& value, std::string_view type) {
    if (type.ends_with('!')) return !value.is_null() && of_type(value, type.substr(0, type.size() - 1));
    if (value.is_null()) return true;
    if (type.starts_with('[')) {
        const std::string_view inner = type.substr(1, type.size() - 2);
        return value.is_array() && std::all_of(value.begin(), value.end(), [inner](const json& item) { return of_type(item, inner); });
    }
    if (type == "Int" || type == "Seconds") return is_whole(value);
    if (type == "Boolean") return value.is_boolean();
    if (type == "ID") return value.is_string() || is_whole(value);
    const auto input = inputs().find(std::string(type));
    if (input == inputs().end()) return value.is_string();
    if (!value.is_object()) return false;
    const auto& members = input->second;
    const bool window = type == "TimeWindowInput";
    if (window && !(value.contains("startTime") && value.contains("endTime"))) return false;
    return std::all_of(value.items().begin(), value.items().end(), [&](const auto& item) {
        return std::find(members.begin(), members.end(), item.key()) != members.end() && (!window || is_whole(item.value()));
    });
}

class GraphqlReader {
public:
    GraphqlReader(std::string_view text, const json& variables) : text_(text), values_(variables) {}

    result<std::vector<Selection>> document() {
        if (word("query") && take('(')) read_variables();
        std::vector<Selection> all = selection_set("Query", 0);
        skip();
        if (at_ != text_.size()) fail("Invalid syntax: text after the document");
        for (const auto& [name, type] : declared_) {
            if (error_.empty() && !used_.contains(name)) fail("Variable '" + name + "' is never used");
        }
        if (!error_.empty()) return Error{errc::parse, error_};
        return all;
    }

private:
    void read_variables() {
        while (error_.empty() && !take(')')) {
            if (!take('$')) return fail("Invalid syntax: a variable is expected");
            const std::string name = identifier();
            if (!take(':')) return fail("Invalid syntax: a variable has a type");
            const std::string type = type_name();
            declared_[name] = type;
            const auto found = values_.find(name);
            const json value = found == values_.end() ? json() : *found;
            if (!of_type(value, type)) return fail("Variable '" + name + "' has an invalid value: expected type " + type);
            take(',');
        }
    }

    std::string type_name() {
        std::string type;
        if (take('[')) {
            type = "[" + type_name() + "]";
            if (!take(']')) fail("Invalid syntax: a list type is open");
        } else {
            type = identifier();
        }
        return take('!') ? type + "!" : type;
    }

    std::vector<Selection> selection_set(const std::string& type, int depth) {
        std::vector<Selection> all;
        if (depth > 20 || !take('{')) return fail("Invalid syntax: a selection is expected"), all;
        while (error_.empty() && !take('}')) all.push_back(take_dots() ? fragment(depth) : field(type, depth));
        return all;
    }

    Selection fragment(int depth) {
        Selection one;
        if (!word("on")) fail("Invalid syntax: only inline fragments are known");
        one.on = identifier();
        if (!schema().contains(one.on)) fail("Validation error of type UnknownType: Unknown type " + one.on);
        one.members = selection_set(one.on, depth + 1);
        return one;
    }

    Selection field(const std::string& type, int depth) {
        Selection one;
        one.name = one.alias = identifier();
        if (take(':')) one.name = identifier();
        const Field* found = field_of(type, one.name);
        if (found == nullptr) {
            fail("Validation error of type FieldUndefined: Field '" + one.name + "' in type '" + type + "' is undefined");
            return one;
        }
        json arguments = json::object();
        if (take('(')) read_arguments(*found, one.name, arguments);
        for (const auto& [name, wanted] : found->arguments) {
            if (error_.empty() && wanted.ends_with('!') && !arguments.contains(name)) {
                fail("Validation error of type MissingFieldArgument: Missing field argument " + name);
            }
        }
        one.arguments = std::make_shared<const json>(std::move(arguments));
        skip();
        const bool members = at_ < text_.size() && text_[at_] == '{';
        if (members == (found->type == "-")) {
            fail("Validation error of type SubSelectionRequired or SubSelectionNotAllowed: field " + one.name);
        } else if (members) {
            one.members = selection_set(found->type, depth + 1);
        }
        return one;
    }

    void read_arguments(const Field& field, const std::string& of, json& out) {
        while (error_.empty() && !take(')')) {
            const std::string name = identifier();
            const auto wanted = field.arguments.find(name);
            if (wanted == field.arguments.end()) {
                return fail("Validation error of type UnknownArgument: Unknown field argument " + name + " of " + of);
            }
            if (!take(':')) return fail("Invalid syntax: an argument has a value");
            out[name] = argument(wanted->second, 0);
            take(',');
        }
    }

    json argument(const std::string& type, int depth) {
        if (take('$')) {
            const std::string name = identifier();
            const auto declared = declared_.find(name);
            if (declared == declared_.end()) return fail("Validation error of type UndefinedVariable: " + name), json();
            used_[name] = true;
            if (declared->second != type && declared->second != type + "!") {
                fail("Validation error of type VariableTypeMismatch: Variable type '" + declared->second + "' doesn't match expected '" +
                     type + "'");
            }
            return values_.value(name, json());
        }
        json value = literal(depth);
        if (error_.empty() && !of_type(value, type)) fail("Validation error of type WrongType: expected " + type);
        return value;
    }

    json literal(int depth) {
        skip();
        json value;
        if (depth > 10) return fail("Invalid syntax: too deep"), value;
        if (take('{')) {
            value = json::object();
            while (error_.empty() && !take('}')) {
                const std::string name = identifier();
                if (!take(':')) fail("Invalid syntax: an input's field has a value");
                value[name] = literal(depth + 1);
                take(',');
            }
        } else if (take('[')) {
            value = json::array();
            while (error_.empty() && !take(']')) {
                value.push_back(literal(depth + 1));
                take(',');
            }
        } else if (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0) {
            const std::size_t end = std::min(text_.find_first_not_of("0123456789", at_), text_.size());
            value = std::stoll(std::string(text_.substr(at_, std::min<std::size_t>(end - at_, 18))));
            at_ = end;
        } else if (take('"')) {
            const std::size_t end = text_.find('"', at_);  // ours have nothing to escape
            if (end == std::string_view::npos) return fail("Invalid syntax: a string is open"), value;
            value = std::string(text_.substr(at_, end - at_));
            at_ = end + 1;
        } else {
            const std::string text = identifier();  // true, false or an enumeration's value
            value = text == "true" ? json(true) : text == "false" ? json(false) : json(text);
        }
        return value;
    }

    std::string identifier() {
        skip();
        const std::size_t start = at_;
        while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_')) ++at_;
        if (at_ == start) fail("Invalid syntax: a name is expected at position " + std::to_string(at_));
        return std::string(text_.substr(start, at_ - start));
    }

    void skip() {
        while (at_ < text_.size() && std::string_view(" \n\t\r,").find(text_[at_]) != std::string_view::npos) ++at_;
    }
    bool take(char c) {
        skip();
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    bool take_dots() {
        skip();
        if (!text_.substr(at_).starts_with("...")) return false;
        at_ += 3;
        return true;
    }
    bool word(std::string_view keyword) {
        skip();
        if (!text_.substr(at_).starts_with(keyword)) return false;
        at_ += keyword.size();
        return true;
    }
    void fail(std::string why) {
        if (error_.empty()) error_ = std::move(why);
    }

    std::string_view text_;
    const json& values_;
    std::size_t at_ = 0;
    std::string error_;
    std::map<std::string, std::string> declared_;
    std::map<std::string, bool> used_;
};

}  // namespace

result<std::vector<Selection>> check_graphql(std::string_view document, const json& variables) {
    return GraphqlReader(document, variables).document();
}

}  // namespace gumshoe::newrelic
