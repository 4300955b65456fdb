#include "base/digest.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "base/ids.hpp"
#include "base/secret.hpp"

using namespace gumshoe;

TEST_CASE("SHA-256 and HMAC agree with the published vectors") {
    CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    // RFC 4231, test cases 2 and 6
    CHECK(hmac_sha256_hex("Jefe", "what do ya want for nothing?") == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hmac_sha256_hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First") ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    CHECK(hmac_sha256_hex({}, {}) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("Base64 goes there and back, and refuses what is not base64") {
    // RFC 4648, section 10
    const std::vector<std::pair<std::string, std::string>> vectors{
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, encoded] : vectors) {
        CHECK(base64_encode(plain) == encoded);
        CHECK(*base64_decode(encoded) == plain);
    }
    CHECK(*base64_decode("Zm9v\r\nYmFy\n") == "foobar");
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    CHECK(*base64_decode(base64_encode(bytes)) == bytes);
    for (std::string_view text : {"Zg", "Zg=", "Zg===", "Z", "=", "Zm9v=", "Zg==Zg==", "Zm9 v", "Zm-_"}) {
        CAPTURE(text);
        CHECK(base64_decode(text).has_error());
    }
}

TEST_CASE("A secret matches itself only, and an empty one nothing") {
    CHECK(matches(Secret("s3cret"), "s3cret"));
    CHECK_FALSE(matches(Secret("s3cret"), "s3cre"));
    CHECK_FALSE(matches(Secret("s3cret"), "s3cret "));
    CHECK_FALSE(matches(Secret(), ""));
}

TEST_CASE("Identifiers sort by time and do not repeat") {
    CHECK(random_hex(16).size() == 32);
    CHECK(random_hex(16) != random_hex(16));
    std::string id = new_id("inv", from_millis(1785578400042));
    CHECK(id.size() == 4 + 26);
    CHECK(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 4) == std::string::npos);
    // The time part, computed apart from this code: 1785578400042 in base 32.
    CHECK(id.substr(0, 14) == "inv_01KYYC8A9A");
    CHECK(id < new_id("inv", from_millis(1785578400043)));
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(new_id("inv", from_millis(1)));
    CHECK(seen.size() == 1000);
}

TEST_CASE("UUIDs are of version 4") {
    std::string uuid = new_uuid();
    CHECK(uuid.size() == 36);
    CHECK(uuid[8] == '-');
    CHECK(uuid[13] == '-');
    CHECK(uuid[14] == '4');
    CHECK(std::string("89ab").find(uuid[19]) != std::string::npos);
    CHECK(uuid[23] == '-');
    CHECK(uuid != new_uuid());
}
