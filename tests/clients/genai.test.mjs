// Google's Gen AI client against the simulated Gemini.
import assert from 'node:assert/strict';
import {after, before, describe, it} from 'node:test';

import {ApiError, FunctionCallingConfigMode, GoogleGenAI, Type} from '@google/genai';

import {openSandbox} from './sandbox.mjs';

const model = 'gemini-2.5-flash';
const logs = {
  name: 'get_logs', description: 'Reads logs.',
  parametersJsonSchema: {type: 'object', properties: {service: {type: 'string'}}, required: ['service'], additionalProperties: false},
};
const answer = {summary: 'the pool is exhausted', confidence: 0.9};
const script = [{tool: 'get_logs', arguments: {service: 'checkout'}}, {answer}];

let sandbox;
let ai;

const client = (apiKey = 'sandbox-gemini-api-key') =>
  new GoogleGenAI({apiKey, httpOptions: {baseUrl: sandbox.url + '/gemini', retryOptions: {attempts: 1}}});

before(async () => {
  sandbox = await openSandbox('bad-deploy', {llm: {gemini: {api_key: 'sandbox-gemini-api-key', script}}});
  ai = client();
});
after(() => sandbox.close());

/** What the SDK makes of a refusal: the status, and the vendor's document as its message. */
const refused = (status, word, more = () => {}) => (error) => {
  assert.ok(error instanceof ApiError, String(error));
  assert.equal(error.status, status);
  const document = JSON.parse(error.message).error;
  assert.equal(document.code, status);
  assert.equal(document.status, word);
  more(document);
  return true;
};

const ask = (more = {}, contents = 'why?') => ai.models.generateContent({model, contents, ...more});

it('answers in one piece, with usage and ids', async () => {
  const reply = await ask();
  assert.deepEqual(JSON.parse(reply.text), answer);
  assert.equal(reply.candidates[0].finishReason, 'STOP');
  assert.equal(reply.modelVersion, model);
  assert.match(reply.responseId, /^resp-/);
  const {promptTokenCount, candidatesTokenCount, totalTokenCount} = reply.usageMetadata;
  assert.equal(totalTokenCount, promptTokenCount + candidatesTokenCount);
});

it('streams the same answer, the finish reason last', async () => {
  const chunks = [];
  for await (const chunk of await ai.models.generateContentStream({model, contents: 'why?'})) chunks.push(chunk);
  assert.ok(chunks.length > 2);
  assert.deepEqual(JSON.parse(chunks.map(({text}) => text ?? '').join('')), answer);
  assert.equal(chunks.at(-1).candidates[0].finishReason, 'STOP');
  assert.ok(chunks.at(-1).usageMetadata.totalTokenCount > 0);
  assert.ok(chunks.slice(0, -1).every(({candidates}) => candidates[0].finishReason === undefined));
});

describe('tools', () => {
  const config = {
    systemInstruction: 'You are an analyst.', tools: [{functionDeclarations: [logs]}],
    toolConfig: {functionCallingConfig: {mode: FunctionCallingConfigMode.AUTO}},
  };

  it('are called, and the result leads to the answer', async () => {
    const called = await ask({config});
    assert.deepEqual(called.functionCalls.map(({name, args}) => ({name, args})), [{name: 'get_logs', args: {service: 'checkout'}}]);
    const {id, name} = called.functionCalls[0];
    const contents = [{role: 'user', parts: [{text: 'why?'}]}, called.candidates[0].content,
                      {role: 'user', parts: [{functionResponse: {id, name, response: {result: 'pool exhausted'}}}]}];
    const reply = await ask({config}, contents);
    assert.deepEqual(JSON.parse(reply.text), answer);
    assert.ok(reply.usageMetadata.cachedContentTokenCount > 0);
  });

  it('of the third generation carry a signature that has to come back', async () => {
    const chat = ai.chats.create({model: 'gemini-3-pro-preview', config});
    const called = await chat.sendMessage({message: 'why?'});
    assert.ok(called.candidates[0].content.parts[0].thoughtSignature);
    const {id, name} = called.functionCalls[0];
    const reply = await chat.sendMessage({message: [{functionResponse: {id, name, response: {result: 'pool exhausted'}}}]});
    assert.deepEqual(JSON.parse(reply.text), answer);
    const unsigned = [{role: 'user', parts: [{text: 'why?'}]}, {role: 'model', parts: [{functionCall: {name, args: {}}}]},
                      {role: 'user', parts: [{functionResponse: {name, response: {result: 'x'}}}]}];
    await assert.rejects(ai.models.generateContent({model: 'gemini-3-pro-preview', contents: unsigned, config}),
                         refused(400, 'INVALID_ARGUMENT', ({message}) => assert.match(message, /missing a thought_signature/)));
  });

  it('stand in a request without a schema', async () => {
    const both = {...config, responseMimeType: 'application/json'};
    await assert.rejects(ask({config: both}), refused(400, 'INVALID_ARGUMENT', ({message}) => assert.match(message, /response mime type/)));
  });
});

