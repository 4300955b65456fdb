"""Processes on loopback that end with the one that started them."""
import contextlib
import os
import resource
import socket
import subprocess
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, 'build', 'bench')
FOLDER = os.path.join(ROOT, 'build', 'gateways')
BINARY = os.path.join(BUILD, 'gumshoe')
TOOL = os.path.join(BUILD, 'bench', 'bench_gateways')
MEMORY = 3 << 30  # bytes a process may have: an answer of 10 GB must not take the machine with it
START = 120       # seconds


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def environment(**more):
    """Nothing leaves this machine: whatever would is sent to a port where nobody listens."""
    nowhere = 'http://127.0.0.1:9'
    kept = {name: os.environ[name] for name in ('PATH', 'HOME', 'LANG') if name in os.environ}
    return {**kept, 'HTTP_PROXY': nowhere, 'HTTPS_PROXY': nowhere, 'http_proxy': nowhere, 'https_proxy': nowhere,
            'NO_PROXY': '127.0.0.1,localhost', 'no_proxy': '127.0.0.1,localhost', **more}


def answers(url):
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


class Process:
    """A server of that command; `health` is a URL that answers once it is up."""

    def __init__(self, name, command, health, env=None, cwd=None):
        self.name, self.command, self.health, self.env, self.cwd = name, command, health, env or environment(), cwd
        self.log = os.path.join(FOLDER, f'{name}.log')
        self.process = None
        self.start()

    def start(self):
        def bounded():
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))

        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env, cwd=self.cwd,
                                            preexec_fn=bounded)
        give_up = time.monotonic() + START
        while not answers(self.health):
            if self.process.poll() is not None or time.monotonic() > give_up:
                self.stop()
                raise RuntimeError(f'{self.name} did not start: see {os.path.relpath(self.log, ROOT)}')
            time.sleep(0.2)

    def serves(self):
        return self.process.poll() is None and answers(self.health)

    def restart(self):
        self.stop()
        self.start()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def stub():
    """The provider that answers at once; yields its address."""
    process = subprocess.Popen([TOOL, 'stub'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield f'http://127.0.0.1:{int(process.stdout.readline())}/v1'
    finally:
        process.stdin.close()
        process.wait(10)


def write(name, text):
    os.makedirs(FOLDER, exist_ok=True)
    path = os.path.join(FOLDER, name)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    return path
