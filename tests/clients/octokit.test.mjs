// GitHub's own client, Octokit, against the simulated GitHub.
import assert from 'node:assert/strict';
import {after, before, describe, it} from 'node:test';

import {Octokit} from 'octokit';

import {openSandbox} from './sandbox.mjs';

const shop = {owner: 'acme', repo: 'shop'};
const quiet = {debug() {}, info() {}, warn() {}, error() {}};
let sandbox;
let github;

const client = (more = {}) => new Octokit({
  auth: sandbox.settings('github').token, baseUrl: sandbox.settings('github').api_url, log: quiet,
  retry: {enabled: false}, throttle: {enabled: false}, ...more,
});

const requestError = (status, words) => (error) => {
  assert.equal(error.name, 'HttpError');
  assert.equal(error.status, status);
  assert.match(error.response.data.message, words);
  assert.ok(error.response.data.documentation_url);
  return true;
};

before(async () => {
  sandbox = await openSandbox();
  github = client();
});
after(() => sandbox.close());

describe('deployments', () => {
  it('are listed newest first, with what was asked for', async () => {
    const {data} = await github.rest.repos.listDeployments({...shop, environment: 'production'});
    assert.deepEqual(data.map(({id}) => id), [90412, 90411]);
    const [newest] = data;
    assert.equal(newest.ref, 'v412');
    assert.equal(newest.task, 'deploy');
    assert.equal(newest.environment, 'production');
    assert.equal(newest.creator.login, 'acme-deploy[bot]');
    assert.ok(Date.parse(newest.created_at) < Date.now());
  });

  it('have statuses, newest first', async () => {
    const {data} = await github.rest.repos.listDeploymentStatuses({...shop, deployment_id: 90411});
    assert.deepEqual(data.map(({state}) => state), ['inactive', 'success', 'in_progress']);
    const {data: [live, asked]} = await github.rest.repos.listDeploymentStatuses({...shop, deployment_id: 90412});
    assert.ok(Date.parse(live.created_at) > Date.parse(asked.created_at));
  });
});

describe('commits', () => {
  it('are paginated through the Link header, each once', async () => {
    const {data: whole} = await github.rest.repos.listCommits({...shop, per_page: 100});
    const paged = await github.paginate(github.rest.repos.listCommits, {...shop, per_page: 3});
    assert.ok(whole.length > 6);
    assert.deepEqual(paged.map(({sha}) => sha), whole.map(({sha}) => sha));
    const pages = (await sandbox.requests('github')).filter(({query}) => query.includes('per_page=3'));
    assert.equal(pages.length, Math.ceil(whole.length / 3));
    const dates = whole.map(({commit}) => Date.parse(commit.committer.date));
    assert.deepEqual(dates, [...dates].sort((a, b) => b - a));
  });

  it('of a path and a time are those that touch it', async () => {
    const since = new Date(Date.now() - 2 * 3600_000).toISOString();
    const {data} = await github.rest.repos.listCommits({...shop, path: 'services/checkout', since});
    assert.equal(data.length, 1);
    assert.equal(data[0].author.login, 'ana');
    assert.match(data[0].commit.message, /^pool: lower max connections/);
    assert.equal(data[0].html_url, `https://github.com/acme/shop/commit/${data[0].sha}`);
  });

  it('have files and patches, and the pull request they came with', async () => {
    const {data} = await github.rest.repos.getCommit({...shop, ref: '4f1c2aa'});
    assert.equal(data.files.length, 1);
    assert.match(data.files[0].patch, /\+ +POOL_MAX: 5\n/);
    const {data: pulls} = await github.rest.repos.listPullRequestsAssociatedWithCommit({...shop, commit_sha: data.sha});
    assert.equal(pulls[0].number, 512);
    assert.equal(pulls[0].merge_commit_sha, data.sha);
    assert.ok(pulls[0].merged_at);
  });
});

it('a comparison is the way from one commit to another, oldest first', async () => {
  const {data} = await github.rest.repos.compareCommitsWithBasehead({
    ...shop, basehead: '71c3f0b8e5d2a9467c1e0f3b8a5d6297e4c0b1f3...4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4'});
  assert.equal(data.status, 'ahead');
  assert.equal(data.ahead_by, data.commits.length);
  assert.equal(data.total_commits, data.commits.length);
  assert.equal(data.commits.at(-1).sha.slice(0, 7), '4f1c2aa');
  assert.ok(data.files.some(({filename}) => filename === 'services/checkout/config/prod.yaml'));
});

it('pull requests are listed and have files', async () => {
  const pulls = await github.paginate(github.rest.pulls.list, {...shop, state: 'closed', sort: 'updated', direction: 'desc', per_page: 2});
  const pull = pulls.find(({number}) => number === 512);
  assert.equal(pull.title, 'pool: lower max connections');
  assert.equal(pull.user.login, 'ana');
  const {data: files} = await github.rest.pulls.listFiles({...shop, pull_number: 512});
  assert.deepEqual(files.map(({filename}) => filename), ['services/checkout/config/prod.yaml']);
  assert.deepEqual((await github.rest.pulls.list({...shop, state: 'open'})).data, []);
});

describe('what goes wrong', () => {
  it('without a token is 401', async () => {
    await assert.rejects(client({auth: undefined}).rest.repos.listCommits(shop), requestError(401, /Bad credentials|Requires authentication/));
  });

  it('a repository that one may not see is 404, a commit that is not there 422', async () => {
    await assert.rejects(github.rest.repos.listCommits({owner: 'acme', repo: 'secret'}), requestError(404, /^Not Found$/));
    await assert.rejects(github.rest.repos.getCommit({...shop, ref: '0000000'}), requestError(422, /No commit found/));
  });

  it('over the limit the client waits as the headers tell, and asks again', async () => {
    await sandbox.setFaults([{vendor: 'github', kind: 'status', status: 429, times: 1,
                              headers: {'Content-Type': 'application/json', 'Retry-After': '1', 'X-RateLimit-Remaining': '0'},
                              body: '{"message":"You have exceeded a secondary rate limit","documentation_url":"https://docs.github.com/rest"}'}]);
    const waits = [];
    const patient = client({throttle: {
      onRateLimit: () => false,
      onSecondaryRateLimit: (seconds) => { waits.push(seconds); return true; },
    }});
    assert.ok((await patient.rest.repos.listCommits(shop)).data.length > 0);
    assert.equal(waits.length, 1);
    await sandbox.setFaults([]);
  });
});