describe('a JSON schema', () => {
  const schema = {type: Type.OBJECT, properties: {summary: {type: Type.STRING}, confidence: {type: Type.NUMBER, nullable: true}}, required: ['summary']};
  const config = (responseSchema) => ({responseMimeType: 'application/json', responseSchema, temperature: 0.2, thinkingConfig: {thinkingBudget: 0}});

  it('is taken in the subset that there is', async () => {
    assert.deepEqual(JSON.parse((await ask({config: config(schema)})).text), answer);
  });

  it('is refused with the place of what is beyond it', async () => {
    await assert.rejects(ask({config: config({type: Type.OBJECT, properties: {}})}), refused(400, 'INVALID_ARGUMENT', ({message}) => {
      assert.match(message, /response_schema\.properties: should be non-empty/);
    }));
  });
});

it('models are listed page by page, and one is told alone', async () => {
  const names = [];
  for await (const {name} of await ai.models.list({config: {pageSize: 2}})) names.push(name);
  assert.ok(names.length > 2);
  assert.equal(new Set(names).size, names.length);
  assert.equal((await ai.models.get({model})).name, 'models/' + model);
});

describe('what goes wrong', () => {
  const fails = (name) => ai.models.generateContent({model: 'fb-' + name, contents: 'why?'});

  it('with another key: a 400 that says why', async () => {
    await assert.rejects(client('of-somebody-else').models.generateContent({model, contents: 'why?'}),
                         refused(400, 'INVALID_ARGUMENT', ({details}) => assert.equal(details[0].reason, 'API_KEY_INVALID')));
  });

  it('over the quota: a 429 with what is used up, and when to come back', async () => {
    await assert.rejects(fails('s06'), refused(429, 'RESOURCE_EXHAUSTED', ({details}) => {
      const of = (type) => details.find((detail) => detail['@type'] === 'type.googleapis.com/google.rpc.' + type);
      assert.match(of('QuotaFailure').violations[0].quotaId, /PerMinute/);
      assert.equal(of('RetryInfo').retryDelay, '1s');
    }));
    await assert.rejects(fails('s05'), refused(429, 'RESOURCE_EXHAUSTED', ({message}) => assert.match(message, /spending cap/)));
  });

  it('without such a model, or with a dead project', async () => {
    await assert.rejects(fails('s12'), refused(404, 'NOT_FOUND'));
    await assert.rejects(fails('s02'), refused(403, 'PERMISSION_DENIED', ({details}) => assert.equal(details[0].reason, 'CONSUMER_SUSPENDED')));
  });

  it('where the vendor is in trouble', async () => {
    await assert.rejects(fails('s09'), refused(503, 'UNAVAILABLE'));
    await assert.rejects(fails('s10-502'), ({status}) => status === 502);
  });

  it('in the middle of a stream', async () => {
    const read = async () => {
      for await (const chunk of await ai.models.generateContentStream({model: 'fb-s29', contents: 'why?'})) assert.ok(chunk);
    };
    await assert.rejects(read(), ({status}) => status === 503);
  });

  it('in the answer itself: a filter, a limit, a call that cannot be read', async () => {
    assert.equal((await fails('s15-400')).promptFeedback.blockReason, 'PROHIBITED_CONTENT');
    assert.equal((await fails('s15-200')).candidates[0].finishReason, 'SAFETY');
    assert.equal((await fails('s36')).candidates[0].finishReason, 'MAX_TOKENS');
    assert.equal((await fails('s37')).candidates[0].finishReason, 'MALFORMED_FUNCTION_CALL');
    assert.equal((await fails('s30')).text, undefined);
  });
});
