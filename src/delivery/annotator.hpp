// Role: writes the finding back to where the alert came from (a note on an incident).
#pragma once

#include <string>
#include <string_view>

#include "alert/alert.hpp"
#include "base/task.hpp"

namespace gumshoe {

class Annotator {
public:
    virtual ~Annotator() = default;
    virtual std::string_view name() const = 0;
    /// Whether this alert came from something that can be annotated here. Pure.
    virtual bool covers(const Alert& alert) const = 0;
    /// Puts `text` there once: looks for `key` first, which the note carries in a form that our own receiver recognises. Errors as of a
    /// source: timeout and bad_reply may be tried again, invalid_argument and unsupported (no right to write) may not.
    virtual task<void> annotate(Alert alert, std::string text, std::string key, Deadline deadline) = 0;
};

}  // namespace gumshoe
