// Several records as one lot.
#include "evidence/records.hpp"

#include <iterator>

namespace gumshoe {

namespace {

template <class T>
void append_all(std::vector<T>& to, std::vector<T>&& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

bool Records::empty() const {
    return size() == 0;
}

std::size_t Records::size() const {
    return metrics.size() + logs.size() + spans.size() + edges.size() + changes.size() + messages.size() + incidents.size() + facts.size() +
           code.size();
}

void Records::append(Records other) {
    append_all(metrics, std::move(other.metrics));
    append_all(logs, std::move(other.logs));
    append_all(spans, std::move(other.spans));
    append_all(edges, std::move(other.edges));
    append_all(changes, std::move(other.changes));
    append_all(messages, std::move(other.messages));
    append_all(incidents, std::move(other.incidents));
    append_all(facts, std::move(other.facts));
    append_all(code, std::move(other.code));
}

}  // namespace gumshoe
