"""Each fault of the wall at the primary, a healthy second model behind it: does the caller get a useful answer, and when?"""
import concurrent.futures
import http.client
import json
import os
import sys
import time
import urllib.parse

from processes import BINARY, FOLDER, Process, free_port, write

DEADLINE = 30  # seconds that the caller waits
EXPECTED = 'the connection pool is exhausted'
SCENARIO = {'title': 'Faults at the primary', 'llm': {'script': [{'answer': {'summary': EXPECTED}}]}}
SCHEMA = {'type': 'object', 'properties': {'summary': {'type': 'string'}}, 'required': ['summary'], 'additionalProperties': False}
TOOL = {'type': 'function', 'function': {'name': 'get_logs', 'description': 'Logs of a service', 'parameters': {
    'type': 'object', 'properties': {'service': {'type': 'string'}}, 'required': ['service'], 'additionalProperties': False}}}
# What a model's name can show (sandbox/wall.cpp). Bare "healthy" is the control: nothing is wrong.
FAULTS = ['healthy', 's01', 's02', 's03', 's04', 's05', 's06', 's07', 's08', 's09', 's10-500', 's10-502', 's10-503', 's10-504', 's11-424',
          's11-408', 's12', 's13', 's14-1', 's15-400', 's15-200', 's15-refusal', 's16', 's17', 's20', 's21', 's22', 's23', 's24', 's25',
          's26', 's27-json', 's27-utf8', 's28', 's29', 's30', 's31', 's32', 's33', 's34-type', 's34-encoding', 's35', 's36', 's37',
          's38-body', 's38-headers', 's39', 's40-status', 's40-code']
STREAMED_ONLY = {'s23', 's26', 's27-json', 's27-utf8', 's28', 's29'}
SILENT = {'s20', 's21', 's22', 's23', 's24'}  # these take many seconds and no processor: side by side


def request(fault, model, stream):
    body = {'model': model, 'stream': stream, 'messages': [{'role': 'user', 'content': 'Why does checkout fail?'}]}
    if fault != 's36':  # there the model's own limit cuts the answer, not the caller's
        body['max_tokens'] = 500
    if fault in ('s16', 's35'):
        body['response_format'] = {'type': 'json_schema', 'json_schema': {'name': 'finding', 'schema': SCHEMA, 'strict': True}}
    if fault == 's37':
        body['tools'] = [TOOL]
    return json.dumps(body)


def whole_message(document):
    """The message of an answer, or why there is none."""
    if not isinstance(document, dict) or not document.get('choices'):
        return None, 'no completion: ' + json.dumps(document)[:80]
    choice = document['choices'][0]
    return {**choice.get('message', {}), 'finish_reason': choice.get('finish_reason')}, ''


def streamed_message(text):
    message, calls, done = {'content': '', 'finish_reason': None}, {}, False
    for line in text.split('\n'):
        if not line.startswith('data:'):
            continue
        data = line[5:].strip()
        if data == '[DONE]':
            done = True
            continue
        chunk = json.loads(data)
        if 'error' in chunk:
            return None, 'an error in the stream'
        for choice in chunk.get('choices', [])[:1]:
            delta = choice.get('delta') or {}
            message['content'] += delta.get('content') or ''
            for call in delta.get('tool_calls') or []:
                one = calls.setdefault(call.get('index', 0), {'function': {'arguments': ''}})
                one['function']['arguments'] += (call.get('function') or {}).get('arguments') or ''
            message['finish_reason'] = choice.get('finish_reason') or message['finish_reason']
    message['tool_calls'] = list(calls.values())
    return (message, '') if done or message['finish_reason'] else (None, 'the stream ends without an end')


def judge(status, body, stream):
    """"" when the answer is useful: whole, ended by the model, and what the question asks for."""
    if status != 200:
        return f'status {status}'
    try:
        message, problem = streamed_message(body) if stream else whole_message(json.loads(body))
        if problem:
            return problem
        for call in message.get('tool_calls') or []:
            json.loads(call['function']['arguments'])
    except (ValueError, TypeError, KeyError, AttributeError):
        return 'unreadable'
    if message.get('tool_calls'):
        return ''
    if not message.get('content'):
        return 'empty'
    if EXPECTED not in message['content']:
        return 'not an answer: ' + message['content'][:40]
    return '' if message['finish_reason'] == 'stop' else f'ended by {message["finish_reason"]}'


