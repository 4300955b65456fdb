// Looks for the note by its key, then writes it: a repeat after an answer that was lost finds the note there.
#include "integrations/pagerduty/annotator.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "integrations/pagerduty/client.hpp"
#include "integrations/pagerduty/labels.hpp"
#include "integrations/pagerduty/note.hpp"

namespace gumshoe::pagerduty {
namespace {

std::string incident_of(const Alert& alert) {
    const auto found = alert.labels.find(label::incident_id);
    const bool ours = alert.source == "pagerduty" && found != alert.labels.end() && is_id(found->second);
    return ours ? found->second : std::string();
}

/// What a person must change first: trying again would not help.
Error lasting(Error error) {
    const bool no_right = error.code == errc::unauthorized || error.code == errc::forbidden;
    if (no_right) error.code = errc::unsupported;
    return error;
}

class PagerdutyAnnotator final : public Annotator {
public:
    PagerdutyAnnotator(Account account, HttpClient& http, Clock& clock) : account_(std::move(account)), client_(http, clock) {}

    std::string_view name() const override { return "pagerduty"; }
    bool covers(const Alert& alert) const override { return !incident_of(alert).empty(); }

    task<void> annotate(Alert alert, std::string text, std::string key, Deadline deadline) override {
        const std::string incident = incident_of(alert);
        if (incident.empty()) co_return Error{errc::invalid_argument, "the alert is of no PagerDuty incident"};
        auto look = notes_request(account_, incident);
        const std::string notes_named = "the notes of incident " + incident;
        auto there = co_await client_.call(std::move(look), notes_named, false, deadline);
        if (!there) co_return lasting(there.error());
        const auto notes = read_notes(*there->body);
        if (!notes) co_return notes.error();
        if (std::ranges::any_of(*notes, [&key](const Note& note) { return is_note_of(note.content, key); })) co_return result<void>();
        if (notes->size() >= notes_per_incident) {
            co_return Error{errc::invalid_argument,
                            "PagerDuty takes at most 2,000 notes an incident, and incident " + incident + " has them"};
        }
        auto write = note_request(account_, incident, note_content(text, key));
        const std::string note_named = "a note on incident " + incident;
        auto written = co_await client_.call(std::move(write), note_named, false, deadline);
        if (!written) co_return lasting(written.error());
        co_return result<void>();
    }

private:
    Account account_;
    Client client_;
};

}  // namespace

std::unique_ptr<Annotator> make_annotator(Account account, HttpClient& http, Clock& clock) {
    return std::make_unique<PagerdutyAnnotator>(std::move(account), http, clock);
}

}  // namespace gumshoe::pagerduty
