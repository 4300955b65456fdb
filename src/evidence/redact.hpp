// Secrets and personal data out of evidence, at the one place all of it passes: before the journal, the model and Slack.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.hpp"
#include "base/secret.hpp"
#include "evidence/records.hpp"

namespace gumshoe {

class Redactor {
public:
    /// `known`: every configured secret; found in plain, base64, URL-encoded and JSON-escaped form.
    explicit Redactor(std::vector<Secret> known);
    Redactor(Redactor&&) noexcept;
    ~Redactor();

    /// One more of them, from now on: a key that came while we run.
    void learn(const Secret& secret);

    std::string redact(std::string_view text) const;        // a typed placeholder for each find: "<secret>", "<email>"
    std::string redact_known(std::string_view text) const;  // configured secrets only: for links and ids
    void redact(Records& records) const;                    // every text field
    void redact(Alert& alert) const;                        // likewise

private:
    struct Rules;
    std::unique_ptr<Rules> rules_;
    std::vector<Secret> known_;
    std::deque<Secret> learned_;  // the last ones
};

}  // namespace gumshoe