def ask(route, fault, stream):
    """Asks once, waits DEADLINE at most. {"useful", "ms", "why"}"""
    start = time.monotonic()
    url = urllib.parse.urlsplit(route['url'])
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=DEADLINE)
    pieces, why = [], ''
    try:
        headers = dict(line.split(': ', 1) for line in route['headers'])
        connection.request('POST', url.path, request(fault, route['model'], stream), headers)
        socket = connection.sock
        response = connection.getresponse()
        while True:
            left = DEADLINE - (time.monotonic() - start)
            if left <= 0:
                raise TimeoutError
            socket.settimeout(left)
            piece = response.read1(65536)
            if not piece:
                break
            pieces.append(piece)
        why = judge(response.status, b''.join(pieces).decode('utf-8', 'replace'), stream)
    except TimeoutError:
        why = 'no end in time'
    except (OSError, http.client.HTTPException) as error:
        why = type(error).__name__
    finally:
        connection.close()
    return {'useful': not why, 'ms': round((time.monotonic() - start) * 1000, 1), 'why': why}


def measure(makers, only):
    wanted = [fault for fault in FAULTS if not only or 'fb-' + fault in only or fault in only]
    port = free_port()
    scenario = write('scenario.json', json.dumps(SCENARIO))
    sandbox = Process('sandbox', [BINARY, 'sandbox', '-s', scenario, '--listen', f'127.0.0.1:{port}', '--write-config',
                                  os.path.join(FOLDER, 'sandbox.json')], f'http://127.0.0.1:{port}/_sandbox/requests')
    second = {'provider': 'anthropic', 'url': f'http://127.0.0.1:{port}/anthropic/v1', 'model': 'claude-sonnet-5'}
    models = {}
    for fault in wanted:
        name = 'gpt-4o' if fault == 'healthy' else 'fb-' + fault
        models['primary-' + fault] = [{'provider': 'openai', 'url': f'http://127.0.0.1:{port}/openai/v1', 'model': name}, second]
    results = []
    try:
        for name, maker in makers.items():
            try:
                results += ask_all(name, maker(models), wanted)
            except RuntimeError as error:
                print(f'skipped {name}: {error}', file=sys.stderr)
    finally:
        sandbox.stop()
    return results


def ask_all(name, contestant, wanted):
    jobs = [(fault, stream) for fault in wanted for stream in (False, True) if stream or fault not in STREAMED_ONLY]
    rows = {}

    def one(job):
        fault, stream = job
        outcome = ask(contestant.route('primary-' + fault), fault, stream)
        if not outcome['useful'] and not contestant.process.serves():
            outcome['why'] += '; the gateway died'
            contestant.process.restart()
        rows[job] = {'gateway': name, 'fault': fault, 'streaming': stream, **outcome}

    try:
        for stream in (False, True):  # the first call of a process pays for what is loaded late
            ask(contestant.route('primary-' + wanted[0]), wanted[0], stream)
        for job in jobs:
            if job[0] not in SILENT:
                one(job)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(one, [job for job in jobs if job[0] in SILENT]))
    finally:
        contestant.stop()
    return [rows[job] for job in jobs]


def table(rows):
    names = list(dict.fromkeys(row['gateway'] for row in rows))
    of = {(row['gateway'], row['fault'], row['streaming']): row for row in rows}
    out = [f'{"fault":<14} {"answers":<9}' + ''.join(f' {name:<34}' for name in names)]
    for fault, stream in dict.fromkeys((row['fault'], row['streaming']) for row in rows):
        cells = []
        for name in names:
            row = of.get((name, fault, stream))
            cells.append('-' if row is None else f'{"yes" if row["useful"] else "NO":<4}{row["ms"]:>8.0f} ms {row["why"][:18]}')
        out.append(f'{fault:<14} {"streaming" if stream else "buffered":<9}' + ''.join(f' {cell:<34}' for cell in cells).rstrip())
    for name in names:
        own = [row for row in rows if row['gateway'] == name]
        useful = sorted(row['ms'] for row in own if row['useful'])
        out.append(f'{name}: {len(useful)} of {len(own)} answered usefully' + (f', slowest {useful[-1]:.0f} ms' if useful else ''))
    return '\n'.join(out) + '\n'
