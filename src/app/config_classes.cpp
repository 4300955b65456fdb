// The list `llm.classes`: what a vendor's error means, before the built-in table is asked.
#include "app/config_read.hpp"

namespace gumshoe {

namespace {

/// What an answer of a vendor can mean; the other classes are of our own making.
const std::vector<std::string>& classes_of_answers() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> names;
        using enum FailureClass;
        for (FailureClass one : {rate_limit, overloaded, server_error, timeout, account_dead, auth_bad, forbidden, model_gone,
                                 context_overflow, content_filter, unsupported_param, too_large, bad_request_unknown}) {
            names.emplace_back(to_string(one));
        }
        return names;
    }();
    return all;
}

llm::ConfiguredClass read_class(Section& section, const std::vector<std::string>& providers) {
    llm::ConfiguredClass row;
    row.provider = section.text("provider");
    if (!row.provider.empty()) refuse_unknown_word(section, "provider", "a provider of this build", row.provider, providers);
    row.status = static_cast<int>(section.integer("status", 0, 4, 599));
    if (row.status > 4 && row.status < 200) section.error("status", "expected an HTTP status, or 4 for every 4xx");
    row.code = section.text("code");
    row.type = section.text("type");
    row.message = section.text("message");
    if (row.status == 0 && row.code.empty() && row.type.empty() && row.message.empty()) {
        section.error("", "matches every error: expected status, code, type or message");
    }
    const std::string word = section.required_text("class");
    if (!word.empty()) refuse_unknown_word(section, "class", "a class of errors", word, classes_of_answers());
    row.failure = failure_class(word).value_or(FailureClass::none);
    row.words = section.text("words");
    return row;
}

}  // namespace

std::vector<llm::ConfiguredClass> read_classes(Section& llm) {
    const std::vector<std::string> known = provider_names();
    std::vector<llm::ConfiguredClass> rows;
    for (const auto& item : llm.children("classes")) rows.push_back(read_class(*item, known));
    return rows;
}

}  // namespace gumshoe
