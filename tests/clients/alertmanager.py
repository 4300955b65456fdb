#!/usr/bin/env python3
"""A real Alertmanager judges the webhooks: it groups, posts, retries, repeats and resolves, and the admin API says what became of it.

alertmanager.py [--gumshoe PATH] [--alertmanager PATH]; without arguments $GUMSHOE_BINARY and $ALERTMANAGER_BINARY, else Debian's package
is unpacked into build/. Between both stands a proxy that keeps what was posted and answers 503 when it is told to.
"""
import argparse
import hashlib
import http.client
import http.server
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta, timezone

ADMIN = 'admin-token-of-this-test'
BEARER = 'bearer-token-of-this-test'
PASSWORD = 'basic-password-of-this-test'
RULE = '019f98ae-fd65-7045-900b-449c89fe739b'
HERE = os.path.dirname(os.path.abspath(__file__))

passed, failed = 0, 0


def check(what, holds, seen=None):
    global passed, failed
    if holds:
        passed += 1
        print(f'  ok    {what}')
    else:
        failed += 1
        print(f'  FAIL  {what}' + (f': {seen!r}' if seen is not None else ''))
    sys.stdout.flush()


def wait_for(what, seconds, look):
    """The first true answer of look(); None and a failure after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    check(f'{what} within {seconds} s', False)
    return None


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def call(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Proxy:
    """Passes webhooks on to Gumshoe, plays PagerDuty's events API, and keeps all of it."""

    def __init__(self, target):
        self.target, self.posts, self.unavailable, self.lock = target, [], 0, threading.Lock()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
                status, answer = proxy.answer(self.path, body, self.headers)
                with proxy.lock:
                    proxy.posts.append({'path': self.path, 'status': status, 'body': json.loads(body), 'bytes': body, 'answer': answer,
                                        'agent': self.headers.get('User-Agent', '')})
                self.send_response(status)
                self.send_header('Content-Length', str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path, body, headers):
        if path == '/v2/enqueue':
            return 202, b'{"status":"success"}'
        with self.lock:
            if self.unavailable > 0:
                self.unavailable -= 1
                return 503, b'try again'
        passed_on = {name: headers[name] for name in ('Content-Type', 'User-Agent', 'Authorization') if headers[name]}
        return call(self.target, 'POST', path, body, passed_on)

    def seen(self, path, **wanted):
        with self.lock:
            return [post for post in self.posts if post['path'] == path and all(post[key] == value for key, value in wanted.items())]


ALERTMANAGER = '''
global: {{resolve_timeout: 5m, http_config: {{follow_redirects: true}}}}
route:
  receiver: gumshoe
  group_by: [service]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 6s
  routes:
    - {{matchers: ['ruleSource=~".+"'], receiver: signoz, group_by: [ruleId, alertname]}}
    - {{matchers: ['team="strangers"'], receiver: stranger}}
receivers:
  - name: gumshoe
    webhook_configs:
      - {{url: 'http://127.0.0.1:{proxy}/webhooks/alertmanager', http_config: {{authorization: {{credentials: {bearer}}}}}}}
    pagerduty_configs:
      - {{url: 'http://127.0.0.1:{proxy}/v2/enqueue', routing_key: 0123456789abcdef0123456789abcdef}}
  - name: signoz
    webhook_configs:
      - {{url: 'http://127.0.0.1:{proxy}/webhooks/signoz', http_config: {{basic_auth: {{username: signoz, password: {password}}}}}}}
  - name: stranger
    webhook_configs:
      - {{url: 'http://127.0.0.1:{proxy}/webhooks/alertmanager', http_config: {{authorization: {{credentials: another-token-altogether}}}}}}
'''


