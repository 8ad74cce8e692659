import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { RaceCall, ScheduleSpec, TargetSpec, Trial } from '../../../src/evidence/index.ts';
import { chooseRunner, Trials, type TrialRequest } from '../../../src/explore/index.ts';
import { freePort } from '../../free-port.ts';

// Servers are started many times over: on a busy machine that alone takes a minute.
vi.setConfig({ testTimeout: 240_000 });

const folder = fileURLToPath(new URL('fixtures/planted/', import.meta.url));
const inOrder = (...order: readonly string[]): ScheduleSpec => ({ strategy: 'sequential', order });
const SAME_START: ScheduleSpec = { strategy: 'prefix', decisions: ['A#1', 'B#1'] };

let open: Trials | null = null;
afterEach(async () => {
  await open?.close();
  open = null;
});

/** A package as it is installed: its state in memory, in a module that its first one imports. */
function publish(home: string): string {
  const dist = join(home, 'node_modules', '@someone', 'server', 'dist');
  mkdirSync(dist, { recursive: true });
  const sdk = (name: string): string => import.meta.resolve(`@modelcontextprotocol/sdk/server/${name}.js`);
  const index = join(dist, 'index.mjs');
  writeFileSync(index, `await import('./server.mjs');`);
  writeFileSync(
    join(dist, 'server.mjs'),
    `import { McpServer } from '${sdk('mcp')}';
     import { StdioServerTransport } from '${sdk('stdio')}';
     let count = 0;
     const server = new McpServer({ name: 'published', version: '1' });
     server.registerTool('add', {}, async () => ({ content: [{ type: 'text', text: String(++count) }] }));
     await server.connect(new StdioServerTransport());`,
  );
  return index;
}

function planted(name: string): TargetSpec {
  return { kind: 'stdio', command: [process.execPath, `${folder}serve.mjs`, name], env: {}, cwd: folder };
}

async function trialsOf(
  target: TargetSpec,
  more: { processes?: number; connections?: number } = {},
): Promise<Trials> {
  open = await Trials.open({ target, state: null, replies: {}, processes: 1, connections: 1, ...more });
  return open;
}

function call(tool: string, args: unknown = {}, connection = 0): RaceCall {
  return { tool, arguments: args, connection };
}

function alone(...calls: readonly RaceCall[]): readonly TrialRequest[] {
  return calls.map((each) => ({ setup: [], calls: [each], observe: [], schedule: inOrder('A') }));
}

