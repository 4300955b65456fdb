// Which span and which services a plan asks after.
#include "evidence/plan.hpp"

#include <algorithm>

namespace gumshoe {

Window whole_window(const Subject& subject) {
    return {std::min(subject.baseline.from, subject.incident.from), std::max(subject.baseline.to, subject.incident.to)};
}

std::vector<std::string> services_asked(const Subject& subject) {
    std::vector<std::string> services;
    const auto add = [&services](const std::string& service) {
        const bool known = std::find(services.begin(), services.end(), service) != services.end();
        if (!service.empty() && !known && services.size() <= most_neighbours) services.push_back(service);
    };
    add(subject.alert.service);
    for (const std::string& service : subject.services) add(service);
    return services;
}

}  // namespace gumshoe