class Stage:
    def __init__(self, gumshoe, alertmanager, folder):
        self.folder, self.processes, self.investigation = folder, [], None
        self.public, self.admin_port, self.alertmanager = free_port(), free_port(), free_port()
        self.proxy = Proxy(self.public)
        self.began = datetime.now(timezone.utc)
        config = {'server': {'listen': f'127.0.0.1:{self.public}'},
                  'admin': {'listen': f'127.0.0.1:{self.admin_port}', 'tokens': [{'name': 'test', 'token': ADMIN, 'scopes': ['read']}]},
                  'store': {'sqlite': os.path.join(folder, 'gumshoe.db')},
                  'alertmanager': {'webhook': {'token': BEARER}},
                  'signoz': {'webhook': {'basic': {'user': 'signoz', 'password': PASSWORD}}}}
        self.write('gumshoe.yaml', json.dumps(config))
        self.write('alertmanager.yaml', ALERTMANAGER.format(proxy=self.proxy.port, bearer=BEARER, password=PASSWORD))
        self.commands = {
            'gumshoe': ([gumshoe, 'serve', '-c', self.path('gumshoe.yaml')], folder),
            # Where the package was unpacked its templates are found from its own root.
            'alertmanager': ([alertmanager, '--config.file', self.path('alertmanager.yaml'), '--storage.path', self.path('data'),
                              '--web.listen-address', f'127.0.0.1:{self.alertmanager}', '--cluster.listen-address', ''],
                             os.path.join(os.path.dirname(alertmanager), '..', '..'))}

    def begin(self):
        for name, port, path in (('gumshoe', self.public, '/readyz'), ('alertmanager', self.alertmanager, '/-/ready')):
            self.start(name, *self.commands[name])
            self.ready(name, port, path)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)

    def start(self, name, command, folder):
        with open(self.path(name + '.log'), 'wb') as log:
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder))

    def ready(self, name, port, path):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                if call(port, 'GET', path)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        with open(self.path(name + '.log'), encoding='utf-8', errors='replace') as log:
            sys.exit(f'{name} did not start:\n{log.read()[-3000:]}')

    def tell_logs(self):
        for name in self.commands:
            with open(self.path(name + '.log'), encoding='utf-8', errors='replace') as log:
                print(f'--- {name}\n{log.read()[-4000:]}')

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()

    def admin(self, path):
        status, body = call(self.admin_port, 'GET', '/api/v1' + path, headers={'Authorization': 'Bearer ' + ADMIN})
        if status != 200:
            raise RuntimeError(f'{path}: {status} {body[:300]!r}')
        return json.loads(body)

    def deliveries(self, source, verdict):
        return self.admin(f'/deliveries?source={source}&verdict={verdict}&limit=100')['items']

    def investigations(self, source):
        return [one for one in self.admin('/investigations?limit=100')['items'] if one['source'] == source]

    def alert(self, labels, annotations=None, over=False):
        """As Prometheus posts it: the same start each time, an end that it keeps moving ahead."""
        now = datetime.now(timezone.utc)
        end = now if over else now + timedelta(minutes=10)
        return {'labels': labels, 'annotations': annotations or {}, 'startsAt': self.began.isoformat(), 'endsAt': end.isoformat(),
                'generatorURL': 'http://prometheus.acme.example:9090/graph?g0.expr=sum%28rate%28errors%5B5m%5D%29%29+%3E+5&g0.tab=1'}

    def fire(self, alerts):
        status, body = call(self.alertmanager, 'POST', '/api/v2/alerts', json.dumps(alerts), {'Content-Type': 'application/json'})
        if status != 200:
            raise RuntimeError(f'Alertmanager refused the alerts: {status} {body!r}')


def shop(alertname, instance, severity='critical'):
    return {'alertname': alertname, 'service': 'checkout', 'environment': 'prod', 'severity': severity, 'instance': instance}


WEBHOOK = '/webhooks/alertmanager'


