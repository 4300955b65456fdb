#include "admin/tokens.hpp"

#include <catch2/catch.hpp>

using namespace gumshoe;

TEST_CASE("a bearer token is known by its hash and allows its scopes only") {
    const std::vector<AdminToken> tokens = {make_admin_token("ops", Secret("ops-token-0123456789"), {"read", "replay"}),
                                            make_admin_token("root", Secret("root-token-0123456789"), {"admin"})};
    CHECK(tokens[0].sha256.find("ops-token") == std::string::npos);
    struct Case {
        std::optional<std::string_view> header;
        const char* name;  // "" is refused
    };
    const Case cases[] = {
        {"Bearer ops-token-0123456789", "ops"},
        {"bearer  root-token-0123456789", "root"},
        {"Bearer ops-token-012345678", ""},
        {"Bearer ", ""},
        {"Basic ops-token-0123456789", ""},
        {"ops-token-0123456789", ""},
        {std::nullopt, ""},
    };
    for (const Case& c : cases) {
        CAPTURE(c.header.value_or("(none)"));
        const auto token = authenticate(tokens, c.header);
        CHECK((token ? token->name : "") == c.name);
    }
    CHECK(allows(tokens[0], "replay"));
    CHECK_FALSE(allows(tokens[0], "admin"));
    CHECK(allows(tokens[1], "read"));
    CHECK_FALSE(authenticate({}, "Bearer anything-at-all-here"));
}
