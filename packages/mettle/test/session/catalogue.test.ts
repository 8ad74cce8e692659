import { describe, expect, it } from 'vitest';
import { readCatalogue, type Reply, type Session } from '../../src/session/index.ts';
import { open, stdio } from './targets.ts';

type Answer = (cursor: string | undefined) => Record<string, unknown> | { code: number };

/** A session whose server answers as told; the real ones are examined in the session tests. */
function sessionWith(capabilities: Record<string, unknown>, answers: Record<string, Answer>): Session {
  const request = (method: string, params?: Readonly<Record<string, unknown>>): Promise<Reply> => {
    const timing = { sentAtMs: 0, latencyMs: 1, bytes: 10 };
    const answer = answers[method]?.(params?.['cursor'] as string | undefined) ?? { code: -32601 };
    return Promise.resolve(
      typeof answer['code'] === 'number'
        ? { ...timing, outcome: 'error', error: { code: answer['code'], message: 'no' } }
        : { ...timing, outcome: 'result', result: answer },
    );
  };
  return {
    era: '2025',
    protocolVersion: '2025-11-25',
    serverInfo: null,
    capabilities,
    instructions: null,
    process: null,
    stdoutNoise: null,
    request,
    notify: () => undefined,
    nextRequestId: 1,
    openChannel: () => {
      throw new Error('a listing needs no channel');
    },
    close: () => Promise.resolve(),
    leave: () => Promise.resolve(),
  };
}

describe('the catalogue', { timeout: 30_000 }, () => {
  it('holds everything that a real server lists', async () => {
    const session = await open(stdio('v1-server.mjs', 'stdio'), { era: '2025' });
    const { catalogue, listReplies } = await readCatalogue(session);
    expect(catalogue.tools[0]).toMatchObject({
      name: 'add',
      annotations: { readOnlyHint: true },
      inputSchema: { type: 'object' },
    });
    expect(catalogue).toMatchObject({
      resources: [{ uri: 'docs://readme', name: 'readme' }],
      resourceTemplates: [],
      prompts: [{ name: 'greet', arguments: [{ name: 'name', required: true }] }],
      toolsListPages: 1,
      faults: [],
    });
    expect(catalogue.toolsListBytes).toBe(listReplies[0]?.bytes);
  });

  it('follows cursors to the end', async () => {
    const pages: Answer = (cursor) =>
      cursor === undefined ? { tools: [{ name: 'a' }], nextCursor: '2' } : { tools: [{ name: 'b' }] };
    const { catalogue, listReplies } = await readCatalogue(
      sessionWith({ tools: {} }, { 'tools/list': pages }),
    );
    expect(catalogue.tools.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(catalogue).toMatchObject({ toolsListPages: 2, toolsListBytes: 20, faults: [] });
    expect(listReplies).toHaveLength(2);
  });

  it('stops at a cursor that comes again', async () => {
    const { catalogue } = await readCatalogue(
      sessionWith({ tools: {} }, { 'tools/list': () => ({ tools: [], nextCursor: 'x' }) }),
    );
    expect(catalogue.faults).toEqual([
      { method: 'tools/list', message: 'the cursor "x" came a second time, so the listing never ends' },
    ]);
  });

  it('stops after a thousand pages', async () => {
    let page = 0;
    const { catalogue } = await readCatalogue(
      sessionWith({ tools: {} }, { 'tools/list': () => ({ tools: [], nextCursor: String((page += 1)) }) }),
    );
    expect(page).toBe(1000);
    expect(catalogue.faults).toEqual([
      { method: 'tools/list', message: 'still not at the end after 1000 pages' },
    ]);
  });

  it('does not ask for what was not declared, tools excepted', async () => {
    const { catalogue } = await readCatalogue(sessionWith({}, {}));
    expect(catalogue).toMatchObject({ tools: [], toolsListPages: 1, faults: [] });
  });

  it.each([
    ['answers with an error', () => ({ code: -32603 }), 'tools/list was answered with error -32603: no'],
    ['answers without a list', () => ({}), 'the answer has no list "tools"'],
  ] satisfies [string, Answer, string][])(
    'of a server that declares tools and %s is that it cannot be used',
    async (_what, answer, fault) => {
      const reading = readCatalogue(sessionWith({ tools: {} }, { 'tools/list': answer }));
      await expect(reading, 'no client can use it').rejects.toMatchObject({
        name: 'TargetError',
        phase: 'list',
        message: `The server cannot list its tools: ${fault}.`,
        reach: { failed: { phase: 'list' } },
      });
    },
  );

  it('stops when the run is interrupted', async () => {
    const reading = readCatalogue(sessionWith({ tools: {} }, { 'tools/list': () => ({ tools: [] }) }), {
      signal: AbortSignal.abort(new Error('interrupted')),
    });
    await expect(reading, 'what comes is not waited for').rejects.toThrow('interrupted');
  });

  it('records declared listings that fail, and entries without a name', async () => {
    const { catalogue } = await readCatalogue(
      sessionWith(
        { tools: {}, prompts: {}, resources: {} },
        { 'tools/list': () => ({ tools: [{}, { name: 'a' }] }), 'prompts/list': () => ({}) },
      ),
    );
    expect(catalogue.tools).toHaveLength(1);
    expect(catalogue.faults).toEqual([
      { method: 'resources/list', message: 'answered with error -32601: no' },
      { method: 'prompts/list', message: 'the answer has no list "prompts"' },
      { method: 'tools/list', message: '1 of 2 entries have no "name"' },
    ]);
  });
});
