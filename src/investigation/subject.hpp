// What an investigation is about: the alert's typed fields, the windows around its onset, its neighbours and its code.
#pragma once

#include <string>
#include <vector>

#include "evidence/source.hpp"

namespace gumshoe {

/// What the operator told us of a service.
struct ServiceInfo {
    std::string name;
    std::string repository;  // "github:acme/shop"
    std::string path;        // in it, for monorepos
    std::vector<std::string> depends_on;
    std::vector<std::string> aliases;  // other tools' names for it
};

/// The configured service that a sender means by `name`: its name, an alias, or, when only one comes into question, a name that differs
/// in case, separators and what tools add ("Checkout Service", "checkout-svc", "checkout (prod)"). `name` itself when there is none.
std::string canonical_service(const std::vector<ServiceInfo>& services, const std::string& name);

/// `joined`: services of other alerts of the same investigation.
Subject make_subject(const Alert& alert, const std::vector<ServiceInfo>& services, Timestamp now,
                     const std::vector<std::string>& joined = {});

/// Services whose alerts belong together with `service`: itself, what it depends on, what depends on it.
std::vector<std::string> related_services(const std::vector<ServiceInfo>& services, const std::string& service);

json to_json_value(const Subject& subject);
result<Subject> subject_from_json(const json& value);

}  // namespace gumshoe
