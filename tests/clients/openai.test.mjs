// OpenAI's own client against the simulated OpenAI: Chat Completions, Responses, and the errors it knows by name.
import assert from 'node:assert/strict';
import {after, before, describe, it} from 'node:test';

import OpenAI from 'openai';

import {openSandbox} from './sandbox.mjs';

const script = [{tool: 'get_logs', arguments: {service: 'checkout'}}, {answer: {summary: 'The pool is exhausted.'}}];
const messages = [{role: 'system', content: 'Be brief.'}, {role: 'user', content: 'Why does checkout fail?'}];
const parameters = {type: 'object', properties: {service: {type: 'string'}}, required: ['service'], additionalProperties: false};
const schema = {type: 'object', properties: {summary: {type: 'string'}}, required: ['summary'], additionalProperties: false};
const model = 'gpt-5.1';
let sandbox;
let openai;

const target = () => sandbox.settings('llm').targets.find(({provider}) => provider === 'openai');
const client = (more = {}) => new OpenAI({baseURL: target().api_url, apiKey: target().api_key, maxRetries: 0, ...more});
const summary = (text) => JSON.parse(text).summary;

before(async () => {
  sandbox = await openSandbox('bad-deploy', {llm: {script}});
  openai = client();
});
after(() => sandbox.close());

