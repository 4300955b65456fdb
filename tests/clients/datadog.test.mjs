// Datadog's TypeScript client reads the simulated Datadog: what it refuses, a real account would not have sent.
import assert from 'node:assert/strict';
import {after, before, describe, it} from 'node:test';

import {client, v1, v2} from '@datadog/datadog-api-client';

import {openSandbox} from './sandbox.mjs';

let sandbox;
let configuration;

function configured(keys = {}) {
  const {api_url, api_key, application_key} = sandbox.settings('datadog');
  return client.createConfiguration({
    baseServer: new client.BaseServerConfiguration(api_url, {}),
    authMethods: {apiKeyAuth: api_key, appKeyAuth: application_key, ...keys},
    enableRetry: false,
  });
}

const ago = (minutes) => new Date(Date.now() - minutes * 60_000);
const refusal = (code, words) => (error) => {
  assert.equal(error.code, code);
  assert.ok(error.body?.errors?.length > 0, `no list of errors in ${error.message}`);
  assert.match(JSON.stringify(error.body.errors), words);
  return true;
};

before(async () => {
  sandbox = await openSandbox();
  configuration = configured();
});
after(() => sandbox.close());

describe('logs', () => {
  const logs = () => new v2.LogsApi(configuration);
  const filter = {query: 'service:checkout status:error', from: ago(30).toISOString(), to: 'now'};

  it('are found, typed', async () => {
    const page = await logs().listLogs({body: {filter, sort: '-timestamp', page: {limit: 5}}});
    assert.equal(page.data.length, 5);
    for (const log of page.data) {
      assert.equal(log.type, 'log');
      assert.equal(log.attributes.service, 'checkout');
      assert.equal(log.attributes.status, 'error');
      assert.ok(log.attributes.timestamp instanceof Date && !Number.isNaN(log.attributes.timestamp.getTime()));
      assert.ok(log.attributes.tags.includes('env:prod'));
      assert.ok(log.attributes.message.length > 0);
      assert.ok(log.unparsedObject === undefined && log.attributes.unparsedObject === undefined);
    }
    assert.ok(page.meta.page.after, 'there are more than five');
    assert.equal(page.meta.status, 'done');
  });

  it('come page by page until there are none left, each once', async () => {
    const seen = new Set();
    const narrow = {...filter, query: filter.query + ' "pool exhausted"', from: ago(3).toISOString(), to: ago(0).toISOString()};
    for await (const log of logs().listLogsWithPagination({body: {filter: narrow, sort: 'timestamp', page: {limit: 100}}})) {
      assert.ok(!seen.has(log.id));
      seen.add(log.id);
    }
    assert.ok(seen.size > 500, `${seen.size} lines`);
    assert.ok((await sandbox.requests('datadog')).filter((request) => request.path === '/api/v2/logs/events/search').length > 5);
  });

  it('with a query that is none are refused', async () => {
    await assert.rejects(logs().listLogs({body: {filter: {...filter, query: 'service:('}}}), refusal(400, /./));
  });
});

describe('metrics', () => {
  it('of a query are series of points with a unit', async () => {
    const answer = await new v1.MetricsApi(configuration).queryMetrics({
      from: Math.floor(ago(60).getTime() / 1000), to: Math.floor(Date.now() / 1000),
      query: 'p95:trace.http.request{service:checkout,env:prod}',
    });
    assert.equal(answer.status, 'ok');
    assert.equal(answer.resType, 'time_series');
    const [series] = answer.series;
    assert.ok(answer.unparsedObject === undefined && series.unparsedObject === undefined);
    assert.equal(series.metric, 'trace.http.request');
    assert.equal(series.unit[0].shortName, 's');
    assert.equal(series.pointlist.length, series.length);
    const values = series.pointlist.map(([, value]) => value);
    assert.ok(Math.max(...values) > 3 && Math.min(...values) < 0.5, 'the incident and the time before it');
  });

  it('in milliseconds are refused', async () => {
    await assert.rejects(new v1.MetricsApi(configuration).queryMetrics({from: Date.now() - 60_000, to: Date.now(), query: 'avg:x{*}'}),
                         refusal(400, /seconds/));
  });
});

