// The labels under which an alert keeps what only PagerDuty knows of it: what the webhook says there, the plan and the notes go by.
#pragma once

namespace gumshoe::pagerduty::label {

inline constexpr char incident_id[] = "pagerduty.incident_id";
inline constexpr char incident_number[] = "pagerduty.incident_number";
inline constexpr char service_id[] = "pagerduty.service_id";
inline constexpr char escalation_policy_id[] = "pagerduty.escalation_policy_id";
inline constexpr char urgency[] = "pagerduty.urgency";
inline constexpr char priority[] = "pagerduty.priority";
inline constexpr char incident_type[] = "pagerduty.incident_type";

}  // namespace gumshoe::pagerduty::label
