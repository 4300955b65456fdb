// PagerDuty's own client, pdjs, against the simulated PagerDuty.
import assert from 'node:assert/strict';
import {after, before, describe, it} from 'node:test';

import {api} from '@pagerduty/pdjs';

import {openSandbox} from './sandbox.mjs';

const incident = 'Q2X369CTEOAGYM';
const checkout = 'PF9KMXH';
const gateway = 'PGW0001';
const alerts = [...Array(30).keys()].map((i) => ({id: 'QALERT' + i, t: -i, summary: 'alert ' + i, severity: 'critical', alert_key: 'monitor-' + i,
                                                  details: {monitor_url: 'https://app.datadoghq.com/monitors/8123'}}));
const account = {
  subdomain: 'acme',
  users: [{id: 'PTUXL6G', name: 'Ana', email: 'ana@acme.example'}],
  services: [{id: checkout, name: 'Checkout'}, {id: gateway, name: 'Edge Gateway'}],
  dependencies: [{dependent: checkout, supporting: gateway}],
  incident: {id: incident, number: 320624, title: 'checkout 5xx above 5%', service: checkout, urgency: 'high', priority: 'P1'},
  alerts,
  notes: [{t: -60, user: 'PTUXL6G', content: 'Looking.'}],
  change_events: [{id: '01CHANGE01', t: -600, summary: 'gateway: upstream timeout 5s -> 500ms', source: 'config-push', services: [gateway],
                   details: {key: 'upstream.timeout'}, links: [{href: 'https://github.com/acme/shop/commit/4f1c2aa', text: 'commit'}],
                   related: 'most_recent'}],
  without: ['past_incidents'],
};

let sandbox;

/** pdjs speaks https to its host; a whole address goes past that. */
function call(path, more = {}) {
  const {api_url, api_token} = sandbox.settings('pagerduty');
  return api({url: api_url + path, token: api_token, retryTimeout: 100, ...more});
}

function refused(answer, status, code) {
  assert.equal(answer.response.status, status);
  assert.equal(answer.data.error.code, code);
  assert.ok(answer.data.error.message);
}

before(async () => { sandbox = await openSandbox('bad-deploy', {pagerduty: account}); });
after(() => sandbox.close());

it('an incident is found by id and by number, with what triggered it', async () => {
  for (const name of [incident, '320624']) {
    const {response, data} = await call('/incidents/' + name, {data: {'include[]': 'first_trigger_log_entries'}});
    assert.equal(response.status, 200);
    assert.equal(data.incident.id, incident);
    assert.equal(data.incident.incident_number, 320624);
    assert.equal(data.incident.status, 'triggered');
    assert.equal(data.incident.service.id, checkout);
    assert.equal(data.incident.service.summary, 'Checkout');
    assert.equal(data.incident.priority.summary, 'P1');
    assert.equal(data.incident.first_trigger_log_entry.type, 'trigger_log_entry');
    assert.equal(data.incident.alert_counts.all, alerts.length);
    assert.ok(Date.parse(data.incident.created_at) <= Date.now());
  }
});

it('alerts come page by page as the client turns them', async () => {
  const seen = [];
  for (let page = await call(`/incidents/${incident}/alerts`, {data: {limit: 12}}); page; page = page.next ? await page.next() : null) {
    assert.ok(page.data.alerts.length <= 12);
    seen.push(...page.data.alerts);
  }
  assert.equal(new Set(seen.map(({id}) => id)).size, alerts.length);
  assert.equal(seen.length, alerts.length);
  assert.equal(seen[0].body.details.monitor_url, 'https://app.datadoghq.com/monitors/8123');
  assert.equal(seen[0].body.type, 'alert_body');
});

describe('notes', () => {
  const note = {note: {content: 'Likely cause: deploy v412'}};

  it('are written by a user of the account, and read back', async () => {
    const written = await call(`/incidents/${incident}/notes`, {method: 'POST', headers: {From: 'ana@acme.example'}, data: note});
    assert.ok([200, 201].includes(written.response.status));
    assert.equal(written.data.note.content, note.note.content);
    assert.equal(written.data.note.user.id, 'PTUXL6G');
    const {data} = await call(`/incidents/${incident}/notes`);
    assert.deepEqual(data.notes.map(({content}) => content), ['Looking.', note.note.content]);
    assert.equal((await sandbox.state('pagerduty')).notes[0].incident, incident);
  });

  it('of nobody are refused', async () => {
    const post = (headers, data = note) => call(`/incidents/${incident}/notes`, {method: 'POST', headers, data});
    assert.equal((await post({})).response.status, 400);
    refused(await post({From: 'stranger@acme.example'}), 400, 1008);
    refused(await post({From: 'ana@acme.example'}, {note: {content: ''}}), 400, 2001);
  });
});

it('change events are found by service and time, and by what is related to the incident', async () => {
  const since = new Date(Date.now() - 3600_000).toISOString();
  const {data} = await call(`/services/${gateway}/change_events`, {data: {since, until: new Date().toISOString()}});
  assert.equal(data.change_events.length, 1);
  const [change] = data.change_events;
  assert.equal(change.summary, 'gateway: upstream timeout 5s -> 500ms');
  assert.equal(change.custom_details.key, 'upstream.timeout');
  assert.equal(change.links[0].href, 'https://github.com/acme/shop/commit/4f1c2aa');
  assert.ok(Date.parse(change.timestamp) < Date.now());
  const {data: related} = await call(`/incidents/${incident}/related_change_events`);
  assert.equal(related.change_events[0].correlation_reason.reason, 'most_recent');
  assert.deepEqual((await call(`/services/${checkout}/change_events`)).data.change_events, []);
  refused(await call(`/services/${gateway}/change_events`, {data: {since: '2026-08-01T10:00:00+02:00'}}), 400, 2001);
});

it('the service graph names who leans on whom', async () => {
  const {data} = await call('/service_dependencies/technical_services/' + checkout);
  assert.deepEqual(data.relationships.map((edge) => [edge.dependent_service.id, edge.supporting_service.id]), [[checkout, gateway]]);
});

describe('what goes wrong', () => {
  it('a token that is none is 401', async () => {
    refused(await call('/incidents/' + incident, {token: ''}), 401, 2006);
  });

  it('what is not there is 404, what the plan does not have 402', async () => {
    refused(await call('/incidents/QNOWHERE'), 404, 5001);
    refused(await call(`/incidents/${incident}/past_incidents`), 402, 2014);
  });

  it('over the limit the client asks again', async () => {
    await sandbox.setFaults([{vendor: 'pagerduty', kind: 'status', status: 429, times: 2, headers: {'ratelimit-reset': '1'},
                              body: '{"error":{"message":"Rate Limit Exceeded","code":2020}}'}]);
    assert.equal((await call('/incidents/' + incident)).data.incident.id, incident);
    const asked = (await sandbox.requests('pagerduty')).filter(({status}) => status === 429);
    assert.equal(asked.length, 2);
    await sandbox.setFaults([]);
  });
});
