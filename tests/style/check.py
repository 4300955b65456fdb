#!/usr/bin/env python3
"""Holds the tree to the rules of the house. check.py [ROOT] prints each breach as path:line: what, and fails when there is one."""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
import rules
import selftest
import source

TEXT = ('.cpp', '.hpp', '.py', '.md', '.txt', '.cmake', '.json', '.yaml', '.yml', '.sql', '.js', '.mjs', '.css', '.html', '.sh')
SCRIPTS = ('dev', '.ci/run', 'Dockerfile')
PER_FILE = (rules.include_problems, rules.coroutine_problems, rules.name_problems, rules.text_problems)


def tracked_files(root):
    """What belongs to the tree: known to git or new and not ignored; without git, all but build folders."""
    try:
        listed = subprocess.run(['git', '-C', root, 'ls-files', '-co', '--exclude-standard', '-z'], check=True, capture_output=True)
        return sorted({name for name in listed.stdout.decode().split('\0') if name and os.path.isfile(os.path.join(root, name))})
    except (OSError, subprocess.CalledProcessError):
        found = []
        for folder, folders, names in os.walk(root):
            folders[:] = [f for f in folders if f not in ('build', '.git', '.cache')]
            found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
        return sorted(found)


def main():
    root = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), '..', '..'))

    def read(name):
        with open(os.path.join(root, name), encoding='utf-8') as file:
            return file.read()

    broken = selftest.failures()
    for failure in broken:
        print(f'self-test: {failure}')

    links = rules.LinkRules(read('CMakeLists.txt'))
    texts = {path: read(path) for path in tracked_files(root) if path.endswith(TEXT) or path in SCRIPTS}
    links.shared = rules.shared_headers(texts)
    problems, long_functions, sizes = [], [], []
    for path, text in texts.items():
        fixture = '/fixtures/' in path or path.startswith('tests/style/')
        checks = (rules.name_problems,) if fixture else PER_FILE
        for check in checks:
            problems += [(path, *problem) for problem in check(path, text, links)]
        if path.endswith('.md'):
            problems += [(path, *problem) for problem in rules.link_problems(path, text, lambda f: os.path.exists(os.path.join(root, f)), read)]
        if rules.is_cpp(path):
            sizes.append(text.count('\n'))
            long_functions += [(path, *f) for f in source.functions(text) if f[2] > rules.FUNCTION_LINES]
    problems += rules.twice_defined(texts)
    example = 'config.example.yaml'
    if os.path.exists(os.path.join(root, example)):
        for key in rules.undocumented_keys(read(example), read('docs/operating.md')):
            problems.append(('docs/operating.md', 1, f'does not explain the key `{key}` of {example}'))

    for path, line, what in problems:
        print(f'{path}:{line}: {what}')
    for path, line, name, length in long_functions:
        print(f'note: {path}:{line}: {name} has {length} lines')
    sizes.sort()
    if sizes:
        print(f'style: {len(sizes)} C++ files, median {sizes[len(sizes) // 2]} lines, longest {sizes[-1]}; {len(problems)} breaches')
    return 1 if problems or broken else 0


if __name__ == '__main__':
    sys.exit(main())
