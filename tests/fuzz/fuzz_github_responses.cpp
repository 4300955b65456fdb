// Any bytes as an answer of GitHub's API, header fields too: records or an error, and no address of another host.
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/github/codec.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    const std::string text(fuzz::text_of(data, size));
    const std::string line = text.substr(0, text.find('\n'));
    HttpResponse response;
    response.body = text;
    for (const char* name : {"link", "location", "retry-after", "x-ratelimit-reset"}) response.headers.add(name, line);
    response.headers.add("x-ratelimit-remaining", "0");
    constexpr std::string_view api = "https://api.github.com";
    const auto ours = [&](const std::optional<std::string>& url) {
        if (!url || *url == api) return;
        fuzz::must(to_lower(url->substr(0, api.size())) == api);  // a host's case says nothing
        fuzz::must(url->size() == api.size() || url->find_first_of("/?#", api.size()) == api.size());
    };
    ours(github::next_page(response, api));
    for (const int status : {200, 301, 401, 403, 404, 409, 422, 429, 500}) {
        response.status = status;
        fuzz::must(github::refusal(response, "commits of acme/shop", from_millis(1785578400000)).has_value() == (status != 200));
        ours(github::redirect_target(response, api));
        (void)github::empty_repository(response);
    }
    const auto body = parse_json(text);
    if (!body) return 0;
    (void)github::read_deployments(*body);
    (void)github::read_progress(*body);
    (void)github::read_comparison(*body);
    (void)github::read_pulls(*body);
    (void)github::read_installation_token(*body);
    const auto commits = github::read_commits(*body);
    if (!commits) return 0;
    for (const Change& commit : *commits) fuzz::must(is_sha(commit.sha) && commit.files.size() <= 50 && commit.diff.size() <= 4000);
    return 0;
}
