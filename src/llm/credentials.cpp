#include "llm/credentials.hpp"

#include <utility>

#include "base/log.hpp"
#include "base/secret_file.hpp"

namespace gumshoe::llm {

std::shared_ptr<const Target> Credentials::current(std::shared_ptr<const Target> target) const {
    if (latest_.empty()) return target;  // nearly always
    std::shared_ptr<Target> renewed;
    for (Secret Target::* const key : target_secrets) {
        const Secret& own = (*target).*key;
        const auto latest = own.file().empty() ? latest_.end() : latest_.find(own.file());
        if (latest == latest_.end() || latest->second.reveal() == own.reveal()) continue;
        if (!renewed) renewed = std::make_shared<Target>(*target);
        (*renewed).*key = latest->second;
    }
    if (!renewed) return target;
    if (target->account == key_fingerprint(*target)) renewed->account = key_fingerprint(*renewed);
    return renewed;
}

Chain Credentials::current(Chain chain) const {
    for (Link& link : chain) link.target = current(std::move(link.target));
    return chain;
}

std::shared_ptr<const Target> Credentials::renew(const std::shared_ptr<const Target>& target) {
    for (Secret Target::* const key : target_secrets) {
        const Secret& own = (*target).*key;
        if (own.file().empty()) continue;
        auto read = read_secret_file(own.file());
        if (!read) {
            log::warn("llm key file cannot be read", {{"target", target->name}, {"file", own.file()}, {"error", read.error().message}});
            continue;
        }
        if (read->value.reveal() == own.reveal()) continue;
        const auto known = latest_.find(own.file());
        if (known != latest_.end() && known->second.reveal() == read->value.reveal()) continue;
        log::info("llm key renewed", {{"target", target->name}, {"file", own.file()}});
        if (on_new_) on_new_(read->value);
        latest_.insert_or_assign(own.file(), std::move(read->value));
    }
    auto renewed = current(target);
    return renewed == target ? nullptr : renewed;
}

}  // namespace gumshoe::llm
