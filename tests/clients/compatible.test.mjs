// OpenAI's client against the simulations of those who speak its API with an accent: it must find nothing odd in them, and what they add.
import assert from 'node:assert/strict';
import {after, before, describe, it} from 'node:test';

import OpenAI from 'openai';

import {openSandbox} from './sandbox.mjs';

const script = [{tool: 'get_logs', arguments: {service: 'checkout'}}, {answer: {summary: 'The pool is exhausted.'}}];
const messages = [{role: 'system', content: 'Be brief.'}, {role: 'user', content: 'Why does checkout fail?'}];
const parameters = {type: 'object', properties: {service: {type: 'string'}}, required: ['service'], additionalProperties: false};
const tools = [{type: 'function', function: {name: 'get_logs', description: 'Reads logs.', parameters}}];
const own = {
  groq: (chunk) => chunk.x_groq?.usage?.total_tokens > 0,
  openrouter: (chunk) => chunk.provider && chunk.usage?.cost > 0,
  vllm: (chunk) => chunk.choices[0]?.stop_reason === null,
  llamacpp: (chunk) => chunk.timings?.prompt_n > 0,
};
let sandbox;

before(async () => {
  sandbox = await openSandbox('bad-deploy', {llm: {script, chain: Object.keys(own)}});
});
after(() => sandbox.close());

for (const [provider, adds] of Object.entries(own)) {
  describe(provider, () => {
    const target = () => sandbox.settings('llm').targets.find((one) => one.provider === provider);
    const client = () => new OpenAI({baseURL: target().api_url, apiKey: target().api_key ?? 'none', maxRetries: 0});
    const summary = ({choices: [{message}]}) => JSON.parse(message.content).summary;

    it('answers whole and streamed, with what is its own', async () => {
      const {model} = target();
      const whole = await client().chat.completions.create({model, messages});
      assert.equal(summary(whole), 'The pool is exhausted.');
      assert.equal(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens);
      const runner = client().chat.completions.stream({model, messages, stream_options: {include_usage: true}});
      const chunks = [];
      runner.on('chunk', (chunk) => chunks.push(chunk));
      assert.equal(summary(await runner.finalChatCompletion()), 'The pool is exhausted.');
      assert.ok(chunks.some(adds));
    });

    it('calls tools, whole and streamed', async () => {
      const {model} = target();
      const whole = await client().chat.completions.create({model, messages, tools});
      const streamed = await client().chat.completions.stream({model, messages, tools}).finalChatCompletion();
      for (const {choices: [choice]} of [whole, streamed]) {
        assert.equal(choice.finish_reason, 'tool_calls');
        assert.deepEqual(JSON.parse(choice.message.tool_calls[0].function.arguments), {service: 'checkout'});
      }
    });

    it('refuses in a way that the client has errors for', async () => {
      const ask = (model) => client().chat.completions.create({model, messages});
      await assert.rejects(ask('fb-s01'), OpenAI.AuthenticationError);
      await assert.rejects(ask('fb-s09'), OpenAI.InternalServerError);
      await assert.rejects(ask('fb-s14-1'), OpenAI.BadRequestError);
    });

    it('fails in the middle of a stream as an error, never as an answer', async () => {
      const stream = await client().chat.completions.create({model: 'fb-s29', messages, stream: true});
      const ends = [];
      await assert.rejects(async () => {
        for await (const chunk of stream) ends.push(...chunk.choices.map(({finish_reason}) => finish_reason));
      }, OpenAI.APIError);
      assert.ok(!ends.includes('stop'));
    });
  });
}
