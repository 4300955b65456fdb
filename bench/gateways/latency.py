"""What a gateway adds to a call: the same load, straight to the stub and through each, in turns."""
import json
import os
import subprocess
import sys

from contestants import Gumshoe
from processes import TOOL, stub

IN_FLIGHT = [1, 16]
MEMORY_FOLDER = '/dev/shm'
REQUEST = {'messages': [{'role': 'system', 'content': 'You investigate an alert. Say what is wrong and since when.'},
                        {'role': 'user', 'content': 'checkout answers 5xx. ' + 'It logged "connection pool exhausted" 412 times. ' * 60}],
           'max_tokens': 1000}


def measure(makers, calls, rounds):
    """One row a figure; `added_*` and `times_less` (than Portkey adds) stand in ours and theirs alike."""
    running = []
    try:
        with stub() as url:
            models = {'stub': [{'provider': 'openai', 'url': url, 'model': 'gpt-4o'}]}
            for name, maker in makers.items():
                start(running, name, lambda: maker(models))
                if maker is Gumshoe and os.access(MEMORY_FOLDER, os.W_OK):
                    start(running, 'gumshoe', lambda: Gumshoe(models, MEMORY_FOLDER, 'gumshoe, journal in memory'))
            direct = {'url': url + '/chat/completions', 'model': 'gpt-4o', 'headers': ['Content-Type: application/json']}
            routes = [{'name': 'direct', **direct}] + [{'name': one.process.name, **one.route('stub')} for one in running]
            plan = {'request': REQUEST, 'calls': calls, 'rounds': rounds, 'in_flight': IN_FLIGHT, 'routes': routes}
            done = subprocess.run([TOOL, 'load'], input=json.dumps(plan), capture_output=True, text=True, timeout=3600)
            if done.returncode != 0:
                raise RuntimeError('the load generator failed: ' + done.stderr)
            return compared(json.loads(done.stdout))
    finally:
        for one in running:
            one.stop()


def start(running, name, make):
    try:
        running.append(make())
    except RuntimeError as error:
        print(f'skipped {name}: {error}', file=sys.stderr)


def compared(rows):
    of = {(row['route'], row['streaming'], row['in_flight']): row for row in rows}
    for row in rows:
        direct = of['direct', row['streaming'], row['in_flight']]
        portkey = of.get(('portkey', row['streaming'], row['in_flight']))
        for share in ('p50', 'p99'):
            row[f'added_{share}_us'] = row[f'{share}_us'] - direct[f'{share}_us']
            theirs = portkey[f'{share}_us'] - direct[f'{share}_us'] if portkey else None
            own = row[f'added_{share}_us']
            row[f'portkey_adds_{share}_times'] = theirs / own if theirs and own > 0 and not portkey['failures'] else None
    return rows


def table(rows):
    out = [f'{"answers":<10} {"in flight":>9}  {"through":<28} {"calls/s":>8} {"p50 us":>9} {"p99 us":>9} {"+p50 us":>9} {"+p99 us":>9}'
           f' {"Portkey adds":>18}']
    for row in rows:
        times = [row[f'portkey_adds_{share}_times'] for share in ('p50', 'p99')]
        ratio = ' / '.join(f'{one:.1f}x' if one else '-' for one in times)
        failed = f'  FAILED: {row["failures"]} of {row["calls"]}' if row['failures'] else ''
        out.append(f'{"streaming" if row["streaming"] else "buffered":<10} {row["in_flight"]:>9}  {row["route"]:<28} {row["per_second"]:>8.0f}'
                   f' {row["p50_us"]:>9.0f} {row["p99_us"]:>9.0f} {row["added_p50_us"]:>9.0f} {row["added_p99_us"]:>9.0f} {ratio:>18}{failed}')
    return '\n'.join(out) + '\n'
