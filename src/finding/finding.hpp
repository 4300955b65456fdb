// The answer. Shape of DESIGN 7: a model fills part of it, code fills and checks the rest.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "evidence/evidence.hpp"
#include "evidence/source.hpp"

namespace gumshoe {

enum class FindingStatus { confirmed, likely, inconclusive };
std::string_view to_string(FindingStatus status);

using Citations = std::vector<std::string>;  // evidence ids

struct Cause {
    std::string statement;
    std::string entity;
    std::string kind;  // deploy, config, dependency, capacity, code, infrastructure, traffic, unknown
    std::string mechanism;
    Citations evidence;
};

struct Impact {
    std::string statement;
    Citations evidence;
};

struct Claim {
    std::string text;
    std::string kind = "observation";  // or inference
    Citations cites;
    bool verified = false;
    std::string failed_check;  // which one, when not verified
};

struct Suspect {
    std::string entity;
    std::string kind;
    double score = 0;
    Citations evidence;
};

struct RankedChange {
    std::string id;
    std::string kind;
    std::string subject;
    double score = 0;
    std::vector<std::string> reasons;
    std::optional<bool> deployed;
    std::string link;
};

struct Hypothesis {
    std::string statement;
    std::string verdict;  // leading, weakened, ruled_out
    Citations for_it;
    Citations against_it;
};

struct TimelineEntry {
    Timestamp at{};
    std::string what;
    Citations evidence;
};

struct SimilarIncident {
    std::string id;
    std::string title;
    double score = 0;
    std::string resolution;
};

struct NextStep {
    std::string action;
    std::string command;  // shown as code, never run
    std::string risk = "low";
    std::string undo;
    Citations evidence;
};

struct NotChecked {
    std::string what;
    std::string why;
};

struct RouteAttempt {
    std::string target;
    std::string failure;  // class; "" when it answered
    milliseconds duration{};
    double cost_usd = 0;
};

/// What a model said that is no finding of this run, shown beside one that no model made, with where it comes from.
struct Aside {
    std::string summary = {};
    std::string cause = {};
    Citations evidence = {};         // of this finding, for an answer of this run
    std::string answered_by = {};    // target
    std::string investigation = {};  // an earlier one of the same alert; "": an answer of this run that had not the form asked for
    milliseconds age{};              // of the earlier one when this finding was made
};

struct Finding {
    int version = 1;
    std::string investigation;
    std::string run;
    FindingStatus status = FindingStatus::inconclusive;
    double confidence = 0;
    bool degraded = false;  // no model answered: the built-in analyst's
    std::string summary;
    Cause cause;
    Impact impact;
    std::vector<Claim> claims;
    std::vector<Suspect> suspects;
    std::vector<RankedChange> changes;
    std::vector<Hypothesis> hypotheses;
    std::vector<TimelineEntry> timeline;
    std::vector<SimilarIncident> similar;
    std::vector<NextStep> next_steps;
    std::vector<NotChecked> not_checked;
    std::vector<Aside> asides;
    std::vector<Evidence> evidence;
    std::vector<Coverage> coverage;
    std::string answered_by;  // target name; "built-in" when degraded
    std::string route_note;   // in words: "2nd choice; main: OpenAI account deactivated"
    std::vector<RouteAttempt> attempts;
    double cost_usd = 0;
    milliseconds duration{};
    std::string binary_version;
    std::string prompt_version;
    std::string config_version;
};

json to_json_value(const Finding& finding);
result<Finding> finding_from_json(const json& value);

}  // namespace gumshoe
