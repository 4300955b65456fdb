// An OpenAI-compatible endpoint over the chains: POST /v1/chat/completions and GET /v1/models, for callers with a token.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/scheduler.hpp"
#include "base/secret.hpp"
#include "gateway/completion_request.hpp"
#include "gateway/pending.hpp"
#include "io/http_message.hpp"
#include "llm/router.hpp"

namespace gumshoe::gateway {

struct Token {
    std::string name;        // in the journal: step "gateway/<name>"
    Secret sha256;           // hex, of the token
    std::string chain = {};  // the only model this token may name; "": all
    std::string team = {};   // whose budget it spends; "": nobody's in particular
    double team_per_day_usd = 0;
};

/// The hash that a Token keeps.
Secret hash_of(const Secret& token);

/// What callers may name as `model`.
struct Model {
    llm::Chain chain;
    std::string owner;  // the provider; "gumshoe" for a chain
};

/// All outlive it.
struct GatewayServices {
    llm::Router& router;
    Scheduler& scheduler;
    Clock& clock;
    std::vector<Token> tokens;
    std::map<std::string, Model> models;
    milliseconds deadline = limits::llm_deadline;  // of one answer
};

class Gateway {
public:
    explicit Gateway(GatewayServices services);

    /// A cancelled call (its caller hung up) cancels the call to the model.
    awaitable<HttpReply> handle(RawRequest request);

private:
    struct Stream;

    const Token* authenticate(std::optional<std::string_view> authorization) const;
    const Model* model_for(const Token& token, const std::string& name) const;
    HttpReply models(const Token& token) const;
    awaitable<HttpReply> complete(const Token& token, RawRequest request);
    awaitable<HttpReply> stream(CompletionRequest asked, awaitable<Outcome> work);
    awaitable<std::string> next_piece(std::shared_ptr<Stream> stream);
    awaitable<Outcome> start(const Token& token, CompletionRequest& asked, const llm::Chain& chain);
    HttpReply reply_of(const CompletionRequest& asked, Outcome outcome) const;

    GatewayServices services_;
    std::int64_t started_;  // seconds
};

}  // namespace gumshoe::gateway
