import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { control, traceOf } from '../agent/control/racing-target.ts';
import type { Call, Options, RacingTarget } from '../agent/control/racing-target.ts';

/*
 * Control of published servers, as they are: it changes none of their answers, and the same schedule has the same trace,
 * a hundred times out of a hundred on each Node.js.
 */

const RELEASE = '2026.8.31';
const SCRIPT = fileURLToPath(new URL('../../../../scripts/node-versions.mjs', import.meta.url));
// `npm run smoke` alone tries them all.
const VERSIONS =
  process.env['METTLE_SMOKE'] === 'all' ? ['20.19.0', '22.23.3', '24.21.0', '26.10.0'] : ['26.10.0'];
const SEEDS = 10;
const TRIALS = 100;
let nodes: Readonly<Record<string, string>> = {};

beforeAll(() => {
  const fetched = spawnSync(process.execPath, [SCRIPT, ...VERSIONS], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  nodes = JSON.parse(fetched.stdout) as Record<string, string>;
});

interface Subject {
  readonly name: string;
  readonly server: string;
  readonly options: Options;
  readonly files?: Readonly<Record<string, string>>;
  readonly calls: (directory: string) => readonly Call[];
}

const entity = (name: string): Call => ({
  tool: 'create_entities',
  args: { entities: [{ name, entityType: 'thing', observations: [] }] },
});
const long: Call = { tool: 'trigger-long-running-operation', args: { duration: 2, steps: 4 } };
const sum: Call = { tool: 'get-sum', args: { a: 1, b: 2 } };

const SUBJECTS: readonly Subject[] = [
  {
    name: 'server-memory',
    server: 'server-memory',
    options: { env: (directory) => ({ MEMORY_FILE_PATH: join(directory, 'memory.jsonl') }) },
    calls: () => [entity('alpha'), entity('beta')],
  },
  {
    name: 'server-filesystem',
    server: 'server-filesystem',
    options: { args: (directory) => [directory] },
    files: { 'a.txt': 'one\ntwo\n', 'b.txt': 'bee' },
    calls: (directory) => [
      {
        tool: 'edit_file',
        args: { path: join(directory, 'a.txt'), edits: [{ oldText: 'one', newText: '1' }] },
      },
      {
        tool: 'move_file',
        args: { source: join(directory, 'a.txt'), destination: join(directory, 'c.txt') },
      },
    ],
  },
  {
    name: 'server-everything on stdio',
    server: 'server-everything',
    options: { args: () => ['stdio'] },
    calls: () => [long, sum],
  },
  {
    name: 'server-everything over HTTP',
    server: 'server-everything',
    options: { args: () => ['streamableHttp'], http: true, sessions: 'own', env: () => ({ PORT: '39417' }) },
    calls: () => [long, sum],
  },
];

describe.each(VERSIONS)('under control on Node.js %s', (version) => {
  test.each(SUBJECTS)('$name answers as ever, and repeats every trace', async (subject) => {
    const target = await control(script(subject.server), { ...subject.options, node: nodes[version] ?? '' });
    try {
      const calls = subject.calls(target.directory);
      const { answers } = await target.race(
        calls,
        { strategy: 'sequential', order: ['A', 'B'] },
        subject.files,
      );
      expect(answers).toEqual(await without(target, calls, subject.files));
      const traces = new Map<number, string>();
      for (let i = 0; i < TRIALS; i++) {
        const seed = i % SEEDS;
        const trial = await target.race(calls, { strategy: 'random', seed }, subject.files);
        expect(trial.record).toMatchObject({ status: 'done', uncontrolled: [] });
        const trace = JSON.stringify([traceOf(trial.record), trial.answers, trial.files]);
        expect(trace).toBe(traces.get(seed) ?? trace);
        traces.set(seed, trace);
      }
    } finally {
      await target.stop();
    }
  });
});

async function without(
  target: RacingTarget,
  calls: readonly Call[],
  files?: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  target.reset(files);
  const answers: string[] = [];
  for (const call of calls) answers.push(await target.call(call));
  return answers;
}

function script(name: string): string {
  const scoped = `@modelcontextprotocol/${name}`;
  const folder = inject('serverFolders')[`${scoped}@${RELEASE}`] ?? '';
  return join(folder, 'node_modules', scoped, 'dist', 'index.js');
}
