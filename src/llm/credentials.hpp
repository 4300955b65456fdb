// Keys that lie in files and are put there anew while we run: tokens lent for an hour, keys that are rotated. A target is read from the
// configuration once; what its files hold now is known here.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "llm/target.hpp"

namespace gumshoe::llm {

class Credentials {
public:
    using OnNew = std::function<void(const Secret&)>;
    /// `on_new`: told of each secret that was not known before, so that it is kept out of what we write.
    explicit Credentials(OnNew on_new) : on_new_(std::move(on_new)) {}

    /// The target with the keys that were last read: itself where they are its own. Without an account of its name another key is
    /// another account.
    std::shared_ptr<const Target> current(std::shared_ptr<const Target> target) const;
    Chain current(Chain chain) const;

    /// Reads the target's files. Null where they hold what it has, cannot be read, or there are none.
    std::shared_ptr<const Target> renew(const std::shared_ptr<const Target>& target);

private:
    OnNew on_new_;
    std::map<std::string, Secret> latest_;  // by file
};

}  // namespace gumshoe::llm
