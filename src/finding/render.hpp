// A finding as people read it: the anchor message in its states, Markdown, a terminal.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "alert/members.hpp"
#include "finding/document.hpp"
#include "finding/finding.hpp"

namespace gumshoe {

/// What is known beside the finding and may change after it.
struct Situation {
    Alert alert;                // the one that started it
    std::string investigation;  // "inv_..."
    std::string report_url;     // "" without public_url
    int fired = 1;              // notifications, duplicates not counted
    Members members;            // all alerts of the investigation, its first among them
    std::optional<Timestamp> resolved_at;
    std::string state;                          // queued, running, done, failed, cancelled, parked
    std::string failure;                        // in words, for failed and parked
    std::map<std::string, std::string> titles;  // how people write a source: "newrelic" -> "New Relic"
    std::vector<Coverage> progress;             // sources that answered so far
    std::vector<std::string> pending;           // names of sources still asked
    std::vector<RankedChange> recent;           // deploys seen before any analysis
};

/// State 1: the facts card, no analysis. At most about 12 lines.
Document render_facts(const Situation& situation);
/// State 2 and 3: the finding, with later alerts and recovery on top of it.
Document render_finding(const Situation& situation, const Finding& finding);
/// Everything, for export and `gumshoe show`.
std::string render_markdown(const Situation& situation, const Finding& finding);
/// The finding in short as plain text without links: for a note on an incident elsewhere. At most limits::note_bytes.
std::string render_note(const Finding& finding);
/// A document for a terminal; `colour` uses ANSI sequences, control characters of the text are dropped.
std::string render_terminal(const Document& document, bool colour, std::size_t width = 100);

}  // namespace gumshoe
