import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { causesOf } from '../../../src/derive/causes/costs.ts';
import { hotSources } from '../../../src/derive/hot-lines.ts';
import type { CpuProfileEvidence } from '../../../src/evidence/index.ts';
import { server } from '../../builders/server.ts';

const FIXTURE = fileURLToPath(new URL('fixtures/four-causes.mjs', import.meta.url));
const CALLS = 5;

/** What V8 sampled, as one subject's calls. In a process of its own: the test runner rewrites what it imports. */
async function profile(): Promise<CpuProfileEvidence> {
  const { stdout } = await promisify(execFile)(process.execPath, [FIXTURE], { maxBuffer: 2 ** 26 });
  const sampled = JSON.parse(stdout) as CpuProfileEvidence['profile'];
  const { samples, timeDeltas } = sampled;
  const perCall = Math.ceil(samples.length / CALLS);
  return {
    profile: sampled,
    subjects: ['', 'handle'],
    sampleSubjects: samples.map(() => 1),
    sampleCalls: samples.map((_, i) => 1 + Math.floor(i / perCall)),
    sampleNetUs: timeDeltas,
  };
}

it('four causes in one function are told apart, each at its line, though three of them have no frame', async () => {
  const cpuProfile = await profile();
  const sources = hotSources(cpuProfile, (file) => (file === FIXTURE ? readFileSync(FIXTURE, 'utf8') : null));
  const { blocking } = server().tool('handle').called(CALLS).evidence();
  const { costs } = causesOf({
    blocking,
    cpuProfile,
    sources,
    target: { cwd: dirname(FIXTURE), command: null },
  });
  const text = readFileSync(FIXTURE, 'utf8').split('\n');
  const found = costs
    .filter(({ location }) => location?.function === 'handle')
    .map(({ cause, location }) => [cause, text[(location?.line ?? 0) - 1]?.trim()]);
  expect(Object.fromEntries(found)).toMatchObject({
    'large-json-parse': 'const parsed = JSON.parse(text);',
    'regex-backtracking': 'const valid = WORDS.test(title);',
    'deep-clone-per-call': 'const copied = structuredClone(rows);',
    'hash-on-main-thread': "const hash = pbkdf2Sync('password', 'salt', 2000, 32, 'sha512');",
  });
});
