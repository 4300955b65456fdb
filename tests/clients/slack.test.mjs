// Slack's Web API client and Bolt against the simulated Slack.
import assert from 'node:assert/strict';
import {after, before, describe, it} from 'node:test';

import bolt from '@slack/bolt';
import {ErrorCode, LogLevel, WebClient} from '@slack/web-api';

import {openSandbox} from './sandbox.mjs';

let sandbox;
let slack;
let channel;

const client = (token = sandbox.settings('slack').bot_token, more = {}) =>
  new WebClient(token, {slackApiUrl: sandbox.settings('slack').api_url + '/', logLevel: LogLevel.ERROR, retryConfig: {retries: 0}, ...more});

/** What the SDK makes of an "ok": false. */
const platformError = (wanted) => (error) => {
  assert.equal(error.code, ErrorCode.PlatformError);
  assert.equal(error.data.ok, false);
  assert.equal(error.data.error, wanted);
  return true;
};

before(async () => {
  sandbox = await openSandbox();
  slack = client();
  channel = sandbox.settings('slack').channel;
});
after(() => sandbox.close());

it('auth.test says who we are and what we may', async () => {
  const answer = await slack.auth.test();
  assert.equal(answer.ok, true);
  assert.match(answer.url, /^https:\/\/acme\.slack\.com\/$/);
  assert.match(answer.team_id, /^T/);
  assert.match(answer.user_id, /^U/);
  assert.match(answer.bot_id, /^B/);
  assert.equal(answer.is_enterprise_install, false);
  assert.ok(answer.response_metadata.scopes.includes('chat:write'));
});

describe('a message', () => {
  const blocks = [
    {type: 'header', text: {type: 'plain_text', text: 'checkout is slow'}},
    {type: 'section', text: {type: 'mrkdwn', text: '*Likely cause*: deploy `4f1c2aa`'}},
    {type: 'divider'},
    {type: 'actions', elements: [{type: 'button', action_id: 'open', text: {type: 'plain_text', text: 'Logs'}, url: 'https://acme.example/logs'}]},
    {type: 'context', elements: [{type: 'mrkdwn', text: 'Checked: logs, metrics'}]},
  ];
  const metadata = {event_type: 'investigation', event_payload: {key: 'a1b2'}};

  it('is posted, edited in place, found by its metadata and removed', async () => {
    const posted = await slack.chat.postMessage({channel, text: 'checkout is slow', blocks, metadata, unfurl_links: false});
    assert.equal(posted.channel, channel);
    assert.match(posted.ts, /^\d{10}\.\d{6}$/);
    assert.equal(posted.message.bot_id, (await slack.auth.test()).bot_id);

    const edited = await slack.chat.update({channel, ts: posted.ts, text: 'checkout is well', blocks: blocks.slice(0, 2)});
    assert.equal(edited.ts, posted.ts);
    assert.equal(edited.text, 'checkout is well');

    const read = await slack.conversations.history({channel, oldest: posted.ts, inclusive: true, include_all_metadata: true, limit: 10});
    assert.equal(read.messages.length, 1);
    assert.equal(read.messages[0].text, 'checkout is well');
    assert.equal(read.messages[0].blocks.length, 2);
    assert.deepEqual(read.messages[0].metadata, metadata, 'an edit without metadata keeps them');
    assert.ok(read.messages[0].edited.ts);

    const link = await slack.chat.getPermalink({channel, message_ts: posted.ts});
    assert.ok(link.permalink.endsWith('/p' + posted.ts.replace('.', '')));
    assert.equal((await slack.chat.delete({channel, ts: posted.ts})).ts, posted.ts);
    await assert.rejects(slack.chat.update({channel, ts: posted.ts, text: 'too late'}), platformError('message_not_found'));
  });

  it('in a thread is among the replies and not in the history', async () => {
    const parent = await slack.chat.postMessage({channel, text: 'parent'});
    const reply = await slack.chat.postMessage({channel, text: 'reply', thread_ts: parent.ts});
    const replies = await slack.conversations.replies({channel, ts: parent.ts});
    assert.deepEqual(replies.messages.map(({text}) => text), ['parent', 'reply']);
    const history = await slack.conversations.history({channel, limit: 100});
    assert.ok(!history.messages.some(({ts}) => ts === reply.ts));
  });

  it('whose blocks break the rules is refused, with the place', async () => {
    const broken = [{type: 'header', text: {type: 'mrkdwn', text: '*no*'}}];
    await assert.rejects(slack.chat.postMessage({channel, text: 'x', blocks: broken}), (error) => {
      platformError('invalid_blocks')(error);
      assert.match(error.data.response_metadata.messages[0], /json-pointer:\/blocks\/0/);
      return true;
    });
    await assert.rejects(slack.chat.postMessage({channel, text: ''}), platformError('no_text'));
    await assert.rejects(slack.chat.update({channel, ts: '1.000000', text: 'x'}), platformError('message_not_found'));
    await assert.rejects(slack.chat.postMessage({channel: 'C0NOWHERE', text: 'x'}), platformError('channel_not_found'));
  });
});

