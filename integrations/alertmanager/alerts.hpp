// What a posted alert means to us. Shared by everything that embeds an Alertmanager.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alert/alert.hpp"
#include "integrations/alertmanager/payload.hpp"

namespace gumshoe::alertmanager {

struct Sender {
    std::string name;                                              // the source of its alerts
    std::vector<std::pair<std::string, std::string>> linked = {};  // annotations that are links, and what to call them
};

Alert read_alert(const PostedAlert& posted, const Payload& payload, const Sender& sender, Timestamp now);

/// A test is sent in the name of a rule that may be firing for real: it must not touch that one's episode.
void mark_as_test(Alert& alert);

/// Who fires since when and who does not. A retried POST has the same key, and so has the same group that is sent again every
/// repeat_interval: nothing happened in between. "" when an alert does not say since when.
std::string delivery_key(const Payload& payload);

/// The first of these labels that says something: not empty, and not a template's error message.
std::string first_label(const Words& labels, std::initializer_list<std::string_view> names);

Severity read_severity(std::string_view word);

/// An http(s) address that a browser elsewhere may open, of at most `most_bytes`; a loopback host leads to the reader's own machine.
bool linkable(std::string_view url, std::size_t most_bytes);

}  // namespace gumshoe::alertmanager
