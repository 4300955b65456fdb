// Anthropic's own client against the simulated Anthropic: messages whole and streamed, tools, thinking, and the errors it knows by name.
import assert from 'node:assert/strict';
import {after, before, describe, it} from 'node:test';

import Anthropic from '@anthropic-ai/sdk';

import {openSandbox} from './sandbox.mjs';

const script = [{tool: 'get_logs', arguments: {service: 'checkout'}}, {answer: {summary: 'The pool is exhausted.'}}];
const input_schema = {type: 'object', properties: {service: {type: 'string'}}, required: ['service'], additionalProperties: false};
const schema = {type: 'object', properties: {summary: {type: 'string'}}, required: ['summary'], additionalProperties: false};
const tools = [{name: 'get_logs', description: 'Reads logs.', input_schema}];
const ask = {model: 'claude-sonnet-5', max_tokens: 500, system: 'Be brief.', messages: [{role: 'user', content: 'Why does checkout fail?'}]};
let sandbox;
let anthropic;

const target = () => sandbox.settings('llm').targets.find(({provider}) => provider === 'anthropic');
// The client puts /v1 before its paths itself.
const client = (more = {}) => new Anthropic({baseURL: target().api_url, apiKey: target().api_key, maxRetries: 0, ...more});
const summary = (message) => JSON.parse(message.content.find(({type}) => type === 'text').text).summary;

before(async () => {
  sandbox = await openSandbox('bad-deploy', {llm: {script}});
  anthropic = client();
});
after(() => sandbox.close());

describe('messages', () => {
  it('come whole, with usage and a request id', async () => {
    const message = await anthropic.messages.create(ask);
    assert.equal(message.type, 'message');
    assert.equal(message.role, 'assistant');
    assert.equal(message.model, ask.model);
    assert.equal(message.stop_reason, 'end_turn');
    assert.equal(message.stop_sequence, null);
    assert.match(message._request_id, /^req_/);
    assert.equal(summary(message), 'The pool is exhausted.');
    assert.ok(message.usage.input_tokens > 0 && message.usage.output_tokens > 0);
  });

  it('are streamed in events that the client puts together', async () => {
    const stream = anthropic.messages.stream(ask);
    let text = '';
    stream.on('text', (delta) => { text += delta; });
    const message = await stream.finalMessage();
    assert.equal(message.content[0].text, text);
    assert.equal(summary(message), 'The pool is exhausted.');
    assert.equal(message.stop_reason, 'end_turn');
    assert.ok(message.usage.output_tokens > 1);
  });

  it('use tools, whole and streamed, and take their results', async () => {
    const whole = await anthropic.messages.create({...ask, tools});
    const streamed = await anthropic.messages.stream({...ask, tools}).finalMessage();
    for (const message of [whole, streamed]) {
      assert.equal(message.stop_reason, 'tool_use');
      const use = message.content.find(({type}) => type === 'tool_use');
      assert.equal(use.name, 'get_logs');
      assert.deepEqual(use.input, {service: 'checkout'});
    }
    const use = whole.content.find(({type}) => type === 'tool_use');
    const messages = [...ask.messages, {role: 'assistant', content: whole.content},
                      {role: 'user', content: [{type: 'tool_result', tool_use_id: use.id, content: 'pool exhausted'}]}];
    assert.equal(summary(await anthropic.messages.create({...ask, messages, tools})), 'The pool is exhausted.');
  });

  it('think when they are asked to, and take their signed thoughts back unchanged only', async () => {
    const output_config = {effort: 'high'};
    const whole = await anthropic.messages.create({...ask, output_config, tools});
    const streamed = await anthropic.messages.stream({...ask, output_config, tools}).finalMessage();
    for (const message of [whole, streamed]) {
      const thought = message.content.find(({type}) => type === 'thinking');
      assert.ok(thought.thinking.length > 0 && thought.signature.length > 0);
    }
    const use = whole.content.find(({type}) => type === 'tool_use');
    const result = {role: 'user', content: [{type: 'tool_result', tool_use_id: use.id, content: 'pool exhausted'}]};
    const history = (content) => ({...ask, output_config, tools, messages: [...ask.messages, {role: 'assistant', content}, result]});
    assert.equal(summary(await anthropic.messages.create(history(whole.content))), 'The pool is exhausted.');
    const forged = whole.content.map((block) => block.type === 'thinking' ? {...block, signature: 'forged'} : block);
    await assert.rejects(anthropic.messages.create(history(forged)), Anthropic.BadRequestError);
  });

  it('of a schema are parsed', async () => {
    const message = await anthropic.messages.parse({...ask, output_config: {format: {type: 'json_schema', schema}}});
    assert.equal(summary(message), 'The pool is exhausted.');
  });

  it('that break off in the middle are an error, not a short answer', async () => {
    await assert.rejects(anthropic.messages.stream({...ask, model: 'fb-error-in-stream'}).finalMessage(), Anthropic.APIError);
    await assert.rejects(anthropic.messages.stream({...ask, model: 'fb-truncated-stream'}).finalMessage());
  });
});

it('models are listed as a page', async () => {
  const ids = [];
  for await (const entry of anthropic.models.list()) ids.push(entry.id);
  assert.deepEqual(ids, []);  // the scenario names none
});

describe('what goes wrong has its own class', () => {
  const cases = [
    ['fb-bad-key', Anthropic.AuthenticationError, 401, 'authentication_error'],
    ['fb-forbidden', Anthropic.PermissionDeniedError, 403, 'permission_error'],
    ['fb-no-model', Anthropic.NotFoundError, 404, 'not_found_error'],
    ['fb-429', Anthropic.RateLimitError, 429, 'rate_limit_error'],
    ['fb-quota', Anthropic.BadRequestError, 400, 'invalid_request_error'],
    ['fb-context', Anthropic.BadRequestError, 400, 'invalid_request_error'],
    ['fb-500', Anthropic.InternalServerError, 500, 'api_error'],
    ['fb-529', Anthropic.InternalServerError, 529, 'overloaded_error'],
  ];
  for (const [model, type, status, kind] of cases) {
    it(model, async () => {
      for (const stream of [false, true]) {
        await assert.rejects(anthropic.messages.create({...ask, model, stream}), (error) => {
          assert.ok(error instanceof type, `${error.constructor.name}: ${error.message}`);
          assert.equal(error.status, status);
          assert.equal(error.type, kind);
          assert.match(error.requestID, /^req_/);
          return true;
        });
      }
    });
  }

  it('a request that it does not know is refused, and so is one without a key', async () => {
    await assert.rejects(anthropic.messages.create({...ask, invented: 1}), Anthropic.BadRequestError);
    await assert.rejects(anthropic.messages.create({...ask, messages: []}), Anthropic.BadRequestError);
    await assert.rejects(client({apiKey: 'x', defaultHeaders: {'anthropic-version': '2001-01-01'}}).messages.create(ask), Anthropic.BadRequestError);
  });

  it('without retries each call is one request; with one, the wait is as told', async () => {
    const counted = async (call) => {
      const before = (await sandbox.requests('anthropic')).length;
      await assert.rejects(call, Anthropic.RateLimitError);
      return (await sandbox.requests('anthropic')).length - before;
    };
    assert.equal(await counted(anthropic.messages.create({...ask, model: 'fb-429'})), 1);
    const began = Date.now();
    assert.equal(await counted(client({maxRetries: 1}).messages.create({...ask, model: 'fb-429'})), 2);
    assert.ok(Date.now() - began >= 1900);  // retry-after: 2
  });
});
