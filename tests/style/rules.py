"""The rules of the house as functions from a file (path, text) to problems (line, what)."""
import os
import re

import source

CPP = ('.cpp', '.hpp')
LINES = 400
TEST_LINES = 600  # a test's table may be long
FUNCTION_LINES = 70

# Third-party headers and the link target that permits them.
TARGETS = {
    'boost/beast': {'beast'}, 'curl/': {'CURL::libcurl'}, 'openssl/': {'OpenSSL::Crypto', 'OpenSSL::SSL'},
    'SQLiteCpp/': {'SQLiteCpp'}, 'sqlite3.h': {'SQLite::SQLite3', 'SQLiteCpp'}, 'spdlog/': {'spdlog::spdlog'}, 'fmt/': {'spdlog::spdlog', 'fmt::fmt'},
    're2/': {'re2'}, 'git2.h': {'libgit2'}, 'zlib.h': {'ZLIB::ZLIB'}, 'yaml-cpp/': {'yaml-cpp'}, 'CLI/': {'CLI11::CLI11'}, 'libpq-fe.h': {'PostgreSQL::PostgreSQL'},
}
# Heavy headers, and the only sources that may see them.
ONLY_IN = {
    'boost/beast': re.compile(r'^$'),  # nowhere: docs/decisions/0007-own-http-reader.md
    'curl/': re.compile(r'^src/io/(http_client|transfer)\.(cpp|hpp)$'),
    'SQLiteCpp/': re.compile(r'^src/store/'),
    'sqlite3.h': re.compile(r'^src/store/'),
}
# Servers, which are built of heavy headers.
SERVERS = re.compile(r'^(src/io/http_server\.cpp|sandbox/(server|faulty_delivery)\.cpp)$')
# What a header may take from outside besides the standard library.
LEAN = re.compile(r'^(nlohmann/json_fwd\.hpp|boost/asio/(awaitable|any_io_executor)\.hpp|boost/system/result\.hpp)$')
BANNED_NAMES = ('utils', 'util', 'helpers', 'helper', 'manager', 'common')
UNFINISHED = re.compile(r'\b(' + '|'.join(('TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK')) + r')\b')
MACHINE_PATH = re.compile(r'(?<![\w./-])/(?:' + '|'.join(('wo' + 'rk', 'fa' + 'rm', 'ro' + 'ot', 'ho' + r'me/\w+', 'tm' + 'p/bash_jobs')) + r')(?:/|\b)(?!\S*://)')


def is_cpp(path):
    return path.endswith(CPP)


class LinkRules:
    """The dependency rule, read out of CMakeLists.txt: a folder may include itself and what its link line names."""

    def __init__(self, cmake):
        self.links = {}      # folder -> names on its link line
        self.shared = set()  # headers that another folder includes: these must be lean
        cmake = re.sub(r'#[^\n]*', '', cmake)
        for name, folder, rest in re.findall(r'gumshoe_library\(\s*(\S+)\s+(\S+)\s*([^)]*)\)', cmake):
            self.links[folder] = set(rest.split()) - {'PUBLIC', 'PRIVATE'}
        for name, rest in re.findall(r'target_link_libraries\(gumshoe_vendor_(\w+)\s+([^)]*)\)', cmake):
            if not name.startswith('$'):
                self.links[f'integrations/{name}'] = self.of_vendor() | (set(rest.split()) - {'PUBLIC', 'PRIVATE'})

    def of_vendor(self):
        return self.links.get('integrations/${vendor}', set())

    def folder(self, path):
        parts = path.split('/')
        if parts[0] == 'integrations' and len(parts) == 3:
            return '/'.join(parts[:2])
        nested = parts[0] == 'src' or parts[:2] == ['sandbox', 'world']
        return '/'.join(parts[:2]) if nested else parts[0]

    def names(self, folder):
        return self.links[folder] if folder in self.links else self.of_vendor()


def include_problems(path, text, rules):
    top = path.split('/')[0]
    folder = rules.folder(path)
    if top not in ('src', 'integrations', 'sandbox') or (top == 'src' and path.count('/') == 1) or path.startswith('src/io/third_party/'):
        return []
    if top == 'integrations' and path.count('/') == 1:  # the registry and the vendor's own interface
        return []
    names = rules.names(folder)
    found = []
    for match in re.finditer(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', text, re.M):
        line, header = source.line_of(text, match.start()), match.group(2)
        if match.group(1) == '<':
            found += [(line, what) for what in third_party_problems(path, header, names, path in rules.shared)]
        elif not ours_allowed(folder, header, names):
            found.append((line, f'{folder} may not include {header}: its link line does not name it'))
    return found


def ours_allowed(folder, header, names):
    parts = header.split('/')
    if folder == 'src/app':
        return True
    if parts[0] == 'integrations':
        shared = header in ('integrations/vendor.hpp', 'integrations/registry.hpp')
        # A vendor that embeds another's product links it by name (docs/decisions/0008).
        return '/'.join(parts[:2]) == folder or 'gumshoe_vendor_' + parts[1] in names or (shared and (folder.startswith('integrations/') or 'gumshoe_vendors' in names))
    if parts[0] == 'sandbox':
        if parts[1] == 'world':
            return folder == 'sandbox/world' or 'gumshoe_world' in names
        return folder == 'sandbox' or (header == 'sandbox/simulation.hpp' and folder.startswith('integrations/'))
    if parts[0] == 'tests':
        return False
    return parts[0] == 'base' or 'src/' + parts[0] == folder or 'gumshoe_' + parts[0] in names


def shared_headers(texts):
    """Of {path: text}: the headers that a file of another folder includes."""
    found = set()
    for path, text in texts.items():
        heavy = SERVERS.match(path)  # a server is built of heavy headers
        if path.startswith('tests/') or heavy or not is_cpp(path):
            continue
        for header in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M):
            file = header if header.split('/')[0] in ('integrations', 'sandbox') else 'src/' + header
            if os.path.dirname(file) != os.path.dirname(path):
                found.add(file)
    return found


