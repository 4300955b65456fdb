// The procedure itself.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "analysis/model_analyst.hpp"
#include "analysis/prompts.hpp"
#include "base/scheduler.hpp"
#include "delivery/annotator.hpp"
#include "evidence/gather.hpp"
#include "evidence/redact.hpp"
#include "finding/finding.hpp"
#include "investigation/presenter.hpp"
#include "investigation/run.hpp"
#include "investigation/subject.hpp"
#include "llm/router.hpp"

namespace gumshoe {

/// Where an alert's investigation belongs.
struct Route {
    std::string channel;
    ModelRoute models;
};

/// What an investigation works with. All references outlive it.
struct Equipment {
    std::vector<Source*> sources;
    std::vector<Annotator*> annotators;
    /// `joined`: services of other alerts of the investigation.
    std::function<Subject(const Alert&, const std::vector<std::string>& joined, Timestamp now)> subject;
    std::function<Route(const Alert&, const std::string& chain)> route;  // `chain` "" is the route's own
    const Prompts& prompts;
    llm::Router& router;
    const Redactor& redactor;
    InvestigationStore& investigations;
    Presenter& presenter;
    Scheduler& scheduler;
    Clock& clock;
    milliseconds gather_deadline{};
    milliseconds llm_deadline{};
    double budget_usd = 0;  // 0: no limit
    std::string config_version;
};

/// From alert to finding, each step journaled. The facts card stands before anything slow begins; the finding is stored and shown by the
/// engine. An error is ours (storage, lost lease) or a bug: troubles of vendors and models are in the finding.
task<Finding> investigate(Run& run, Alert alert, Equipment& equipment);

}  // namespace gumshoe
