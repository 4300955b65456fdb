// Plain words for suspects, causes and steps.
#include "analysis/builtin_words.hpp"

#include <cctype>

#include "base/text.hpp"

namespace gumshoe {

std::string cause_kind(const std::string& suspect_kind, bool elsewhere) {
    if (suspect_kind == "cpu" || suspect_kind == "memory" || suspect_kind == "disk" || suspect_kind == "saturation") {
        return "capacity";
    }
    if (suspect_kind == "network") {
        return "infrastructure";
    }
    if (suspect_kind == "code" || suspect_kind == "traffic") {
        return suspect_kind;
    }
    return elsewhere ? "dependency" : "unknown";
}

std::string headline(const RankedEntity& suspect) {
    const auto& name = suspect.entity;
    if (suspect.kind == "cpu") {
        return name + " lacks CPU or computes far more than usual";
    }
    if (suspect.kind == "memory") {
        return name + " uses far more memory than usual";
    }
    if (suspect.kind == "disk") {
        return "the disk of " + name + " is the bottleneck";
    }
    if (suspect.kind == "saturation") {
        return name + " has run out of a limited resource";
    }
    if (suspect.kind == "network") {
        return "the network to and from " + name + " is slow";
    }
    if (suspect.kind == "latency") {
        return name + " has become slow";
    }
    if (suspect.kind == "errors" || suspect.kind == "availability") {
        return name + " fails";
    }
    if (suspect.kind == "traffic") {
        return "the traffic of " + name + " has changed";
    }
    return name + " behaves differently than before";
}

std::string describe(const Change& change) {
    std::string text = name_of(change);
    std::string inner = change.sha.empty() || change.sha == change.id ? "" : change.sha.substr(0, 7);
    const auto subject = truncate(trim(split(change.subject, '\n').front()), 100);
    if (!subject.empty()) {
        inner += (inner.empty() ? "" : " ") + ("\"" + subject + "\"");
    }
    if (!change.author.empty()) {
        inner += (inner.empty() ? "by " : " by ") + change.author;
    }
    return inner.empty() ? text : text + " (" + inner + ")";
}

std::string sentence(std::string text) {
    // A name keeps its case: "ts-food-service ..." stays, "the network ..." does not.
    if (text.starts_with("the ") || text.starts_with("no ") || text.starts_with("deploy ") || text.starts_with("commit ")) {
        text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    }
    if (!text.empty() && text.back() != '.') {
        text += '.';
    }
    return text;
}

NextStep look_at(const RankedEntity& suspect, const Evidence& strongest) {
    NextStep step;
    step.evidence = {strongest.id};
    const auto at = strongest.from == Timestamp{} ? "" : " around " + format_clock(strongest.from) + " UTC";
    if (suspect.kind == "cpu" || suspect.kind == "memory" || suspect.kind == "disk" || suspect.kind == "saturation") {
        step.action = "Check what consumes the " + std::string(suspect.kind == "saturation" ? "limited resource" : suspect.kind) + " of " +
                      suspect.entity + at + "; add room if the load is legitimate";
    } else if (suspect.kind == "network") {
        step.action = "Check the network of " + suspect.entity + "'s instances and their nodes" + at;
    } else if (strongest.kind == EvidenceKind::log) {
        step.action = "Read the logs of " + suspect.entity + at + " for this pattern";
    } else if (strongest.kind == EvidenceKind::trace) {
        step.action = "Open traces of " + suspect.entity + at + " and compare them with earlier ones";
    } else {
        step.action = "Look at " + suspect.entity + at + ": it stands out most";
    }
    return step;
}

}  // namespace gumshoe