def a_group_starts_one_investigation(stage):
    print('A group of three, and Gumshoe is unavailable at first')
    stage.proxy.unavailable = 1
    stage.fire([stage.alert(shop('HighErrorRate', 'checkout-1:8080'), {'summary': '5xx above 5%', 'runbook_url': 'https://runbooks.acme.example/5xx'}),
                stage.alert(shop('HighErrorRate', 'checkout-2:8080'), {'summary': '5xx above 5%'}),
                stage.alert(shop('HighLatency', 'checkout-1:8080', 'warning'), {'summary': 'p95 above 2 s'})])
    if not wait_for('the group arrives', 20, lambda: stage.proxy.seen(WEBHOOK, status=202)):
        return
    posts = stage.proxy.seen(WEBHOOK)
    check('the first attempt met 503', posts[0]['status'] == 503, posts[0]['status'])
    check('the retry had the same bytes and was taken with 202', posts[1]['status'] == 202 and posts[0]['bytes'] == posts[1]['bytes'],
          posts[1]['status'])
    check('three alerts came in one POST', len(posts[1]['body']['alerts']) == 3, len(posts[1]['body']['alerts']))
    check('it is version 4 from a real Alertmanager', posts[1]['body']['version'] == '4' and posts[1]['agent'].startswith('Alertmanager/'),
          posts[1]['agent'])
    accepted = stage.deliveries('alertmanager', 'accepted')
    check('one delivery was accepted', len(accepted) == 1, len(accepted))
    started = stage.investigations('alertmanager')
    check('one investigation was started', len(started) == 1, len(started))
    if len(started) != 1 or not accepted:
        return
    check('it knows service, environment and severity', [started[0][key] for key in ('service', 'environment')] == ['checkout', 'prod'] and
          started[0]['severity'] in ('critical', 'warning'), started[0])
    stage.investigation = started[0]['id']
    kept = [entry['alert'] for entry in stage.admin('/deliveries/' + accepted[0]['id'])['alerts']]
    posted = {alert['fingerprint']: alert for alert in posts[1]['body']['alerts']}
    check('each alert was kept under its own fingerprint', {alert['fingerprint'] for alert in kept} == set(posted), kept)
    for alert in kept:
        text = posted.get(alert['fingerprint'], {}).get('startsAt', '')
        check(f'{alert["title"]}: its episode is its start', text[:23] == alert['episode'][:23], (text, alert['episode']))
    check('the query is that of the rule', kept[0]['query'] == 'sum(rate(errors[5m])) > 5', kept[0]['query'])

    events = wait_for('PagerDuty hears of it', 10, lambda: stage.proxy.seen('/v2/enqueue'))
    if events:
        key = events[0]['body']['dedup_key']
        check('PagerDuty\'s dedup_key is the hash of the group key', key == hashlib.sha256(posts[1]['body']['groupKey'].encode()).hexdigest(), key)
        check('every alert refers to that key', all('key:' + key in alert.get('references', []) for alert in kept), kept[0].get('references'))


def a_repeat_is_a_duplicate(stage):
    print('The same group again after its repeat_interval')
    before = len(stage.proxy.seen(WEBHOOK, status=202))
    if not wait_for('Alertmanager repeats it', 30, lambda: stage.proxy.seen(WEBHOOK, status=200)):
        return
    check('it was answered 200 as a duplicate', len(stage.deliveries('alertmanager', 'duplicate')) >= 1)
    check('nothing was accepted anew', len(stage.proxy.seen(WEBHOOK, status=202)) == before)
    check('there is still one investigation', len(stage.investigations('alertmanager')) == 1)


def a_growing_group_joins(stage):
    print('A fourth alert in the group')
    stage.fire([stage.alert(shop('PodNotReady', 'checkout-3:8080', 'warning'))])
    grown = wait_for('the group arrives with four', 20,
                     lambda: [post for post in stage.proxy.seen(WEBHOOK, status=202) if len(post['body']['alerts']) == 4])
    if not grown:
        return
    check('there is still one investigation', len(stage.investigations('alertmanager')) == 1)
    check('the answer names it', stage.investigation in json.loads(grown[0]['answer'])['investigations'], grown[0]['answer'])


def a_resolved_group_ends_it(stage):
    print('All of it is over')
    names = [('HighErrorRate', 'checkout-1:8080', 'critical'), ('HighErrorRate', 'checkout-2:8080', 'critical'),
             ('HighLatency', 'checkout-1:8080', 'warning'), ('PodNotReady', 'checkout-3:8080', 'warning')]
    check('until now it is not over', stage.admin('/investigations/' + stage.investigation)['resolved_at'] is None)
    stage.fire([stage.alert(shop(*name), over=True) for name in names[:1]])
    mixed = wait_for('a group of both statuses arrives', 20, lambda: [post for post in stage.proxy.seen(WEBHOOK, status=202) if
                     {alert['status'] for alert in post['body']['alerts']} == {'firing', 'resolved'}])
    if mixed:
        check('one that is over does not end it', stage.admin('/investigations/' + stage.investigation)['resolved_at'] is None)
    stage.fire([stage.alert(shop(*name), over=True) for name in names[1:]])
    done = wait_for('the resolved group arrives', 20, lambda: [post for post in stage.proxy.seen(WEBHOOK, status=202) if post['body']['status'] == 'resolved'])
    if not done:
        return
    shown = stage.admin('/investigations/' + stage.investigation)
    check('the investigation is resolved', shown['resolved_at'] is not None, shown['resolved_at'])
    end = done[-1]['body']['alerts'][0]['endsAt']
    check('it ended when the alert did', shown['resolved_at'] is not None and shown['resolved_at'][:16] == end[:16], (shown['resolved_at'], end))
    check('there is still one investigation', len(stage.investigations('alertmanager')) == 1)