describe('monitors', () => {
  const monitors = () => new v1.MonitorsApi(configuration);

  it('are typed, with their state by group', async () => {
    const monitor = await monitors().getMonitor({monitorId: 8123, groupStates: 'all'});
    assert.equal(monitor.unparsedObject, undefined);
    assert.equal(monitor.type, 'query alert');
    assert.equal(monitor.overallState, 'Alert');
    assert.equal(monitor.priority, 2);
    assert.equal(monitor.options.thresholds.critical, 2);
    assert.ok(monitor.created instanceof Date);
    assert.equal(monitor.state.groups['*'].status, 'Alert');
    assert.deepEqual((await monitors().listMonitors()).map(({id}) => id), [8123]);
  });

  it('that are not there are 404', async () => {
    await assert.rejects(monitors().getMonitor({monitorId: 1}), refusal(404, /not found/i));
  });
});

it('events are typed, and name the deploy', async () => {
  const events = [];
  const search = {body: {filter: {query: 'source:deployment', from: ago(60).toISOString(), to: 'now'}, sort: 'timestamp'}};
  for await (const event of new v2.EventsApi(configuration).searchEventsWithPagination(search)) events.push(event);
  assert.equal(events.length, 1);
  const {attributes} = events[0];
  assert.equal(attributes.unparsedObject, undefined);
  assert.ok(attributes.timestamp instanceof Date);
  assert.equal(attributes.attributes.title, 'Deployed checkout v412 to prod');
  assert.equal(attributes.attributes.service, 'checkout');
  assert.ok(attributes.tags.includes('version:v412'));
});

it('spans are typed, and lead from a caller to its callee', async () => {
  const spans = new v2.SpansApi(configuration);
  const search = (query, from, to) => spans.listSpans({body: {data: {type: 'search_request', attributes: {
    filter: {query, from: ago(from).toISOString(), to: ago(to).toISOString()}, sort: '-timestamp', page: {limit: 10}}}}});
  // A minute ago: its callers have ended by now as well.
  const slow = await search('service:checkout resource_name:pool.acquire @duration:>1000000000', 5, 1);
  assert.ok(slow.data.length > 0);
  for (const span of slow.data) {
    assert.equal(span.type, 'spans');
    assert.equal(span.attributes.unparsedObject, undefined);
    assert.equal(span.attributes.resourceName, 'pool.acquire');
    assert.ok(span.attributes.startTimestamp instanceof Date && span.attributes.endTimestamp > span.attributes.startTimestamp);
    assert.ok(span.attributes.custom.duration > 1e9);
  }
  const trace = await search('trace_id:' + slow.data[0].attributes.traceId, 10, 0);
  const parent = trace.data.find((span) => span.attributes.spanId === slow.data[0].attributes.parentId);
  assert.equal(parent?.attributes.resourceName, 'POST /checkout');
});

describe('what goes wrong', () => {
  it('without an application key is 403', async () => {
    await assert.rejects(new v1.MonitorsApi(configured({appKeyAuth: ''})).getMonitor({monitorId: 8123}), refusal(403, /Forbidden/));
  });

  it('over the limit is 429, and the client waits as told', async () => {
    const headers = {'Content-Type': 'application/json', 'X-RateLimit-Limit': '300', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '1'};
    const once = [{vendor: 'datadog', path_prefix: '/api/v1/monitor', kind: 'status', status: 429, headers,
                   body: '{"errors":["Rate limit of 300 requests in 3600 seconds reached"]}', times: 1}];
    await sandbox.setFaults(once);
    await assert.rejects(new v1.MonitorsApi(configuration).getMonitor({monitorId: 8123}), refusal(429, /Rate limit/));

    await sandbox.setFaults(once);
    const patient = configured();
    Object.assign(patient, {enableRetry: true});
    patient.httpApi.enableRetry = true;
    assert.equal((await new v1.MonitorsApi(patient).getMonitor({monitorId: 8123})).id, 8123);
  });
});
