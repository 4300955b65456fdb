// OpenAI's own client against our endpoint, behind which the simulated vendors answer or fail.
import assert from 'node:assert/strict';
import {after, before, describe, it} from 'node:test';

import OpenAI from 'openai';

import {openSandbox} from './sandbox.mjs';

const script = [{tool: 'get_logs', arguments: {service: 'checkout'}}, {answer: {summary: 'The pool is exhausted.'}}];
const messages = [{role: 'developer', content: 'Be brief.'}, {role: 'user', content: [{type: 'text', text: 'Why does checkout fail?'}]}];
const parameters = {type: 'object', properties: {service: {type: 'string'}}, required: ['service'], additionalProperties: false};
const schema = {type: 'object', properties: {summary: {type: 'string'}}, required: ['summary'], additionalProperties: false};
const tools = [{type: 'function', function: {name: 'get_logs', description: 'Reads logs.', parameters, strict: true}}];
const apiKey = 'gateway-token-0123456789';
let sandbox;
let service;
let gumshoe;

const client = (more = {}) =>
  new OpenAI({baseURL: `http://127.0.0.1:${service.ready.gateway_port}/v1`, apiKey, ...more});
const summary = (text) => JSON.parse(text).summary;
/** The same client's retries are on: the endpoint says itself which errors are worth none. */
const calls = async (vendor) => (await sandbox.requests(vendor)).filter(({method}) => method === 'POST').length;

before(async () => {
  sandbox = await openSandbox('bad-deploy', {llm: {script}});
  const {targets} = sandbox.settings('llm');
  const [openai, anthropic] = ['openai', 'anthropic'].map((provider) => targets.find((target) => target.provider === provider));
  const with_model = (name, target, model, more = {}) => ({...target, name, model, account: name, ...more});
  service = await sandbox.serve({
    llm: {
      deadline: '60s',
      targets: [with_model('main', openai, 'gpt-5.1'), with_model('second', anthropic, 'claude-sonnet-5'),
                with_model('dead', openai, 'fb-deactivated'), with_model('long', openai, 'fb-context'),
                with_model('cut', openai, 'fb-length'), with_model('dear', openai, 'gpt-5.1', {price: {input_per_million: 1e6, output_per_million: 1e6}})],
      chains: {default: ['main', 'second'], limping: ['dead', 'second'], doomed: ['dead'], short: ['long'], cut: ['cut'], dear: ['dear']},
      teams: {thrifty: {per_day_usd: 0.01}},
    },
    gateway: {listen: '127.0.0.1:0', tokens: [{name: 'sdk', token: apiKey},
                                              {name: 'team', token: 'thrifty-token-0123456789', team: 'thrifty', chain: 'dear'}]},
  });
  gumshoe = client();
});
after(async () => {
  await service?.close();
  await sandbox?.close();
});

