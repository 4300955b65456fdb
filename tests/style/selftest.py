"""The checker's own negative control: each rule must find what it is for, and must leave good code alone."""
import rules
import source

CMAKE = '''
gumshoe_library(base src/base PUBLIC boost_headers PRIVATE OpenSSL::Crypto)
gumshoe_library(io src/io PUBLIC gumshoe_base PRIVATE CURL::libcurl)
gumshoe_library(evidence src/evidence PUBLIC gumshoe_base gumshoe_alert PRIVATE re2)
gumshoe_library(vendor_${vendor} integrations/${vendor} PUBLIC gumshoe_base gumshoe_io gumshoe_evidence)
target_link_libraries(gumshoe_vendor_github PRIVATE OpenSSL::Crypto)
gumshoe_library(sandbox sandbox PUBLIC gumshoe_io gumshoe_vendors)
gumshoe_library(app src/app PUBLIC gumshoe_base)
'''

BAD_AWAITS = (
    'task<int> f() { if (co_await g()) co_return 1; }',
    'task<int> f() { while (co_await g()) {} }',
    'task<int> f() { switch (co_await g()) { default: co_return 1; } }',
    'task<int> f() { auto v = ok ? co_await g() : 1; }',
    'task<int> f() { bool v = a && co_await g(); }',
    'task<int> f() { auto v = co_await g(Options{1, 2}); }',
    'task<int> f() { auto v = co_await g({1, 2}); }',
    'task<int> f() { auto v = co_await g([&] { return 1; }); }',
    'task<int> f() { auto v = co_await g(co_await h()); }',
    'task<int> f() { auto v = (co_await g()).value(); }',
    'task<int> f() { use(co_await g()); }',
    'task<int> f() { auto v = 1 + co_await g(); }',
    'task<int> f() { for (auto& x : co_await g()) use(x); }',
    'task<int> f() { if (a) co_await g(); }',
    'task<int> f() { return_to(x).y = 1; v = h() + co_await g(); }',
)
GOOD_AWAITS = (
    'task<int> f() { co_await g(x); }',
    'task<int> f() { auto v = co_await g(std::move(x), {}.a()); }'.replace('{}.a()', 'y'),
    'task<int> f() { const auto v = co_await g(x); }',
    'task<int> f() { std::pair<int, std::string> v = co_await g(x); }',
    'task<int> f() { this->v = co_await g(x); a.b[1] = co_await g(x); p->v = co_await g(x); }',
    'task<int> f() { co_return co_await g(x); }',
    'task<int> f() { if (a && b) { co_await g(x); } else { v = co_await g(x); } }',
    'task<int> f() { switch (k) { case Kind::one: co_return co_await g(x); default: co_return co_await h(x); } }',
    'task<int> f() { auto fn = [a] { return a ? 1 : 2; }; auto v = co_await g(std::move(fn)); }',
    'task<int> f() { Options o{1, 2}; auto v = co_await g(o); }',
    'task<int> f() { for (int i = 0; i < n; ++i) { co_await g(i); } }',
    'task<int> C::f() const override { co_await g(x); }',
    'auto f() -> task<int> { co_await g(x); }',
    '// if (co_await f()) is what we do not write\ntask<int> f() { log("a ? co_await b : c"); co_await g(); }',
    'template <class T>\ntask<void> keep(T& t) { for (int page = 1;; ++page) { auto a = co_await t.call(b, c); if (!a) co_return a.error(); } }',
)


def failures():
    found = []

    def expect(condition, what):
        if not condition:
            found.append(what)

    for snippet in BAD_AWAITS:
        expect(source.await_problems(snippet), f'passes: {snippet}')
    for snippet in GOOD_AWAITS:
        expect(not source.await_problems(snippet), f'refused: {snippet}: {source.await_problems(snippet)}')

    expect(source.default_argument_problems('task<std::vector<int>> f(int a, int b = 2);'), 'a default argument passes')
    expect(source.default_argument_problems('awaitable<void> C::f(std::string s = {}) {}'), 'a default argument passes')
    expect(not source.default_argument_problems('task<int> f(int a);\nint g(int b = 2);\ntask<int> x = f(1);'), 'no default argument is refused')
    expect(source.lambda_coroutine_problems('spawn("x", [this]() -> awaitable<void> { co_await f(); }());'), 'an unnamed coroutine lambda passes')
    expect(not source.lambda_coroutine_problems('auto work = [this]() -> awaitable<void> { co_await f(); };'), 'a named coroutine lambda is refused')
    expect(not source.lambda_coroutine_problems('run([] { return 1; }); a[i] = 2;'), 'a plain lambda is refused')
    expect(rules.coroutine_problems('a.cpp', 'co_spawn(e, f(), boost::asio::detached);'), 'detached passes')

    include_self_test(expect)
    text_self_test(expect)

    long_body = 'int f(int a) {\n' + '    a += 1;\n' * 80 + '}\nint g() { return 1; }\n'
    expect(source.functions('namespace x {\n' + long_body + '}\n')[:1] == [(2, 'f', 82)], 'a function is measured wrongly')
    twin = 'namespace gumshoe {\nstruct Place {\n};\n}  // namespace gumshoe\n'
    hidden = 'namespace gumshoe {\nnamespace {\nstruct Place {\n};\n}  // namespace\n}  // namespace gumshoe\n'
    expect(list(rules.twice_defined({'src/a/a.hpp': twin, 'src/b/b.hpp': twin})), 'one type name defined in two folders passes')
    expect(not list(rules.twice_defined({'src/a/a.hpp': twin, 'src/b/b.cpp': hidden})), 'a hidden type of the same name is refused')
    return found


