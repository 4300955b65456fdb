// Every limit of the service in one place. Relations between them are asserted at the end.
#pragma once

#include <chrono>
#include <cstddef>

namespace gumshoe::limits {

using namespace std::chrono_literals;

// HTTP server
inline constexpr std::size_t http_header_bytes = 16 * 1024;
inline constexpr std::size_t http_header_fields = 100;
inline constexpr std::size_t http_body_bytes = 4 * 1024 * 1024;
inline constexpr std::size_t http_connections = 2000;
inline constexpr std::size_t http_connections_per_peer = 100;
inline constexpr auto http_header_deadline = 10s;
inline constexpr auto http_body_deadline = 10s;
inline constexpr auto http_write_deadline = 10s;
inline constexpr auto http_idle_deadline = 30s;

// HTTP client
inline constexpr auto fetch_connect = 3s;
inline constexpr auto fetch_total = 15s;
inline constexpr std::size_t fetch_wire_bytes = 8 * 1024 * 1024;
inline constexpr std::size_t fetch_inflated_bytes = 16 * 1024 * 1024;

// JSON
inline constexpr int json_depth = 64;

// Intake
inline constexpr std::size_t alerts_per_delivery = 1000;
inline constexpr std::size_t alert_title_bytes = 500;
inline constexpr std::size_t alert_body_bytes = 32 * 1024;
inline constexpr std::size_t refused_per_minute_recorded = 60;

// One incident
/// Investigations of one route within the group window, after which what is unrelated joins the newest: five outages at once in five
/// minutes are more than a team can look at, and mostly one that nobody has drawn the dependencies of.
inline constexpr int storm_investigations = 5;
inline constexpr auto same_outage = 30min;           // two investigations further apart are two outages, whatever monitor they share
inline constexpr std::size_t members_shown = 50;     // of an investigation's alerts, to people and analysts
inline constexpr std::size_t joined_services = 6;    // of them, that are asked for as the alert's neighbours are
inline constexpr std::size_t annotated_alerts = 10;  // of them, that get the finding written back
inline constexpr std::size_t note_bytes = 2000;
inline constexpr auto note_total = 30s;

// Store
inline constexpr std::size_t store_waiting = 8192;  // callers that wait for a commit
inline constexpr std::size_t store_batch = 256;     // of them in one commit

// Queue
inline constexpr auto lease = 60s;
inline constexpr auto heartbeat = 15s;
inline constexpr int crash_attempts = 3;

// Evidence
inline constexpr auto gather_deadline = 20s;
inline constexpr int gather_rounds = 3;  // the plan, what it found to ask further, and once more
inline constexpr std::size_t records_per_query = 5000;
inline constexpr std::size_t references_per_query = 32;
inline constexpr std::size_t raw_bytes_per_query = 4 * 1024 * 1024;
inline constexpr std::size_t evidence_items = 60;
inline constexpr std::size_t evidence_text_bytes = 600;

// LLM
inline constexpr auto llm_deadline = 90s;
inline constexpr auto llm_connect = 2s;
inline constexpr auto llm_first_content = 30s;
inline constexpr auto llm_stall = 15s;
inline constexpr int llm_attempts = 6;
inline constexpr int llm_attempts_per_target = 2;
inline constexpr std::size_t llm_response_bytes = 16 * 1024 * 1024;

// Analysis
inline constexpr int analysis_turns = 8;
inline constexpr int analysis_tool_calls = 16;
inline constexpr std::size_t tool_result_bytes = 64 * 1024;
inline constexpr std::size_t pack_tokens = 8000;

// Slack (contracts: Block Kit)
inline constexpr std::size_t slack_blocks = 50;
inline constexpr std::size_t slack_section_chars = 2900;
inline constexpr std::size_t slack_header_chars = 150;
inline constexpr std::size_t slack_message_chars = 12000;
inline constexpr std::size_t slack_text_chars = 3900;
inline constexpr auto slack_total = 10s;
inline constexpr auto slack_visibility = 30s;  // how long a posted message may be missing from history

static_assert(heartbeat * 3 < lease);
static_assert(store_waiting > 2 * http_connections);
static_assert(fetch_total < gather_deadline);

}  // namespace gumshoe::limits