def third_party_problems(path, header, names, shared):
    for prefix, targets in TARGETS.items():
        if header.startswith(prefix):
            if prefix in ONLY_IN:
                if not ONLY_IN[prefix].match(path):
                    yield f'<{header}> belongs to other sources'
            elif not targets & names:
                yield f'<{header}> is not on the link line of this folder'
    if shared and re.match(r'(boost|nlohmann|curl|openssl|spdlog|re2|yaml-cpp|CLI|SQLiteCpp)/|sqlite3\.h|zlib\.h', header) and not LEAN.match(header):
        yield f'<{header}> is too heavy for a header that other folders include'


def coroutine_problems(path, text, _rules=None):
    if not is_cpp(path):
        return []
    found = source.await_problems(text) + source.default_argument_problems(text) + source.lambda_coroutine_problems(text)
    code = source.blank(text)
    found += [(source.line_of(code, m.start()), 'asio::detached: use spawn, which logs and cancels') for m in re.finditer(r'\basio\s*::\s*detached\b', code)]
    return found


def name_problems(path, text, _rules=None):
    words = [word for part in path.split('/') for word in re.split(r'[._-]', part)]
    found = [(1, f'"{word}" says nothing: name what it is about') for word in words if word in BANNED_NAMES]
    if is_cpp(path):
        for match in re.finditer(r'\b(?:class|struct|namespace)\s+(\w*(?:Utils?|Helpers?|Manager|utils?|helpers?))\b', source.blank(text)):
            found.append((source.line_of(text, match.start()), f'"{match.group(1)}" says nothing: name what it is about'))
    return found


def text_problems(path, text, _rules=None):
    found = []
    if text and not text.endswith('\n'):
        found.append((text.count('\n') + 1, 'no line break at the end'))
    for number, line in enumerate(text.split('\n'), 1):
        if line != line.rstrip() and not path.endswith(('.patch', '.txt')):
            found.append((number, 'trailing space'))
        if is_cpp(path) and '\t' in line:
            found.append((number, 'tab'))
        if UNFINISHED.search(line):
            found.append((number, f'unfinished: {UNFINISHED.search(line).group()}'))
        if MACHINE_PATH.search(line):
            found.append((number, f'a path of one machine: {MACHINE_PATH.search(line).group()}'))
    allowed = TEST_LINES if path.startswith('tests/') else LINES
    if is_cpp(path) and text.count('\n') > allowed:
        found.append((1, f'{text.count(chr(10))} lines: over {allowed}, has it one subject?'))
    return found


def anchors(markdown):
    return {re.sub(r'[^\w\- ]', '', title.strip().lower()).replace(' ', '-')
            for title in re.findall(r'^#{1,6}\s+(.*)$', markdown, re.M)}


def link_problems(path, text, exists, read):
    """Links of Markdown files: the file is there, the heading too."""
    found = []
    prose = re.sub(r'```.*?```', lambda m: '\n' * m.group().count('\n'), text, flags=re.S)
    for match in re.finditer(r'(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)', prose):
        target = match.group(1)
        if re.match(r'[a-z]+:', target):
            continue
        name, _, anchor = target.partition('#')
        file = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        line = source.line_of(prose, match.start())
        if not exists(file):
            found.append((line, f'the link {target} leads nowhere'))
        elif anchor and file.endswith('.md') and anchor not in anchors(read(file)):
            found.append((line, f'{file} has no heading #{anchor}'))
    return found


def configuration_keys(yaml):
    bare = re.sub(r'#[^\n]*', '', re.sub(r'"[^"]*"', '""', yaml))
    keys = set(re.findall(r'(?:^|[{,\s-])([a-z][a-z0-9_]*):(?=\s|$)', bare, re.M))
    return keys - {'env', 'file'}


def undocumented_keys(yaml, documentation):
    code = ' '.join(re.findall(r'```.*?```|`[^`\n]+`', documentation, re.S))
    return sorted(key for key in configuration_keys(yaml) if not re.search(rf'\b{key}\b', code))


def types_of(text):
    """(line, qualified name) of the types that a file defines at namespace level with linkage."""
    spaces = []
    for number, line in enumerate(text.split('\n'), 1):
        if opened := re.match(r'namespace\s*([\w:]*)\s*\{\s*(?://.*)?$', line):
            spaces.append(opened.group(1))
        elif re.match(r'\}\s*// namespace', line) and spaces:
            spaces.pop()
        elif defined := re.match(r'(?:struct|class|union)\s+(\w+)\s*(?:final\s*)?(?::[^:;]*)?\{', line):
            if '' not in spaces:
                yield number, '::'.join(spaces + [defined.group(1)])


def twice_defined(texts):
    """Two types of one name in one namespace: the linker takes either's destructor for both, and says nothing."""
    first = {}
    for path in sorted(texts):
        if not is_cpp(path) or not path.startswith(('src/', 'integrations/', 'sandbox/')) or '/third_party/' in path:
            continue
        for line, name in types_of(texts[path]):
            if name in first and first[name] != path:
                yield path, line, f'{name} is defined in {first[name]} too'
            first.setdefault(name, path)
