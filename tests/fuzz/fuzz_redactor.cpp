// A configured secret somewhere in any text, in the forms it travels in: it never comes out.
#include <string>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "evidence/redact.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace gumshoe;

const std::string secret = "hunter2/pa\"ss+w0rd";

void must_be_gone(const std::string& text) {
    for (const std::string& form : {secret, url_encode(secret), base64_encode(secret), std::string("hunter2\\/pa\\\"ss+w0rd")}) {
        fuzz::must(text.find(form) == std::string::npos);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Redactor redactor({Secret(secret), Secret("0123456789abcdef")});
    const std::string text(fuzz::text_of(data, size));
    const std::string clean = redactor.redact(text);
    must_be_gone(clean);
    must_be_gone(redactor.redact(clean));

    const std::size_t at = size == 0 ? 0 : data[0] * size / 256;
    const std::string hidden = secret.substr(0, 5) + "\u200b" + secret.substr(5);
    for (const std::string& form : {secret, url_encode(secret), base64_encode(secret), hidden}) {
        const std::string planted = text.substr(0, at) + form + text.substr(at);
        must_be_gone(redactor.redact(planted));
        must_be_gone(redactor.redact_known(planted));
    }
    return 0;
}
