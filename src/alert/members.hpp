// Who is in an investigation: the alerting things of all senders, as people and analysts are told of them.
#pragma once

#include <string>
#include <vector>

#include "alert/alert.hpp"

namespace gumshoe {

struct Member {
    std::string source;
    std::string service;  // "" when the sender did not say
    std::string title;
    Severity severity = Severity::error;
    Timestamp joined_at{};
    int alerts = 1;    // how often it fired
    bool open = true;  // no recovery of it yet
    std::string why;   // it is in this investigation; "" started it
};

/// One monitoring tool's part. Two tools may disagree whether it is over: both are told.
struct Sender {
    std::string source;
    int alerts = 0;
    int open = 0;
};

struct Members {
    int alerts = 0;  // alerting things, not notifications
    int services = 0;
    Timestamp last_joined{};
    std::vector<Sender> senders;         // by name
    std::vector<Member> shown;           // the worst first, then in the order they came; at most limits::members_shown
    std::vector<std::string> elsewhere;  // investigations that evidence says are of the same outage
};

}  // namespace gumshoe
