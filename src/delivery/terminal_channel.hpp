// A channel without a chat: messages are printed. For trying Gumshoe out, for `investigate` on a case file, and where Slack is not set up.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "delivery/channel.hpp"

namespace gumshoe {

/// `print` gets whole texts: a post as it stands, an edit as the lines that it adds or changes. find() finds nothing.
std::unique_ptr<Channel> make_terminal_channel(std::function<void(std::string)> print, bool colour, std::size_t width);

}  // namespace gumshoe
