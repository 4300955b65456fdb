// Addresses of repositories as people, tags and catalogues write them, and texts that only look like one.
#include "evidence/code_location.hpp"

#include <catch2/catch.hpp>

#include "tests/support/result_printing.hpp"

using namespace gumshoe;

TEST_CASE("An address is read however it is written") {
    struct Row {
        const char* text;
        const char* host;
        const char* name;
        const char* path = "";
    };
    const Row rows[]{
        {"https://github.com/acme/shop", "github.com", "acme/shop"},
        {"https://github.com/acme/shop.git", "github.com", "acme/shop"},
        {"HTTPS://GitHub.com/Acme/Shop", "github.com", "Acme/Shop"},
        {"https://github.com/acme/shop///", "github.com", "acme/shop"},
        {"http://github.com:80/acme/shop", "github.com", "acme/shop"},
        {"https://github.com:443/acme/shop", "github.com", "acme/shop"},
        {"https://git.example.com:8443/acme/shop", "git.example.com:8443", "acme/shop"},
        {"https://ana:ghp_token@github.com/acme/shop.git", "github.com", "acme/shop"},
        {"https://x-access-token:a%40b@github.com/acme/shop", "github.com", "acme/shop"},
        {"git@github.com:acme/shop.git", "github.com", "acme/shop"},
        {"git@github.com:/acme/shop.git", "github.com", "acme/shop"},
        {"github.com:acme/shop", "github.com", "acme/shop"},
        {"git@gitlab.example.com:team/sub/shop.git", "gitlab.example.com", "team/sub/shop"},
        {"ssh://git@git.example.com:2222/acme/shop.git", "git.example.com", "acme/shop"},
        {"ssh://git@github.com/acme/shop", "github.com", "acme/shop"},
        {"git://github.com/acme/shop.git", "github.com", "acme/shop"},
        {"git+https://github.com/acme/shop.git", "github.com", "acme/shop"},
        {"git+ssh://git@github.com/acme/shop.git", "github.com", "acme/shop"},
        {"github.com/acme/shop", "github.com", "acme/shop"},
        {"git.example.com:8443/acme/shop", "git.example.com:8443", "acme/shop"},
        {"http://gitlab/team/shop", "gitlab", "team/shop"},
        {"https://git.example.com/shop", "git.example.com", "shop"},
        {"https://github.com/acme/shop/tree/main/services/checkout", "github.com", "acme/shop", "services/checkout"},
        {"https://github.com/acme/shop/tree/main/", "github.com", "acme/shop"},
        {"https://github.com/acme/shop/blob/4f1c2aa/services/checkout/main.go", "github.com", "acme/shop", "services/checkout/main.go"},
        {"https://github.com/acme/shop/commit/4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4", "github.com", "acme/shop"},
        {"https://github.com/acme/shop/pull/512", "github.com", "acme/shop"},
        {"https://gitlab.com/team/sub/shop/-/tree/main/services/checkout", "gitlab.com", "team/sub/shop", "services/checkout"},
        {"https://gitlab.com/team/sub/shop/tree/main/services/checkout?ref_type=heads#top", "gitlab.com", "team/sub/shop",
         "services/checkout"},
        {"https://gitlab.com/team/shop/-/merge_requests/7", "gitlab.com", "team/shop"},
        {"https://gitlab.com/team/shop/-/blob/main/a/b.py", "gitlab.com", "team/shop", "a/b.py"},
        {"https://gitlab.com/team/sub/tree", "gitlab.com", "team/sub/tree"},
        {"https://github.com/acme/shop/tree/main/packages/@acme/cart", "github.com", "acme/shop", "packages/@acme/cart"},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const auto address = parse_repository_address(row.text);
        REQUIRE(address);
        CHECK(address->host == row.host);
        CHECK(address->name == row.name);
        CHECK(address->path == row.path);
    }
}

TEST_CASE("What is no plain address of a repository is refused") {
    const std::string texts[]{
        "",
        " ",
        "shop",
        "acme/shop",  // no host: whose?
        "/srv/git/shop.git",
        "./acme/shop",
        "file:///srv/git/shop.git",
        "javascript://github.com/acme/shop",
        "ext::sh -c id",
        "https://github.com",
        "https://github.com/",
        "https://github.com/.git",
        "https://github.com/..",
        "https://github.com/acme/../evil/shop",
        "https://github.com/acme/..git/x/..",
        "https://github.com/acme/shop/tree/main/../../secrets",
        "https://github.com/acme%2fshop",
        "https://github.com/acme%2Fshop",
        "https://github.com/acme/%2e%2e/shop",
        "https://git%68ub.com/acme/shop",
        "https://github.com/acme/shop/tree/main/%2e%2e",
        "https://github.com/acme/shop\n",
        "https://github.com/acme/shop\r\nHost: evil.example",
        "https://github.com/acme/ shop",
        "https://github.com/acme/sh\top",
        std::string("https://github.com/acme/shop\0x", 30),
        "https://evil.example\\@github.com/acme/shop",
        "https://a@evil.example@github.com/acme/shop",
        "https://evil.example?@github.com/acme/shop",
        "https://evil.example#@github.com/acme/shop",
        "https://github.com:8443:1/acme/shop",
        "https://github.com:99999999/acme/shop",
        "https://github.com:/acme/shop",
        "https://:443/acme/shop",
        "https:///acme/shop",
        "https://-github.com/acme/shop",
        "https://github..com/acme/shop",
        "https://github.com./acme/shop",
        "https://git_hub.com/acme/shop",
        "https://g\xc4\xa9thub.com/acme/shop",
        "https://169.254.169.254/latest/meta-data",
        "https://127.1/acme/shop",
        "https://0x7f.0x1/acme/shop",
        "https://2130706433/acme/shop",
        "https://[::1]/acme/shop",
        "git@10.0.0.1:acme/shop.git",
        "https://github.com/acme/--upload-pack=x",
        "https://github.com/-/tree/main",
        "https://github.com/acme/$(id)",
        "https://github.com/acme/shop;id",
        "https://github.com/acme/shop/tree/main/a|b",
        "https://github.com/" + std::string(2000, 'a') + "/shop",
        "https://" + std::string(300, 'a') + ".example/acme/shop",
    };
    for (const std::string& text : texts) {
        INFO(text);
        const auto address = parse_repository_address(text);
        REQUIRE(!address);
        CHECK(address.error().code == errc::parse);
    }
}

TEST_CASE("A name before the at sign is never taken for the host") {
    const auto address = parse_repository_address("https://github.com@evil.example/acme/shop");
    REQUIRE(address);
    CHECK(address->host == "evil.example");
    const auto port = parse_repository_address("https://github.com:443@evil.example/acme/shop");
    REQUIRE(port);
    CHECK(port->host == "evil.example");
}
