import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { runSteps } from './action-steps.mjs';
import { githubApi } from './github-api.mjs';

const ACTION = join(root, 'action');
const TOKEN = 'ghs_of-this-run';

/**
 * The GitHub Action as a workflow runs it, step by step: in `folder`, where the packed mettle is installed beside
 * server.mjs; against an API on loopback that behaves like GitHub's. Throws where it does otherwise than its README says.
 */
export async function tryAction(folder, env, version) {
  const temp = mkdtempSync(join(folder, 'runner-'));
  const run = (given) => runSteps(ACTION, { ...given, env: { ...env, ...given.env }, cwd: folder, temp });
  await commentsOnce(run, temp, version);
  await neverInTheHandsOfForks(run, temp);
  await saysWhatIsWrongWithItsInputs(run, temp);
}

const event = (temp, value) => {
  const file = join(mkdtempSync(join(temp, 'event-')), 'event.json');
  writeFileSync(file, JSON.stringify(value));
  return file;
};

async function commentsOnce(run, temp, version) {
  const api = await githubApi({ perPageAtMost: 2 });
  // Three pages of others' comments, one of which would like to be taken for ours.
  for (const [i, login] of ['ann', 'bob', 'cy', 'dee', 'eve'].entries())
    api.add(login, 'User', i === 2 ? '<!-- mettle ci/check -->\nnot ours' : `comment ${i}`);
  const env = {
    GITHUB_API_URL: api.origin,
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_REPOSITORY: 'acme/shop',
    GITHUB_RUN_ID: '42',
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_EVENT_PATH: event(temp, { pull_request: { number: 7 } }),
  };
  const inputs = {
    target: 'node server.mjs',
    version,
    budget: '4',
    arguments: '--tool seal',
    sarif: 'true',
  };
  const context = { github: { workflow: 'ci', job: 'check', token: TOKEN } };
  try {
    const { ran, outputs } = await run({ inputs, context, env });
    const [examined, commented, kept, scanned, verdict] = ran;
    const log = ran.map((step) => step.log ?? '').join('\n');
    assert.equal(verdict?.name, 'Verdict', log);
    assert.equal(outputs['exit-code'], '1', log);
    assert.equal(verdict.code, 1, 'findings over the bar fail the run');
    const annotation = examined.log.search(/^::(error|warning) file=server\.mjs,line=\d+/m);
    assert.notEqual(annotation, -1, `no annotation at the line:\n${examined.log}`);
    assert.match(
      examined.log.slice(0, annotation),
      /^::stop-commands::(\S+)$[\s\S]*^::\1::$/m,
      'what the server says is not taken for commands, what we say is',
    );
    assert.match(examined.summary, /hash-on-main-thread/);
    assert.doesNotMatch(examined.log, new RegExp(TOKEN));
    assert.match(commented.log, /^Commented\.$/m);
    assert.deepEqual(kept.with, { name: 'mettle', path: outputs.folder, 'if-no-files-found': 'ignore' });
    assert.match(scanned.with.sarif_file, /result\.sarif$/);
    assert.equal(api.comments.length, 6);
    const own = api.comments[5];
    assert.match(own.body, /^<!-- mettle ci\/check -->\n## tiny/);
    assert.match(own.body, /\(https:\/\/github\.example\/acme\/shop\/actions\/runs\/42\)/);
    assert.doesNotMatch(own.body.replaceAll(/`[^`]*`/g, ''), /@\w/, 'nobody is called');

    await renewsIt(run, { api, temp, inputs, context, env });
    assert.ok(api.requests.every(({ authorization }) => authorization === `Bearer ${TOKEN}`));
  } finally {
    api.close();
  }
}

/** Three more runs, with other results: the same comment each time, and none where the token may not write. */
async function renewsIt(run, { api, temp, inputs, context, env }) {
  const again = async (text, given = {}) => {
    const folder = mkdtempSync(join(temp, 'result-'));
    writeFileSync(join(folder, 'result.md'), text);
    const { ran } = await run({
      inputs: { ...inputs, ...given.inputs },
      context,
      env: { ...env, ...given.env },
      only: ['Comment'],
      outputs: { examine: { folder } },
    });
    return ran[0];
  };
  const renewed = await again('## tiny\n\nAll well, says @ann.\n');
  assert.match(renewed.log, /^Renewed comment 1005\.$/m);
  assert.equal(api.comments.length, 6, 'no second comment');
  assert.match(api.comments[5].body, /All well, says @<!-- -->ann/);
  assert.equal(
    api.comments[2].body,
    '<!-- mettle ci/check -->\nnot ours',
    "a person's comment is left alone",
  );

  await again(`## tiny\n\n${'| a row |\n'.repeat(20_000)}`);
  assert.ok(api.comments[5].body.length < 65_536);
  assert.match(api.comments[5].body, /cut here/);

  await again('## tiny\n', { inputs: { key: 'ci/speed' } });
  assert.equal(api.comments.length, 7, 'another key has a comment of its own');

  const fork = await githubApi({ mayWrite: false });
  const refused = await again('## tiny\n', { env: { GITHUB_API_URL: fork.origin } });
  fork.close();
  assert.equal(refused.code, 0, 'a token that may only read fails nothing');
  assert.match(refused.log, /::notice title=Mettle::No comment: the token may not write here/);

  const push = await again('## tiny\n', { env: { GITHUB_EVENT_PATH: event(temp, {}) } });
  assert.match(push.log, /No comment: this run belongs to no pull request/);
}

async function neverInTheHandsOfForks(run, temp) {
  const from = (head) => ({
    repository: { full_name: 'acme/shop' },
    pull_request: { number: 7, head: { repo: head } },
    workflow_run: { head_repository: head },
  });
  for (const name of ['pull_request_target', 'workflow_run']) {
    for (const head of [{ full_name: 'mallory/shop' }, null]) {
      const { ran, outputs } = await run({
        inputs: { target: 'node -e process.exit(9)' },
        context: { github: { workflow: 'ci', job: 'check', token: TOKEN } },
        env: {
          GITHUB_EVENT_NAME: name,
          GITHUB_EVENT_PATH: event(temp, from(head)),
          GITHUB_REPOSITORY: 'acme/shop',
        },
      });
      assert.deepEqual([ran.map((step) => step.name), outputs['exit-code']], [['Examine', 'Verdict'], '2']);
      assert.match(ran[0].log, /^::error title=Mettle::\w+ runs with this repository's secrets/m);
    }
  }
}

async function saysWhatIsWrongWithItsInputs(run, temp) {
  const wrong = [
    [{ target: 'node s.mjs', command: 'rm -rf' }, /command takes one of check, profile.*"rm -rf" is none/],
    [{ target: '   ' }, /target is empty/],
    [{ target: 'node s.mjs', baseline: 'git:main' }, /baseline is for the command bench; this is check/],
  ];
  for (const [inputs, sentence] of wrong) {
    const env = { GITHUB_EVENT_NAME: 'push', GITHUB_EVENT_PATH: event(temp, {}) };
    const { ran, outputs } = await run({ inputs, context: { github: {} }, env });
    assert.match(ran[0].log, sentence);
    assert.equal(outputs['exit-code'], '2');
  }
}
