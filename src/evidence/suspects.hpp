// Which entity the evidence points at: masses fused with a maximum, symptoms of a deeper cause explained away along the call graph.
#pragma once

#include <string>
#include <vector>

#include "evidence/detect.hpp"

namespace gumshoe {

struct RankedEntity {
    std::string entity;
    std::string kind;  // of its strongest item: "cpu", "memory", "network", "code", "latency", "errors", ...
    double score = 0;
    std::vector<std::size_t> items;  // into the evidence, strongest first
    std::size_t kinds = 0;           // how many kinds of evidence agree
};

/// Best first; entities without a mass worth naming are left out.
std::vector<RankedEntity> rank_entities(const Subject& subject, const Topology& topology, const std::vector<Evidence>& items);

}  // namespace gumshoe
