import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/evidence/index.ts';
import { parseWorkload, readWorkload } from '../../src/load/workload.ts';
import { complaintsAbout } from '../builders/published-schemas.ts';

const FILE = resolve('/project/mettle.workload.json');
/** What is read, editors take too: by the published schema. */
function parse(workload: unknown): ReturnType<typeof parseWorkload> {
  const parsed = parseWorkload(workload, FILE);
  expect(complaintsAbout('workload', workload)).toEqual([]);
  return parsed;
}
const schema = 'mettle/workload@1';

describe('a workload', () => {
  it('is read with its defaults filled in and the state beside the file', () => {
    expect(
      parse({
        schema,
        setup: [{ tool: 'create_entities', arguments: {} }],
        calls: [
          { tool: 'search', arguments: { query: '{dir}/a' }, weight: 3 },
          { method: 'resources/read', params: { uri: 'catalog://items/a' } },
          { method: 'tools/list' },
        ],
        sessions: { churn: true, end: 'abandon', calls: 2 },
        replies: { 'elicitation/create': { action: 'accept' } },
        state: { copy: './fixtures/start', env: 'MEMORY_FILE_PATH' },
      }),
    ).toEqual({
      setup: [{ tool: 'create_entities', arguments: {}, weight: 1 }],
      calls: [
        { tool: 'search', arguments: { query: '{dir}/a' }, weight: 3 },
        { method: 'resources/read', params: { uri: 'catalog://items/a' }, weight: 1 },
        { method: 'tools/list', params: {}, weight: 1 },
      ],
      sessions: { churn: true, end: 'abandon', calls: 2 },
      replies: { 'elicitation/create': { action: 'accept' } },
      state: { copy: resolve('/project/fixtures/start'), env: 'MEMORY_FILE_PATH' },
    });
  });
  it('may be empty', () => {
    expect(parse({ schema })).toEqual({ setup: [], calls: [], sessions: null, replies: {}, state: null });
  });
});

describe('a faulty workload is refused with the field, what was seen and what is wanted', () => {
  const faults: readonly (readonly [unknown, string])[] = [
    [[], 'the workload is [], but must be an object'],
    [{}, 'schema is missing, but must be "mettle/workload@1"'],
    [{ schema: 'mettle/workload@9' }, 'schema is "mettle/workload@9", but must be "mettle/workload@1"'],
    [
      { schema, call: [] },
      'call is [], but must be one of the fields schema, setup, calls, sessions, replies, state, recording',
    ],
    [{ schema, calls: {} }, 'calls is {}, but must be a list'],
    [{ schema, calls: ['search'] }, 'calls[0] is "search", but must be an object'],
    [{ schema, calls: [{}] }, 'calls[0] is {}, but must be a call with either "tool" or "method"'],
    [
      { schema, calls: [{ tool: 'a', method: 'b' }] },
      'calls[0] is {"tool":"a","method":"b"}, but must be a call with either "tool" or "method"',
    ],
    [{ schema, calls: [{ tool: 'a' }, { tool: '' }] }, 'calls[1].tool is "", but must be a text'],
    [{ schema, calls: [{ tool: 'a', arguments: [1] }] }, 'calls[0].arguments is [1], but must be an object'],
    [
      { schema, calls: [{ tool: 'a', argument: {} }] },
      'calls[0].argument is {}, but must be one of the fields tool, arguments, method, params, weight',
    ],
    [
      { schema, calls: [{ tool: 'a', params: {} }] },
      'calls[0].params is {}, but must be absent beside "tool": a tool\'s values go into "arguments"',
    ],
    [
      { schema, calls: [{ method: 'a', arguments: {} }] },
      'calls[0].arguments is {}, but must be absent beside "method": a method\'s values go into "params"',
    ],
    [
      { schema, calls: [{ method: 'tools/call' }] },
      'calls[0].method is "tools/call", but must be no "tools/call": name the tool with "tool" and "arguments"',
    ],
    [{ schema, calls: [{ tool: 'a', weight: 0 }] }, 'calls[0].weight is 0, but must be a number above 0'],
    [{ schema, calls: [{ tool: 'a', weight: '3' }] }, 'calls[0].weight is "3", but must be a number above 0'],
    [
      { schema, setup: [{ method: 'tools/list' }] },
      'setup[0].method is "tools/list", but must be one of the fields tool, arguments, weight',
    ],
    [{ schema, setup: [{ arguments: {} }] }, 'setup[0].tool is missing, but must be a text'],
    [
      { schema, sessions: { end: 'drop' } },
      'sessions.end is "drop", but must be "delete", "close" or "abandon"',
    ],
    [{ schema, sessions: { churn: 1 } }, 'sessions.churn is 1, but must be true or false'],
    [{ schema, sessions: { calls: 1.5 } }, 'sessions.calls is 1.5, but must be a whole number'],
    [{ schema, replies: 'yes' }, 'replies is "yes", but must be an object'],
    [{ schema, state: { copy: 'a' } }, 'state.env is missing, but must be a text'],
    [
      { schema, state: { copy: 'a', env: 'NOT A NAME' } },
      'state.env is "NOT A NAME", but must be the name of an environment variable',
    ],
  ];
  for (const [workload, sentence] of faults) {
    it(`says: ${sentence}`, () => {
      expect(() => parse(workload)).toThrow(new UsageError(`${FILE}: ${sentence}.`));
      expect(complaintsAbout('workload', workload), 'an editor says so too').not.toEqual([]);
    });
  }
  it('{dir} without a state to copy', () => {
    expect(() =>
      parse({ schema, calls: [{ tool: 'a' }, { tool: 'a', arguments: { deep: [{ path: '{dir}/x' }] } }] }),
    ).toThrow(/calls\[1\] holds \{dir\}, the working copy, but the workload has no "state" to copy/);
  });
});

describe('a workload file', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mettle-test-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('is read', async () => {
    const file = join(directory, 'good.json');
    await writeFile(file, JSON.stringify({ schema, calls: [{ tool: 'a' }] }));
    expect((await readWorkload(file)).calls).toHaveLength(1);
  });
  it('that is absent, a directory, or no JSON is refused by name', async () => {
    const absent = join(directory, 'absent.json');
    await expect(readWorkload(absent)).rejects.toThrow(
      new UsageError(`There is no workload file ${absent}.`),
    );
    await expect(readWorkload(directory)).rejects.toThrow(/^The workload file .* cannot be read: EISDIR/);
    const broken = join(directory, 'broken.json');
    await writeFile(broken, '{ "schema": ');
    await expect(readWorkload(broken)).rejects.toThrow(/broken\.json is not JSON: /);
  });
});
