"""The gateways: how each is installed, started, and told where its providers are.

A contestant is asked for a list of models: {name: [primary, fallback...]}; a place is {"provider", "url", "model"}, where the URL is
the root that the vendor's paths are appended to. Keys are whatever: nobody here checks them.
"""
import filecmp
import json
import os
import shutil
import subprocess

from processes import BINARY, FOLDER, Process, environment, free_port, write

HERE = os.path.dirname(os.path.abspath(__file__))
TOKEN = 'bench-token-0123456789'
KEY = 'sk-bench-0123456789'
SILENCE = 10  # seconds that the others are told to wait for an answer of a provider; they have no such limit by themselves


class Gumshoe:
    name = 'gumshoe'

    @staticmethod
    def install():
        return None if os.path.exists(BINARY) else 'not built: ./dev bench gateways'

    def __init__(self, models, folder=FOLDER, name='gumshoe'):
        self.name = name
        self.port = free_port()
        targets, chains = {}, {}
        for model, places in models.items():
            chains[model] = []
            for place in places:
                target = f'{place["provider"]}-{place["model"]}'.replace('.', '-')
                targets[target] = {'name': target, 'provider': place['provider'], 'model': place['model'], 'api_url': place['url'],
                                   'api_key': f'{KEY}-{target}', 'account': target}
                chains[model].append(target)
        chains.setdefault('default', list(targets)[:1])
        self.database = os.path.join(folder, f'{name}-{os.getpid()}.db')
        config = {'server': {'listen': '127.0.0.1:0'}, 'admin': {'listen': '127.0.0.1:0'}, 'store': {'sqlite': self.database},
                  'llm': {'targets': list(targets.values()), 'chains': chains, 'budget': {'per_day_usd': 1000000}},
                  'gateway': {'listen': f'127.0.0.1:{self.port}', 'deadline': '28s', 'tokens': [{'name': 'bench', 'token': TOKEN}]}}
        path = write(f'{name}.yaml', json.dumps(config, indent=1))  # JSON is YAML
        self.process = Process(name, [BINARY, 'serve', '-c', path], f'http://127.0.0.1:{self.port}/v1/models')

    def route(self, model):
        return {'url': f'http://127.0.0.1:{self.port}/v1/chat/completions', 'model': model,
                'headers': ['Content-Type: application/json', f'Authorization: Bearer {TOKEN}']}

    def stop(self):
        self.process.stop()
        for ending in ('', '-wal', '-shm', '.lock'):
            if os.path.exists(self.database + ending):
                os.remove(self.database + ending)


class Portkey:
    name = 'portkey'
    folder = os.path.join(FOLDER, 'portkey')

    @classmethod
    def install(cls):
        if not (shutil.which('node') and shutil.which('npm')):
            return 'node and npm are not installed'
        lock = os.path.join(HERE, 'portkey', 'package-lock.json')
        mark = os.path.join(cls.folder, 'installed.json')
        if os.path.exists(mark) and filecmp.cmp(lock, mark, shallow=False):
            return None
        os.makedirs(cls.folder, exist_ok=True)
        for file in ('package.json', 'package-lock.json'):
            shutil.copy(os.path.join(HERE, 'portkey', file), cls.folder)
        done = subprocess.run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], cwd=cls.folder, timeout=600,
                              capture_output=True, text=True)
        if done.returncode != 0:
            return 'npm ci failed: ' + done.stderr.strip()[-300:]
        shutil.copy(lock, mark)
        return None

    def __init__(self, models):
        self.models = models
        self.port = free_port()
        start = os.path.join(self.folder, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js')
        loopback = os.path.join(HERE, 'portkey', 'loopback.mjs')
        self.process = Process(self.name, ['node', '--import', loopback, start, f'--port={self.port}', '--headless'],
                               f'http://127.0.0.1:{self.port}/', environment(NODE_ENV='production'), self.folder)

    def route(self, model):
        """Portkey's configuration travels with each request. No retries: with them a dead account costs it seconds."""
        def target(place):
            return {'provider': place['provider'], 'api_key': KEY, 'custom_host': place['url'], 'request_timeout': SILENCE * 1000,
                    'override_params': {'model': place['model']}}

        places = [target(place) for place in self.models[model]]
        config = places[0] if len(places) == 1 else {'strategy': {'mode': 'fallback'}, 'targets': places}
        return {'url': f'http://127.0.0.1:{self.port}/v1/chat/completions', 'model': self.models[model][0]['model'],
                'headers': ['Content-Type: application/json', 'x-portkey-config: ' + json.dumps(config)]}

    def stop(self):
        self.process.stop()


class LiteLlm:
    name = 'litellm'
    folder = os.path.join(FOLDER, 'litellm')

    @classmethod
    def install(cls):
        wanted = os.path.join(HERE, 'litellm', 'requirements.txt')
        mark = os.path.join(cls.folder, 'installed.txt')
        if os.path.exists(mark) and filecmp.cmp(wanted, mark, shallow=False):
            return None
        for command in (['python3', '-m', 'venv', cls.folder],
                        [os.path.join(cls.folder, 'bin', 'pip'), 'install', '-q', '--disable-pip-version-check', '-r', wanted]):
            done = subprocess.run(command, timeout=1800, capture_output=True, text=True)
            if done.returncode != 0:
                return f'{os.path.basename(command[0])} failed: ' + done.stderr.strip()[-300:]
        shutil.copy(wanted, mark)
        return None

    def __init__(self, models):
        self.port = free_port()
        entries, fallbacks = {}, []
        for model, places in models.items():
            names = [model] + [f'{place["provider"]}-{place["model"]}' for place in places[1:]]
            for name, place in zip(names, places):
                # Its client for Anthropic appends the version of the path by itself.
                url = place['url'].removesuffix('/v1') if place['provider'] == 'anthropic' else place['url']
                entries[name] = {'model_name': name, 'litellm_params': {'model': f'{place["provider"]}/{place["model"]}', 'api_base': url,
                                                                        'api_key': KEY}}
            if len(places) > 1:
                fallbacks.append({model: names[1:]})
        config = {'model_list': list(entries.values()), 'litellm_settings': {'telemetry': False},
                  'router_settings': {'num_retries': 0, 'timeout': SILENCE, 'stream_timeout': SILENCE, 'fallbacks': fallbacks}}
        path = write('litellm.yaml', json.dumps(config, indent=1))
        quiet = environment(LITELLM_LOCAL_MODEL_COST_MAP='True', LITELLM_TELEMETRY='False', DISABLE_ADMIN_UI='True', LITELLM_LOG='ERROR')
        command = [os.path.join(self.folder, 'bin', 'litellm'), '--config', path, '--host', '127.0.0.1', '--port', str(self.port),
                   '--num_workers', '1']
        self.process = Process(self.name, command, f'http://127.0.0.1:{self.port}/health/liveliness', quiet, self.folder)

    def route(self, model):
        return {'url': f'http://127.0.0.1:{self.port}/v1/chat/completions', 'model': model, 'headers': ['Content-Type: application/json']}

    def stop(self):
        self.process.stop()


ALL = {'gumshoe': Gumshoe, 'portkey': Portkey, 'litellm': LiteLlm}
