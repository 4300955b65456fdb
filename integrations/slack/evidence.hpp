// Slack as a source: what people and bots wrote in the configured channels around the onset.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "evidence/source.hpp"
#include "integrations/slack/api.hpp"
#include "io/http_client.hpp"

namespace gumshoe::slack {

std::unique_ptr<Source> make_source(HttpClient& http, Secret bot_token, std::string api_url, std::vector<std::string> channels);

/// Slack's markup as plain words: entities, <@U1>, <#C1|deploys>, <https://x|label>, <!here>. One pass: what an entity hides stays text.
std::string decode_text(std::string_view text);

/// Everything a message says: its text, blocks and attachments, decoded, each part once. Monitoring bots often leave `text` empty.
std::string message_text(const json& message);

/// The messages of one page of conversations.history or .replies that are evidence: no joins and leaves, none of our own.
std::vector<ChatMessage> read_messages(const json& answer, const std::string& channel, const Identity& who);

}  // namespace gumshoe::slack