def signoz_labels_mean_something(stage):
    print('SigNoz\' labels, over basic credentials')
    rule = {'alertname': 'High error rate', 'ruleId': RULE, 'ruleSource': f'https://signoz.acme.example/alerts/overview?ruleId={RULE}',
            'service.name': 'payments', 'deployment.environment': 'prod', 'severity': 'critical', 'threshold.name': 'critical'}
    plain = {name.replace('.', '_'): value for name, value in rule.items()}  # this Alertmanager takes no dots in names
    test = {**plain, 'alertname': 'High error rate_TEST_ALERT', 'testalert': 'true'}
    stage.fire([stage.alert(plain, {'summary': 'error rate 14 above 5', '_title_template': 'x'}), stage.alert(test)])
    path = '/webhooks/signoz'
    if not wait_for('both arrive', 20, lambda: stage.proxy.seen(path, status=202) and stage.proxy.seen(path, status=200)):
        return
    started = stage.investigations('signoz')
    check('one investigation was started', len(started) == 1, len(started))
    check('it is about the service', [one['service'] for one in started] == ['payments'], started)
    filtered = stage.deliveries('signoz', 'filtered')
    check('the test was filtered', len(filtered) == 1 and filtered[0]['reason'] == 'test notification', filtered)
    accepted = stage.deliveries('signoz', 'accepted')
    if accepted:
        alert = stage.admin('/deliveries/' + accepted[0]['id'])['alerts'][0]['alert']
        check('the rule is its monitor', alert['monitor_id'] == RULE, alert['monitor_id'])
        check('the annotations that begin with _ are gone', alert['body'] == 'error rate 14 above 5', alert['body'])


def a_stranger_is_refused(stage):
    print('A receiver with another token')
    stage.fire([stage.alert({'alertname': 'Strange', 'service': 'cart', 'team': 'strangers'})])
    if not wait_for('it arrives', 20, lambda: stage.proxy.seen(WEBHOOK, status=401)):
        return
    refused = stage.deliveries('alertmanager', 'refused')
    check('it is on record as refused', refused and 'bearer token' in refused[0]['reason'], refused)
    check('it started nothing', len(stage.investigations('alertmanager')) == 1)


def binary_of_alertmanager(given):
    if given:
        return given
    folder = os.path.join(HERE, '..', '..', 'build', 'alertmanager-package')
    fetched = subprocess.run([os.path.join(HERE, 'fetch_alertmanager.sh'), os.path.abspath(folder)], stdout=subprocess.PIPE, text=True, check=True)
    return fetched.stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--gumshoe', default=os.environ.get('GUMSHOE_BINARY'))
    parser.add_argument('--alertmanager', default=os.environ.get('ALERTMANAGER_BINARY'))
    arguments = parser.parse_args()
    if not arguments.gumshoe:
        parser.error('--gumshoe PATH or GUMSHOE_BINARY is needed')
    with tempfile.TemporaryDirectory(prefix='gumshoe-alertmanager-') as folder:
        stage = Stage(os.path.abspath(arguments.gumshoe), os.path.abspath(binary_of_alertmanager(arguments.alertmanager)), folder)
        try:
            stage.begin()
            a_group_starts_one_investigation(stage)
            if stage.investigation:
                a_repeat_is_a_duplicate(stage)
                a_growing_group_joins(stage)
                a_resolved_group_ends_it(stage)
            signoz_labels_mean_something(stage)
            a_stranger_is_refused(stage)
        finally:
            stage.stop()
            if failed:
                stage.tell_logs()
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
