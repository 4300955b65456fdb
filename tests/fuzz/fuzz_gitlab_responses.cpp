// Any bytes as an answer of GitLab's API, header fields too: records or an error, and no address of another host.
#include <nlohmann/json.hpp>

#include "integrations/gitlab/codec.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    const std::string text(fuzz::text_of(data, size));
    const std::string line = text.substr(0, text.find('\n'));
    HttpResponse response;
    response.body = text;
    for (const char* name : {"x-next-page", "location", "retry-after", "ratelimit-reset"}) response.headers.add(name, line);
    constexpr std::string_view origin = "https://gitlab.com";
    const auto page = gitlab::next_page(response);
    fuzz::must(page.find_first_not_of("0123456789") == std::string::npos);
    for (const int status : {200, 301, 400, 401, 403, 404, 429, 500}) {
        response.status = status;
        const auto refused = gitlab::refusal(response, "the commits of team/shop", from_millis(1785578400000));
        fuzz::must(refused.has_value() == (status != 200));
        fuzz::must(!refused || (refused->error.message.size() < 500 && refused->error.message.find('\n') == std::string::npos));
        const auto moved = gitlab::redirect_target(response, "https://gitlab.com/api/v4");
        fuzz::must(!moved || moved->size() == origin.size() || moved->substr(origin.size()).find_first_of("/?#") == 0);
    }
    // What may be asked for never leaves its segment of the path.
    const auto project = gitlab::parse_project(line);
    const auto prefix = "https://gitlab.com/api/v4/projects/";
    if (project) {
        const auto url = gitlab::commit_request("https://gitlab.com/api/v4", *project, line).url;
        fuzz::must(url.starts_with(prefix) && std::ranges::count(url, '/') == 9);
    }
    const auto body = parse_json(text);
    if (!body) return 0;
    (void)gitlab::read_deployments(*body);
    (void)gitlab::read_merge_requests(*body);
    (void)gitlab::read_comparison(*body);
    (void)gitlab::read_tag(*body);
    Change change;
    (void)gitlab::add_diffs(change, *body);
    fuzz::must(change.files.size() <= 50 && change.diff.size() <= 4000);
    const auto commits = gitlab::read_commits(*body);
    if (!commits) return 0;
    for (const Change& commit : *commits) fuzz::must(is_sha(commit.sha));
    return 0;
}