def include_self_test(expect):
    links = rules.LinkRules(CMAKE)
    links.shared = rules.shared_headers({'src/alert/a.cpp': '#include "base/json.hpp"\n#include "io/sse.hpp"\n#include "base/task.hpp"\n',
                                         'src/io/b.cpp': '#include "io/http_connection.hpp"\n'})

    def refused(path, include):
        return bool(rules.include_problems(path, f'#include {include}\n', links))

    for path, include in (
            ('src/evidence/a.cpp', '"llm/router.hpp"'), ('src/evidence/a.cpp', '"store/store.hpp"'), ('src/base/a.cpp', '"io/sse.hpp"'),
            ('src/evidence/a.cpp', '"integrations/slack/slack.hpp"'), ('src/io/http_server.cpp', '<boost/beast/http.hpp>'), ('src/evidence/a.cpp', '<curl/curl.h>'),
            ('src/evidence/a.cpp', '<SQLiteCpp/SQLiteCpp.h>'), ('integrations/slack/a.cpp', '"integrations/datadog/datadog.hpp"'),
            ('integrations/slack/a.cpp', '"store/store.hpp"'), ('integrations/slack/a.cpp', '"app/config.hpp"'), ('integrations/slack/a.cpp', '<openssl/evp.h>'),
            ('src/base/json.hpp', '<nlohmann/json.hpp>'), ('src/io/sse.hpp', '<boost/asio/steady_timer.hpp>'), ('src/io/a.cpp', '"tests/support/loop.hpp"')):
        expect(refused(path, include), f'{path} may include {include}')
    for path, include in (
            ('src/evidence/a.cpp', '"alert/alert.hpp"'), ('src/evidence/a.cpp', '<re2/re2.h>'),
            ('src/io/http_client.cpp', '<curl/curl.h>'), ('integrations/slack/a.cpp', '"integrations/vendor.hpp"'), ('integrations/slack/a.cpp', '"evidence/source.hpp"'),
            ('integrations/slack/a.cpp', '"integrations/slack/slack.hpp"'), ('integrations/slack/sandbox.cpp', '"sandbox/simulation.hpp"'),
            ('integrations/github/app_token.cpp', '<openssl/evp.h>'), ('integrations/github/a.cpp', '"io/http_client.hpp"'),
            ('src/app/wiring.cpp', '"integrations/registry.hpp"'), ('src/base/json.hpp', '<nlohmann/json_fwd.hpp>'),
            ('src/base/json.cpp', '<nlohmann/json.hpp>'), ('src/io/http_connection.hpp', '<boost/asio/ip/tcp.hpp>'), ('sandbox/a.cpp', '"base/json.hpp"'),
            ('src/base/task.hpp', '<boost/asio/awaitable.hpp>')):
        expect(not refused(path, include), f'{path} may not include {include}')


def text_self_test(expect):
    for path, text in (('a.cpp', 'int a; \n'), ('a.cpp', '\tint a;\n'), ('a.cpp', 'int a;'), ('a.cpp', '// TO' + 'DO later\n'), ('a.md', 'see /wo' + 'rk/main\n'),
                       ('a.cpp', 'int a;\n' * 401)):
        expect(rules.text_problems(path, text), f'passes: {text[:40]!r}')
    expect(not rules.text_problems('a.cpp', '// a network/work/main path and https://example.com/work/x\n'), 'a harmless path is refused')
    for path, text in (('src/base/utils.cpp', ''), ('src/common/a.hpp', ''), ('a.hpp', 'class JobManager {\n')):
        expect(rules.name_problems(path, text), f'the name passes: {path} {text}')
    expect(not rules.name_problems('src/base/text.cpp', '// a manager\n'), 'a comment is refused as a name')

    def links(text):
        return rules.link_problems('docs/a.md', text, lambda f: f in ('docs/b.md', 'README.md', 'docs/a.md'), lambda f: '# One\n## Two words\n')
    for text in ('[x](c.md)', '[x](../docs/c.md)', '[x](b.md#three)', '[x](#three)'):
        expect(links(text), f'the link passes: {text}')
    for text in ('[x](b.md)', '[x](../README.md)', '[x](b.md#two-words)', '[x](https://example.com/)', '```\n[x](c.md)\n```'):
        expect(not links(text), f'the link is refused: {text}')

    yaml = 'server:\n  listen: 0.0.0.0:8080  # a comment: no\nroutes:\n  - {match: {service: a}, token: {env: X}}\n'
    expect(rules.configuration_keys(yaml) == {'server', 'listen', 'routes', 'match', 'service', 'token'}, 'keys are read wrongly')
    expect(rules.undocumented_keys(yaml, '`server` `listen` `routes` `match` `service`') == ['token'], 'a key without words passes')
