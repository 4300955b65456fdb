"""C++ as text: comments and literals blanked out (positions kept), and the coroutine rules over what is left."""
import re

LITERALS = re.compile(
    r'R"(?P<tag>[^()\\ ]{0,16})\(.*?\)(?P=tag)"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-zA-Z_])\'(?:\\.|[^\'\\\n])+\'', re.S)


def blank(text):
    """The same text with every comment and literal as spaces (a literal keeps its quotes); line breaks stay."""
    def spaces(match):
        found = match.group()
        keep = not found.startswith('/')
        body = re.sub(r'[^\n]', ' ', found)
        return '"' + body[1:-1] + '"' if keep and len(found) > 1 else body
    return LITERALS.sub(spaces, text)


def line_of(text, position):
    return text.count('\n', 0, position) + 1


def opens_block(code, brace):
    """Whether the '{' at this position opens statements (a body) rather than an initialiser."""
    before = code[:brace].rstrip()
    if not before or before[-1] in ';{}:':
        return True
    if before[-1] == ')':
        return True
    last = re.search(r'[\w:>&*\]]+$', before)
    word = last.group() if last else ''
    if word in ('else', 'do', 'try', 'const', 'noexcept', 'override', 'mutable', 'final'):
        return True
    if word.endswith(']'):  # a lambda without parameters
        return True
    # A trailing return type, a namespace, a class or an enum.
    head = re.split(r'[;{}]', before)[-1]
    return bool(re.search(r'\)\s*(?:const|noexcept|mutable|\s)*->', head) or re.match(r'\s*(?:template\s*<[^{}]*>\s*)?(?:inline\s+)?(?:namespace|class|struct|enum|union|extern)\b', head))


def statement_around(code, position):
    """(start, end) of the statement that holds this position; a block opened inside a statement's head ends it."""
    start, depth = position, 0
    while start > 0:
        c = code[start - 1]
        if c in ')]':
            depth += 1
        elif c in '([':
            depth = max(0, depth - 1)
        elif c == '}':
            if depth == 0 and closes_block(code, start - 1):
                break
            depth += 1
        elif c == '{':
            if depth == 0 and opens_block(code, start - 1):
                break
            depth = max(0, depth - 1)
        elif c == ';' and depth == 0 and not in_for_head(code, start - 1):
            break
        start -= 1
    end, depth = position, 0
    while end < len(code):
        c = code[end]
        if c in '([':
            depth += 1
        elif c in ')]':
            depth -= 1
        elif c == '{':
            if depth <= 0 and opens_block(code, end):
                break
            depth += 1
        elif c == '}':
            depth -= 1
        elif c == ';' and depth <= 0:
            break
        end += 1
    return start, end


def closes_block(code, brace):
    depth = 0
    for i in range(brace, -1, -1):
        if code[i] == '}':
            depth += 1
        elif code[i] == '{':
            depth -= 1
            if depth == 0:
                return opens_block(code, i)
    return True


def in_for_head(code, semicolon):
    depth = 0
    for i in range(semicolon - 1, max(-1, semicolon - 400), -1):
        c = code[i]
        if c == ')':
            depth += 1
        elif c == '(':
            if depth == 0:
                return bool(re.search(r'\bfor\s*$', code[:i]))
            depth -= 1
        elif c in '{}' or (c == ';' and depth > 0):
            return False
    return False


STANDS_ALONE = re.compile(
    r'^(?:co_return\s+)?co_await\b'                      # co_await f(x);  co_return co_await f(x);
    r'|^(?:[\w:<>,&*\s.\[\]]|->)+?=\s*co_await\b'        # auto v = co_await f(x);  v = co_await f(x);
    r'|^(?:static_cast<void>|\(void\))\s*\(?\s*co_await\b')


def await_problems(text):
    """(line, what) for each co_await that does not stand alone in its statement."""
    code = blank(text)
    found = []
    for match in re.finditer(r'\bco_await\b', code):
        start, end = statement_around(code, match.start())
        statement = code[start:end]
        bare = re.sub(r'^\s*(?:(?:case\s(?:[^:]|::)*|default)\s*:(?!:)|else\b)?\s*', '', statement)
        line = line_of(code, match.start())
        if len(re.findall(r'\bco_await\b', statement)) > 1:
            found.append((line, 'more than one co_await in a statement'))
        elif re.search(r'\?|&&|\|\||\band\b|\bor\b', statement):
            found.append((line, 'co_await beside ?, && or ||'))
        elif '{' in statement:
            found.append((line, 'co_await beside a braced initialiser or a lambda'))
        elif not STANDS_ALONE.match(bare):
            found.append((line, 'co_await does not stand alone in its statement'))
    return found


def matching(code, opening):
    """Position behind the bracket that closes the one at `opening`."""
    pairs = {'(': ')', '{': '}', '[': ']', '<': '>'}
    closing, depth = pairs[code[opening]], 0
    for i in range(opening, len(code)):
        if code[i] == code[opening]:
            depth += 1
        elif code[i] == closing:
            depth -= 1
            if depth == 0:
                return i + 1
    return len(code)


def default_argument_problems(text):
    """Functions that yield a task or an awaitable and have a default argument."""
    code = blank(text)
    found = []
    for match in re.finditer(r'\b(?:task|awaitable)\s*<', code):
        after = matching(code, match.end() - 1)
        name = re.match(r'\s+(?:\w+::)*(\w+)\s*\(', code[after:])
        if not name:
            continue
        opening = after + name.end() - 1
        if re.search(r'(?<![=!<>])=(?!=)', code[opening:matching(code, opening)]):
            found.append((line_of(code, match.start()), f'{name.group(1)}: a coroutine has no default arguments'))
    return found


def lambda_coroutine_problems(text):
    """Capturing lambdas that are coroutines and have no name of their own: their captures die before they end."""
    code = blank(text)
    found = []
    for match in re.finditer(r'\[([^\[\]]*)\]\s*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)\s*)?(?:mutable\s*)?(?:->\s*[\w:<>,\s]+?)?\s*\{', code):
        body = code[match.end() - 1:matching(code, match.end() - 1)]
        is_coroutine = re.search(r'\bco_(?:await|return|yield)\b', body)
        kept = re.search(r'(?:=|\breturn)\s*$', code[:match.start()])
        if is_coroutine and match.group(1).strip() and not kept:
            found.append((line_of(code, match.start()), 'a capturing lambda is a coroutine and has no name that outlives it'))
    return found


def functions(text):
    """(line, name, length) of every function body."""
    code = blank(text)
    found = []

    def scan(start, end):
        i = start
        while i < end:
            if code[i] != '{':
                i += 1
                continue
            close = matching(code, i)
            head = re.split(r'[;{}]', code[:i])[-1]
            if re.match(r'\s*(?:template\s*<.*?>\s*)?(?:inline\s+)?(?:namespace|class|struct|union|extern)\b', head, re.S) and ')' not in head:
                scan(i + 1, close - 1)
            elif opens_block(code, i):
                name = re.findall(r'([~\w]+)\s*\(', head)
                first = line_of(code, i - len(head.lstrip()))
                found.append((first, name[0] if name else '?', line_of(code, close - 1) - first + 1))
            i = close
    scan(0, len(code))
    return found
