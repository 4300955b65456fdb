// The section `gateway`: the OpenAI-compatible endpoint and who may use it.
#include <set>

#include "app/config_read.hpp"
#include "app/config_values.hpp"

namespace gumshoe {

namespace {

using std::chrono::minutes;

constexpr std::size_t gateway_token_bytes = 16;

template <class Map>
std::vector<std::string> names_of(const Map& map) {
    std::vector<std::string> names;
    for (const auto& [name, value] : map) names.push_back(name);
    return names;
}

gateway::Token read_gateway_token(Section& section, std::set<std::string>& names, const LlmConfig& llm) {
    gateway::Token out;
    out.name = section.required_text("name");
    if (!out.name.empty() && !names.insert(out.name).second) section.error("name", "another token has this name");
    if (!section.has("token")) section.error("token", "is missing");
    const Secret token = section.secret("token");
    if (!token.empty() && token.reveal().size() < gateway_token_bytes) {
        section.error("token", "a token must have at least " + std::to_string(gateway_token_bytes) + " bytes");
    }
    out.sha256 = gateway::hash_of(token);
    out.chain = section.text("chain");
    if (!out.chain.empty()) refuse_unknown_word(section, "chain", "a chain", out.chain, names_of(llm.chains));
    out.team = section.text("team");
    if (!out.team.empty()) refuse_unknown_word(section, "team", "a team of llm.teams", out.team, names_of(llm.teams));
    if (const auto team = llm.teams.find(out.team); team != llm.teams.end()) out.team_per_day_usd = team->second;
    return out;
}

}  // namespace

std::optional<GatewayConfig> read_gateway(Section* section, const LlmConfig& llm) {
    if (!section) return std::nullopt;
    GatewayConfig gateway;
    gateway.listen = section->text("listen", gateway.listen);
    if (!is_listen_address(gateway.listen)) section->error("listen", "expected " + std::string(listen_form));
    gateway.deadline = section->duration("deadline", gateway.deadline);
    if (gateway.deadline < seconds(5) || gateway.deadline > minutes(10)) section->error("deadline", "must be from 5s to 10m");
    std::set<std::string> names;
    for (const auto& token : section->children("tokens")) gateway.tokens.push_back(read_gateway_token(*token, names, llm));
    if (gateway.tokens.empty()) section->error("tokens", "is missing: without a token nobody may use the endpoint");
    if (llm.targets.empty()) section->warning("", "has no model to offer: llm has no targets");
    return gateway;
}

}  // namespace gumshoe
