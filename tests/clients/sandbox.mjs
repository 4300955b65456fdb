// The simulated company, started from the real binary, for a suite of one client.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {createInterface} from 'node:readline';

/** Opens the sandbox on a free port; `patch` is laid over the scenario. `settings(vendor)` is what Gumshoe itself would be configured with. */
export async function openSandbox(scenario = 'bad-deploy', patch = {}) {
  const binary = process.env.GUMSHOE_BINARY;
  if (!binary) throw new Error('GUMSHOE_BINARY names no binary: run this with ./dev clients');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gumshoe-clients-'));
  const config = path.join(folder, 'gumshoe.yaml');
  const played = path.join(folder, 'scenario.json');
  fs.writeFileSync(played, JSON.stringify({...patch, extends: scenario}));
  const child = spawn(binary, ['sandbox', '--scenario', played, '--listen', '127.0.0.1:0', '--write-config', config,
                               '--database', path.join(folder, 'gumshoe.db')], {stdio: ['ignore', 'pipe', 'inherit']});
  const ended = once(child, 'exit');
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  // "<scenario>: http://127.0.0.1:4711  (title)", then where the configuration is, once everything is ready.
  const first = (await lines.next()).value ?? '';
  const url = first.match(/http:\/\/127\.0\.0\.1:\d+/)?.[0];
  await lines.next();
  if (!url) throw new Error('the sandbox did not start');
  const settings = JSON.parse(fs.readFileSync(config, 'utf8'));
  return {
    url,
    settings: (vendor) => settings[vendor],
    /** Replaces all faults; [] for none. */
    async setFaults(faults) {
      const answer = await fetch(url + '/_sandbox/faults', {method: 'PUT', body: JSON.stringify(faults)});
      if (!answer.ok) throw new Error(await answer.text());
    },
    async state(vendor) {
      return (await fetch(`${url}/_sandbox/state/${vendor}`)).json();
    },
    async requests(vendor) {
      const {requests} = await (await fetch(url + '/_sandbox/requests')).json();
      return requests.filter((request) => request.vendor === vendor);
    },
    /** The service of this company, with `more` laid over its configuration; `ready` is the line of its log with its ports. */
    async serve(more) {
      const file = path.join(folder, 'service.yaml');
      const listeners = {server: {listen: '127.0.0.1:0'}, admin: {...settings.admin, listen: '127.0.0.1:0'}};
      fs.writeFileSync(file, JSON.stringify({...settings, ...listeners, ...more}));
      return openService(binary, file);
    },
    async close() {
      child.kill('SIGTERM');
      const [code] = await ended;
      fs.rmSync(folder, {recursive: true});
      if (code !== 0) throw new Error(`the sandbox ended with ${code}`);
    },
  };
}

/** Resumes when it is ready. */
async function openService(binary, config) {
  const child = spawn(binary, ['serve', '--config', config], {stdio: ['ignore', 'ignore', 'pipe']});
  const ended = once(child, 'exit');
  const log = createInterface({input: child.stderr});
  const ready = await new Promise((resolve, reject) => {
    const lines = [];
    log.on('line', (line) => {
      lines.push(line);
      if (line.includes('"ready"')) resolve(JSON.parse(line));
    });
    ended.then(() => reject(new Error('the service ended: ' + lines.join('\n'))));
  });
  return {
    ready,
    async close() {
      child.kill('SIGTERM');
      const [code] = await ended;
      if (code !== 0) throw new Error(`the service ended with ${code}`);
    },
  };
}