describe('answers', () => {
  it('come whole, with who answered', async () => {
    const {data, response} = await gumshoe.chat.completions.create({model: 'default', messages, max_completion_tokens: 500}).withResponse();
    assert.equal(data.object, 'chat.completion');
    assert.equal(data.choices[0].finish_reason, 'stop');
    assert.equal(summary(data.choices[0].message.content), 'The pool is exhausted.');
    assert.ok(data.usage.total_tokens > 0);
    assert.equal(data._request_id, data.id);
    assert.equal(response.headers.get('x-gumshoe-target'), 'main');
    assert.equal(response.headers.get('x-gumshoe-attempts'), '1');
  });

  it('come from the second vendor where the first one is dead', async () => {
    const {data, response} = await gumshoe.chat.completions.create({model: 'limping', messages}).withResponse();
    assert.equal(summary(data.choices[0].message.content), 'The pool is exhausted.');
    assert.equal(data.model, 'claude-sonnet-5');
    assert.equal(response.headers.get('x-gumshoe-target'), 'second');
    assert.match(response.headers.get('x-gumshoe-note'), /2nd choice; dead: .*deactivated/);
  });

  it('are streamed', async () => {
    for (const model of ['default', 'limping']) {
      const runner = gumshoe.chat.completions.stream({model, messages, stream_options: {include_usage: true}});
      const completion = await runner.finalChatCompletion();
      assert.equal(summary(completion.choices[0].message.content), 'The pool is exhausted.');
      assert.ok((await runner.totalUsage()).total_tokens > 0);
    }
  });

  it('call tools, whole and streamed, and take their results', async () => {
    for (const model of ['default', 'limping']) {
      const whole = await gumshoe.chat.completions.create({model, messages, tools});
      const streamed = await gumshoe.chat.completions.stream({model, messages, tools, parallel_tool_calls: false}).finalChatCompletion();
      for (const {choices: [{finish_reason, message}]} of [whole, streamed]) {
        assert.equal(finish_reason, 'tool_calls');
        assert.equal(message.tool_calls[0].function.name, 'get_logs');
        assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), {service: 'checkout'});
      }
      // What a client got is given back as it came.
      const {message} = whole.choices[0];
      const results = [...messages, message, {role: 'tool', tool_call_id: message.tool_calls[0].id, content: 'pool exhausted'}];
      const after = await gumshoe.chat.completions.create({model, messages: results, tools});
      assert.equal(summary(after.choices[0].message.content), 'The pool is exhausted.');
    }
  });

  it('run a whole loop of tools with the client\'s own runner', async () => {
    let asked;
    const own = [{type: 'function', function: {...tools[0].function, parse: JSON.parse, function: ({service: name}) => { asked = name; return 'pool exhausted'; }}}];
    const text = await gumshoe.chat.completions.runTools({model: 'default', messages, tools: own}).finalContent();
    assert.equal(asked, 'checkout');
    assert.equal(summary(text), 'The pool is exhausted.');
  });

  it('of a schema are parsed', async () => {
    const response_format = {type: 'json_schema', json_schema: {name: 'finding', strict: true, schema}};
    for (const model of ['default', 'limping']) {
      const completion = await gumshoe.chat.completions.parse({model, messages, response_format});
      assert.equal(completion.choices[0].message.parsed.summary, 'The pool is exhausted.');
    }
  });

  it('may be cut at a limit that was asked for', async () => {
    const completion = await gumshoe.chat.completions.create({model: 'cut', messages, max_tokens: 5});
    assert.equal(completion.choices[0].finish_reason, 'length');
  });
});

it('models are the chains and targets', async () => {
  const ids = [];
  for await (const model of gumshoe.models.list()) ids.push(model.id);
  assert.deepEqual(ids.sort(), ['cut', 'dead', 'dear', 'default', 'doomed', 'limping', 'long', 'main', 'second', 'short']);
  const own = [];
  for await (const model of client({apiKey: 'thrifty-token-0123456789'}).models.list()) own.push(model.id);
  assert.deepEqual(own, ['dear']);
});

describe('what goes wrong has its own class, and is asked once', () => {
  const create = (more, options = {}) => client(options).chat.completions.create({model: 'default', messages, ...more});
  const failing = (type, fields) => (error) => {
    assert.ok(error instanceof type, `${error.constructor.name}: ${error.message}`);
    for (const [key, value] of Object.entries(fields)) assert.equal(error[key], value, key);
    return true;
  };

  it('a wrong token', async () => {
    await assert.rejects(create({}, {apiKey: 'wrong'}), failing(OpenAI.AuthenticationError, {status: 401, code: 'invalid_api_key'}));
  });

  it('an unknown model', async () => {
    await assert.rejects(create({model: 'gpt-9'}), failing(OpenAI.NotFoundError, {status: 404, code: 'model_not_found', param: 'model'}));
    await assert.rejects(create({}, {apiKey: 'thrifty-token-0123456789'}), failing(OpenAI.NotFoundError, {code: 'model_not_found'}));
  });

  it('a parameter that is not supported', async () => {
    for (const [param, value] of Object.entries({n: 2, logprobs: true, seed: 1, stop: 'x', user: 'ana'})) {
      await assert.rejects(create({[param]: value}), failing(OpenAI.BadRequestError, {status: 400, param, code: 'unsupported_parameter'}));
    }
  });

  it('a prompt that fits no window', async () => {
    await assert.rejects(create({model: 'short'}), failing(OpenAI.BadRequestError, {status: 400, code: 'context_length_exceeded'}));
  });

  it('a budget that is used up', async () => {
    await assert.rejects(create({model: 'dear'}, {apiKey: 'thrifty-token-0123456789'}),
                         failing(OpenAI.RateLimitError, {status: 429, code: 'insufficient_quota', type: 'insufficient_quota'}));
  });

  it('nobody who answers: the client does not repeat what the chain tried', async () => {
    const before = await calls('openai');
    for (const stream of [false, true]) {
      await assert.rejects(create({model: 'doomed', stream}), (error) => {
        assert.match(error.message, /deactivated/);
        return failing(OpenAI.InternalServerError, {status: 503, code: 'no_model_answered'})(error);
      });
    }
    assert.equal(await calls('openai'), before);  // it is known to be dead since the tests above
  });
});