describe('the reset', () => {
  test('is to put the files back where all state is in files', async () => {
    const trials = await trialsOf(planted('b4-duplicate'));
    const runner = await chooseRunner(trials, alone(call('create_user', { email: 'a@b' })), 'auto');
    expect(runner.reset, runner.why).toBe('files');
  });

  test('is to import the server again where it keeps state in memory', async () => {
    const trials = await trialsOf(planted('b1-limit'));
    const register = call('register', { id: 'x' });
    const rehearsals = alone(register, call('register', { id: 'y' })).map((each) => ({
      ...each,
      observe: [call('list')],
    }));
    const runner = await chooseRunner(trials, rehearsals, 'auto');
    expect(runner.reset, runner.why).toBe('reimport');
    expect(runner.why).toMatch(
      /not files: register (answered differently|left another state behind|took other steps)/,
    );
    for (let i = 0; i < 3; i++) {
      const trial = await runner.run({
        setup: [],
        calls: [register, call('register', { id: String(i) })],
        observe: [call('list')],
        schedule: inOrder('A', 'B'),
      });
      expect(trial.observed[0]?.text).toContain(`[\\"x\\",\\"${String(i)}\\"]`);
    }
  });

  test('is to import it again also where it is a published package of several files', async () => {
    const home = mkdtempSync(join(tmpdir(), 'mettle-published-'));
    try {
      const target: TargetSpec = {
        kind: 'stdio',
        command: [process.execPath, publish(home)],
        env: {},
        cwd: home,
      };
      const trials = await trialsOf(target);
      const runner = await chooseRunner(trials, alone(call('add'), call('add')), 'auto');
      expect(runner.reset, runner.why).toBe('reimport');
      for (let n = 0; n < 2; n++) {
        const [trial] = alone(call('add'));
        expect((await runner.run(trial as TrialRequest)).answers[0]?.text).toContain('"1"');
      }
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  test('is to ask the factory again where there is one', async () => {
    const target: TargetSpec = {
      kind: 'module',
      file: `${folder}b3-stale-cache.mjs`,
      exportName: null,
      env: {},
      cwd: folder,
    };
    const trials = await trialsOf(target);
    const runner = await chooseRunner(
      trials,
      alone(call('put', { key: 'k', value: 'v' }), call('get', { key: 'k' })),
      'auto',
    );
    expect(runner.reset, runner.why).toBe('factory');
  });

  test('that is asked for and not possible is refused in one sentence', async () => {
    const trials = await trialsOf(planted('b4-duplicate'));
    await expect(chooseRunner(trials, [], 'factory')).rejects.toThrow(
      'The reset "factory" is not possible for this target, which can be put back by files, reimport, process.',
    );
  });
});

describe('a trial', () => {
  test('follows its decisions to the letter, in the same process and in a fresh one', async () => {
    const trials = await trialsOf(planted('c4-clocks-and-ids'));
    const request: TrialRequest = {
      setup: [],
      calls: [call('note', { body: 'p' }), call('note', { body: 'q' })],
      observe: [],
      schedule: { strategy: 'random', seed: 5 },
    };
    const first = await trials.run(request, 'files', false);
    expect(first.record.status).toBe('done');
    expect(Object.keys(first.files)).toHaveLength(2);
    const decisions = first.record.steps.map(({ id }) => id);
    const schedule: ScheduleSpec = { strategy: 'prefix', decisions };
    const again = await trials.run({ ...request, schedule }, 'files', false);
    const fresh = await trials.run({ ...request, schedule, fresh: true }, 'files', false);
    for (const trial of [again, fresh]) {
      expect(trial.record.divergedAt).toBeNull();
      expect(trial.record.steps.map(({ id }) => id)).toEqual(decisions);
      expect([trial.answers, trial.files]).toEqual([first.answers, first.files]);
    }
  });

  test.each(['files', 'reimport'] as const)(
    'finds what the server asked its client at the handshake answered and done with (%s)',
    async (reset) => {
      const trials = await trialsOf(planted('asks-for-roots'));
      const request = { setup: [], calls: [call('look')], observe: [], schedule: inOrder('A') };
      const stepsOf = ({ record }: Trial): readonly string[] =>
        record.steps.map(({ lane, kind, phase }) => `${lane} ${kind} ${phase}`);
      const first = await trials.run(request, reset, true);
      const second = await trials.run(request, reset, false);
      expect(first.answers[0]?.text).toContain('1 allowed');
      expect(stepsOf(first)).toEqual([
        'A call effect',
        'A fs.stat effect',
        'A fs.stat delivery',
        'A answer effect',
      ]);
      expect(stepsOf(second)).toEqual(stepsOf(first));
    },
  );

  test('of a server that was imported anew begins when its start is over, without waiting for its timers', async () => {
    const trials = await trialsOf(planted('asks-later'));
    const request = { setup: [], calls: [call('look')], observe: [], schedule: inOrder('A') };
    for (let n = 0; n < 3; n++) {
      const { answers, record } = await trials.run(request, 'reimport', false);
      expect(answers[0]?.text).toContain('1 allowed');
      expect(record.steps.map(({ lane, kind }) => `${lane} ${kind}`)).toEqual(['A call', 'A answer']);
    }
  });

  test('of a server that dies tells how, and the next one is not harmed', async () => {
    const trials = await trialsOf(planted('crashing'));
    const request = { setup: [], calls: [call('use'), call('use')], observe: [] };
    const died = await trials.run({ ...request, schedule: SAME_START }, 'files', false);
    expect(died.crash).toMatch(/^exited with code 1: TypeError.*$/);
    const well = await trials.run({ ...request, schedule: inOrder('A', 'B') }, 'files', false);
    expect(well.crash).toBeNull();
    expect(well.answers.map(({ status }) => status)).toEqual(['success', 'success']);
  });

  test('that hangs is a proven deadlock, and the next one is not harmed', async () => {
    const trials = await trialsOf(planted('b7-lock-order'));
    const request = {
      setup: [],
      calls: [call('transfer', { from: 'a', to: 'b' }), call('transfer', { from: 'b', to: 'a' })],
      observe: [],
    };
    const hung = await trials.run({ ...request, schedule: SAME_START }, 'files', false);
    expect(hung.record.status).toBe('deadlock');
    expect(hung.answers.map(({ status }) => status)).toEqual(['unanswered', 'unanswered']);
    const well = await trials.run({ ...request, schedule: inOrder('A', 'B') }, 'files', false);
    expect(well.answers.map(({ status }) => status)).toEqual(['success', 'success']);
  });
});

test('two processes on one folder are ordered by one scheduler', async () => {
  const trials = await trialsOf(planted('b4-duplicate'), { processes: 2 });
  const create = (connection: number): RaceCall => call('create_user', { email: 'a@b' }, connection);
  const request = { setup: [], calls: [create(0), create(1)], observe: [] };
  const one = await trials.run({ ...request, schedule: inOrder('B', 'A') }, 'files', false);
  expect(one.answers.map(({ text }) => /created|exists/.exec(text)?.[0])).toEqual(['exists', 'created']);
  const decisions = ['A#1', 'A#2', 'B#1', 'B#2'];
  const both = await trials.run({ ...request, schedule: { strategy: 'prefix', decisions } }, 'files', false);
  expect(both.record.divergedAt).toBeNull();
  expect(both.answers.map(({ text }) => /created|exists/.exec(text)?.[0])).toEqual(['created', 'created']);
  expect(both.files['users.csv']).toBe('a@b\na@b\n');
  expect(both.record.steps.filter(({ kind }) => kind === 'answer')).toHaveLength(2);
});

test.each([
  { who: 'two sessions', connections: 2 },
  { who: 'two requests of one session', connections: 1 },
])('over HTTP, answers swapped between $who are seen', async ({ connections }) => {
  const port = await freePort();
  const trials = await trialsOf(
    {
      kind: 'http',
      url: `http://127.0.0.1:${String(port)}/`,
      headers: {},
      command: [process.execPath, `${folder}swapped-over-http.mjs`],
      env: { PORT: String(port) },
      cwd: folder,
    },
    { connections },
  );
  const greet = (name: string, connection: number): RaceCall => call('greet', { name }, connection);
  const request = { setup: [], calls: [greet('ann', 0), greet('bob', connections - 1)], observe: [] };
  const one = await trials.run({ ...request, schedule: inOrder('A', 'B') }, 'files', false);
  expect(one.answers.map(({ text }) => /hello \w+/.exec(text)?.[0])).toEqual(['hello ann', 'hello bob']);
  const mixed = await trials.run({ ...request, schedule: SAME_START }, 'files', false);
  expect(mixed.answers.map(({ text }) => /hello \w+/.exec(text)?.[0])).toEqual(['hello bob', 'hello bob']);
});