describe('chat completions', () => {
  const tools = [{type: 'function', function: {name: 'get_logs', description: 'Reads logs.', parameters, strict: true}}];

  it('come whole, with usage and a request id', async () => {
    const completion = await openai.chat.completions.create({model, messages});
    assert.equal(completion.object, 'chat.completion');
    assert.equal(completion.model, model);
    assert.match(completion._request_id, /^req_/);
    const [choice] = completion.choices;
    assert.equal(choice.finish_reason, 'stop');
    assert.equal(choice.message.role, 'assistant');
    assert.equal(choice.message.refusal, null);
    assert.equal(summary(choice.message.content), 'The pool is exhausted.');
    assert.equal(completion.usage.total_tokens, completion.usage.prompt_tokens + completion.usage.completion_tokens);
    assert.equal(completion.usage.completion_tokens_details.reasoning_tokens, 0);
  });

  it('are streamed in pieces that the client puts together', async () => {
    const runner = openai.chat.completions.stream({model, messages, stream_options: {include_usage: true}});
    let pieces = 0;
    runner.on('content.delta', () => pieces++);
    const completion = await runner.finalChatCompletion();
    assert.ok(pieces > 1);
    assert.equal(summary(completion.choices[0].message.content), 'The pool is exhausted.');
    assert.equal(completion.choices[0].finish_reason, 'stop');
    assert.ok((await runner.totalUsage()).total_tokens > 0);
  });

  it('call tools, whole and streamed, and take their results', async () => {
    const whole = await openai.chat.completions.create({model, messages, tools});
    const streamed = await openai.chat.completions.stream({model, messages, tools}).finalChatCompletion();
    for (const completion of [whole, streamed]) {
      const [choice] = completion.choices;
      assert.equal(choice.finish_reason, 'tool_calls');
      assert.equal(choice.message.content, null);
      const [call] = choice.message.tool_calls;
      assert.equal(call.type, 'function');
      assert.deepEqual(JSON.parse(call.function.arguments), {service: 'checkout'});
    }
    const {message} = whole.choices[0];
    const results = [...messages, message, {role: 'tool', tool_call_id: message.tool_calls[0].id, content: 'pool exhausted'}];
    const after = await openai.chat.completions.create({model, messages: results, tools});
    assert.equal(summary(after.choices[0].message.content), 'The pool is exhausted.');
  });

  it('of a schema are parsed; an answer cut short is the error that the client has for it', async () => {
    const response_format = {type: 'json_schema', json_schema: {name: 'finding', strict: true, schema}};
    const completion = await openai.chat.completions.parse({model, messages, response_format});
    assert.equal(completion.choices[0].message.parsed.summary, 'The pool is exhausted.');
    await assert.rejects(openai.chat.completions.parse({model: 'fb-length', messages, response_format}), OpenAI.LengthFinishReasonError);
    const loose = {...response_format, json_schema: {...response_format.json_schema, schema: {type: 'object', properties: {}}}};
    await assert.rejects(openai.chat.completions.create({model, messages, response_format: loose}), OpenAI.BadRequestError);
  });

  it('that are refused say so beside the content', async () => {
    const {choices: [{message}]} = await openai.chat.completions.create({model: 'fb-refusal', messages});
    assert.equal(message.content, null);
    assert.match(message.refusal, /can't help/);
  });

  it('that break off in the middle are an error, not a short answer', async () => {
    await assert.rejects(openai.chat.completions.stream({model: 'fb-error-in-stream', messages}).finalChatCompletion(), OpenAI.APIError);
    await assert.rejects(openai.chat.completions.stream({model: 'fb-truncated-stream', messages}).finalChatCompletion());
  });
});

describe('responses', () => {
  const ask = {model, instructions: 'Be brief.', input: 'Why does checkout fail?', store: false};
  const tools = [{type: 'function', name: 'get_logs', description: 'Reads logs.', parameters, strict: true}];

  it('come whole', async () => {
    const response = await openai.responses.create(ask);
    assert.equal(response.object, 'response');
    assert.equal(response.status, 'completed');
    assert.equal(summary(response.output_text), 'The pool is exhausted.');
    assert.equal(response.usage.total_tokens, response.usage.input_tokens + response.usage.output_tokens);
  });

  it('are streamed in events that the client puts together', async () => {
    const stream = openai.responses.stream(ask);
    let text = '';
    const kinds = new Set();
    for await (const event of stream) {
      kinds.add(event.type);
      if (event.type === 'response.output_text.delta') text += event.delta;
    }
    assert.ok(kinds.has('response.created') && kinds.has('response.completed'), [...kinds].join(' '));
    const response = await stream.finalResponse();
    assert.equal(response.output_text, text);
    assert.equal(summary(text), 'The pool is exhausted.');
  });

  it('call tools, whole and streamed, and take their results', async () => {
    const whole = await openai.responses.create({...ask, tools});
    const streamed = await openai.responses.stream({...ask, tools}).finalResponse();
    for (const response of [whole, streamed]) {
      const call = response.output.find(({type}) => type === 'function_call');
      assert.equal(call.name, 'get_logs');
      assert.deepEqual(JSON.parse(call.arguments), {service: 'checkout'});
    }
    const call = whole.output.find(({type}) => type === 'function_call');
    const input = [{role: 'user', content: ask.input}, ...whole.output, {type: 'function_call_output', call_id: call.call_id, output: 'pool exhausted'}];
    const after = await openai.responses.create({...ask, input, tools});
    assert.equal(summary(after.output_text), 'The pool is exhausted.');
  });

  it('of a schema are parsed', async () => {
    const text = {format: {type: 'json_schema', name: 'finding', strict: true, schema}};
    const response = await openai.responses.parse({...ask, text});
    assert.equal(response.output_parsed.summary, 'The pool is exhausted.');
  });
});

it('models are listed as a page', async () => {
  const ids = [];
  for await (const entry of openai.models.list()) ids.push(entry.id);
  assert.deepEqual(ids, []);  // the scenario names none
});

describe('what goes wrong has its own class', () => {
  const cases = [
    ['fb-bad-key', OpenAI.AuthenticationError, {status: 401, code: 'invalid_api_key'}],
    ['fb-deactivated', OpenAI.AuthenticationError, {status: 401, code: 'account_deactivated'}],
    ['fb-forbidden', OpenAI.PermissionDeniedError, {status: 403, code: 'unsupported_country_region_territory'}],
    ['fb-no-model', OpenAI.NotFoundError, {status: 404, code: 'model_not_found'}],
    ['fb-429', OpenAI.RateLimitError, {status: 429, code: 'rate_limit_exceeded', type: 'tokens'}],
    ['fb-quota', OpenAI.RateLimitError, {status: 429, code: 'insufficient_quota', type: 'insufficient_quota'}],
    ['fb-context', OpenAI.BadRequestError, {status: 400, code: 'context_length_exceeded', param: 'messages'}],
    ['fb-500', OpenAI.InternalServerError, {status: 500, type: 'server_error'}],
    ['fb-503', OpenAI.InternalServerError, {status: 503, code: 'server_is_overloaded'}],
  ];
  for (const [fault, type, fields] of cases) {
    it(fault, async () => {
      for (const stream of [false, true]) {
        await assert.rejects(openai.chat.completions.create({model: fault, messages, stream}), (error) => {
          assert.ok(error instanceof type, `${error.constructor.name}: ${error.message}`);
          for (const [key, value] of Object.entries(fields)) assert.equal(error[key], value, key);
          assert.match(error.requestID, /^req_/);
          return true;
        });
      }
    });
  }

  it('a request that it does not know is refused by the field', async () => {
    await assert.rejects(openai.chat.completions.create({model, messages, invented: 1}), OpenAI.BadRequestError);
    await assert.rejects(client({defaultHeaders: {Authorization: null}}).chat.completions.create({model, messages}), OpenAI.AuthenticationError);
  });

  it('over the limit the client waits as the headers tell, and asks again', async () => {
    const before = (await sandbox.requests('openai')).length;
    const began = Date.now();
    await assert.rejects(client({maxRetries: 1}).chat.completions.create({model: 'fb-429-soon', messages}), OpenAI.RateLimitError);
    assert.equal((await sandbox.requests('openai')).length - before, 2);
    assert.ok(Date.now() - began >= 900);
  });
});
