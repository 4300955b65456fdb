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
};

Subject make_subject(const Alert& alert, const std::vector<ServiceInfo>& services, Timestamp now);

/// Services whose alerts belong together with `service`: itself, what it depends on, what depends on it.
std::vector<std::string> related_services(const std::vector<ServiceInfo>& services, const std::string& service);

json to_json_value(const Subject& subject);
result<Subject> subject_from_json(const json& value);

}  // namespace gumshoe