it('the history is paginated by the SDK, newest first, each message once', async () => {
  const all = (await slack.conversations.history({channel: 'C0DEPLOYS', limit: 200})).messages;
  const seen = [];
  for await (const page of slack.paginate('conversations.history', {channel: 'C0DEPLOYS', limit: 2})) {
    assert.ok(page.messages.length <= 2);
    seen.push(...page.messages);
  }
  assert.ok(all.length > 4);
  assert.deepEqual(seen.map(({ts}) => ts), all.map(({ts}) => ts));
  assert.deepEqual([...seen].sort((a, b) => b.ts.localeCompare(a.ts)), seen);
  const deploy = seen.find(({attachments}) => attachments?.[0]?.title === 'checkout v412 is live in production');
  assert.equal(deploy.subtype, 'bot_message');
  await assert.rejects(slack.conversations.history({channel, cursor: 'bm9uZQ=='}), platformError('invalid_cursor'));
});

describe('what goes wrong', () => {
  it('with a token that is none, or of another kind', async () => {
    await assert.rejects(client('nonsense').auth.test(), platformError('invalid_auth'));
    await assert.rejects(client('xoxp-of-a-person').auth.test(), platformError('not_allowed_token_type'));
    await assert.rejects(client(null).auth.test(), platformError('not_authed'));
  });

  it('over the limit: the client reads Retry-After', async () => {
    const limited = {vendor: 'slack', path_prefix: '/chat.postMessage', kind: 'status', status: 429, headers: {'Retry-After': '1'},
                     body: '{"ok":false,"error":"ratelimited"}', times: 1};
    await sandbox.setFaults([limited]);
    await assert.rejects(client(undefined, {rejectRateLimitedCalls: true}).chat.postMessage({channel, text: 'x'}), (error) => {
      assert.equal(error.code, ErrorCode.RateLimitedError);
      assert.equal(error.retryAfter, 1);
      return true;
    });
    await sandbox.setFaults([limited]);
    const patient = client(undefined, {retryConfig: {retries: 1}});
    assert.equal((await patient.chat.postMessage({channel, text: 'once'})).ok, true);
  });

  it('a server that fails is an HTTP error, not an answer', async () => {
    await sandbox.setFaults([{vendor: 'slack', kind: 'status', status: 503, body: '<html>upstream</html>'}]);
    await assert.rejects(slack.auth.test(), ({code, statusCode}) => code === ErrorCode.HTTPError && statusCode === 503);
    await sandbox.setFaults([]);
  });
});

describe('a Bolt app', () => {
  /** Hands events to the app as its HTTP receiver would. */
  class Receiver {
    init(app) { this.app = app; }
    async start() {}
    async stop() {}
    async deliver(body) {
      await this.app.processEvent({body, ack: async () => {}});
    }
  }

  async function makeApp(token) {
    const receiver = new Receiver();
    const app = new bolt.App({token, receiver, clientOptions: {slackApiUrl: sandbox.settings('slack').api_url + '/'}, logLevel: LogLevel.ERROR,
                              deferInitialization: true});
    app.error(async (error) => { throw error; });
    return {app, receiver};
  }

  const mention = () => ({
    type: 'event_callback', team_id: 'T0ACME', api_app_id: 'A1', event_id: 'Ev01',
    event: {type: 'app_mention', user: 'U0ANA', text: '<@U0GUMSHOE> why?', ts: '1733020900.000100', channel, event_ts: '1733020900.000100'},
  });

  it('authorises itself with auth.test, and says something where it was mentioned', async () => {
    const {app, receiver} = await makeApp(sandbox.settings('slack').bot_token);
    let context;
    app.event('app_mention', async ({event, say, context: given}) => {
      context = given;
      await say({text: 'looking into it', thread_ts: event.ts});
    });
    await app.init();
    await receiver.deliver(mention());
    const me = await slack.auth.test();
    assert.equal(context.botId, me.bot_id);
    assert.equal(context.botUserId, me.user_id);
    const {channels} = await sandbox.state('slack');
    const said = channels.find(({id}) => id === channel).messages.find(({text}) => text === 'looking into it');
    assert.equal(said.thread_ts, '1733020900.000100');
    await receiver.deliver({...mention(), event: {...mention().event, user: me.user_id, bot_id: me.bot_id}});
    const again = (await sandbox.state('slack')).channels.find(({id}) => id === channel).messages;
    assert.equal(again.filter(({text}) => text === 'looking into it').length, 1, 'its own messages are nothing to it');
  });

  it('with a revoked token does not come up', async () => {
    const {app} = await makeApp('xoxb-');
    await assert.rejects(app.init(), platformError('invalid_auth'));
  });
});
