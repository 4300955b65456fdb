// What the anchor message of an investigation should say now, from what is stored; and setting delivery about it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "delivery/delivery.hpp"
#include "finding/render.hpp"
#include "investigation/store.hpp"

namespace gumshoe {

class Presenter {
public:
    /// `channel_of` says where an alert's message goes; `report_url` where its report is ("" for nowhere); `titles` how people write
    /// the names of sources.
    Presenter(InvestigationStore& store, MessageDelivery& delivery, std::function<std::string(const Alert&)> channel_of,
              std::function<std::string(const std::string&)> report_url, std::map<std::string, std::string> titles);

    /// What is known of a run under way, for the facts card; forgotten when it ended.
    struct Progress {
        std::vector<Coverage> done;
        std::vector<std::string> pending;
        std::vector<RankedChange> recent;
    };
    void progress(const std::string& investigation, Progress progress);
    void forget(const std::string& investigation);

    /// Renders the present state and publishes it as the anchor. Idempotent: an unchanged message is not sent again.
    task<void> present(std::string investigation);
    /// A replay's finding as a reply in the anchor's thread.
    task<void> present_replay(std::string investigation, RunRow run);

    task<Situation> situation(std::string investigation);

private:
    InvestigationStore& store_;
    MessageDelivery& delivery_;
    std::function<std::string(const Alert&)> channel_of_;
    std::function<std::string(const std::string&)> report_url_;
    std::map<std::string, std::string> titles_;
    std::map<std::string, Progress> progress_;
};

}  // namespace gumshoe
