// The webhook's way in: authenticate the raw bytes, keep them, parse, dedupe, enqueue, one commit, answer.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "alert/intake_store.hpp"
#include "alert/receiver.hpp"

namespace gumshoe {

class Intake {
public:
    /// All must outlive the intake. `on_work` is called on the loop after a commit that made work.
    Intake(std::vector<const Receiver*> receivers, IntakeStore& store, IntakePolicy policy, Clock& clock, std::function<void()> on_work);

    /// POST /webhooks/{source}. 202 stored, 200 duplicate or filtered, 202 quarantined (unparsable, or a content type we do not
    /// read: a 415 would lose it), 401 refused, 404 not configured, 405, 503 with Retry-After when the store or the check fails.
    awaitable<HttpReply> receive(std::string source, RawRequest request);

private:
    task<HttpReply> accept(const Receiver& receiver, const RawRequest& request, Delivery delivery);
    awaitable<void> keep_refused(Delivery delivery);

    std::vector<const Receiver*> receivers_;
    IntakeStore& store_;
    IntakePolicy policy_;
    Clock& clock_;
    std::function<void()> on_work_;
    Timestamp refused_minute_{};
    std::size_t refused_count_ = 0;
};

}  // namespace gumshoe
