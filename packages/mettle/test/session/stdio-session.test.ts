import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openSession } from '../../src/session/index.ts';
import { call, fixturesDirectory, open, openRaw, stdio, textValue, valueOf } from './targets.ts';

describe('a stdio session', { timeout: 30_000 }, () => {
  it('speaks the 2025 era with an SDK v1 server', async () => {
    const session = await open(stdio('v1-server.mjs', 'stdio'));
    expect(session).toMatchObject({
      era: '2025',
      protocolVersion: '2025-11-25',
      serverInfo: { name: 'v1', version: '1.0.0' },
      instructions: 'Add things.',
    });
    expect(await valueOf(session, 'add', { a: 1, b: 2 })).toBe(3);
    expect(session.stdoutNoise).toMatchObject({ count: 0, lines: [] });
  });

  it('prefers the 2026 era with an SDK v2 server that speaks both', async () => {
    const session = await open(stdio('v2-server.mjs', 'stdio'));
    expect(session).toMatchObject({
      era: '2026',
      protocolVersion: '2026-07-28',
      serverInfo: { name: 'v2', version: '2.0.0' },
      instructions: 'Add things.',
    });
    expect(await valueOf(session, 'add', { a: 1, b: 2 })).toBe(3);
  });

  it('speaks the era it is told to, without a look', async () => {
    const session = await open(stdio('v2-server.mjs', 'stdio'), { era: '2025' });
    expect(session.era).toBe('2025');
    expect(await valueOf(session, 'add', { a: 1, b: 2 })).toBe(3);
  });

  it('finds the 2026 era of a server that refuses initialize', async () => {
    const session = await open(stdio('v2-server.mjs', 'stdio', 'modern-only'));
    expect(session.era).toBe('2026');
  });

  it('does not wait long for a server that ignores methods it does not know', async () => {
    const session = await open(stdio('raw-server.mjs', 'ignores-discover'));
    expect(session).toMatchObject({ era: '2025', protocolVersion: '2025-06-18', instructions: 'Be brief.' });
  });

  it('says how it was reached, phase by phase', async () => {
    const { session, reach } = await openSession(stdio('raw-server.mjs'));
    await session.close();
    expect(reach.phases.map(({ phase }) => phase)).toEqual(['spawn', 'handshake']);
    expect(reach.failed).toBeNull();
  });

  it('measures from the sending to the parsed answer, and counts its bytes', async () => {
    const session = await openRaw();
    const before = Number(process.hrtime.bigint()) / 1e6;
    const reply = await call(session, 'echo', { text: 'hi' });
    const after = Number(process.hrtime.bigint()) / 1e6;
    expect(reply.sentAtMs).toBeGreaterThanOrEqual(before);
    expect(reply.sentAtMs + reply.latencyMs).toBeLessThanOrEqual(after);
    expect(reply.bytes).toBe(
      JSON.stringify({
        jsonrpc: '2.0',
        id: 2,
        result: { content: [{ type: 'text', text: '{"text":"hi"}' }] },
      }).length,
    );
  });

  it('reads answers of many megabytes', async () => {
    const session = await openRaw();
    const reply = await call(session, 'big', { characters: 8_000_000 });
    expect(reply).toMatchObject({ outcome: 'result' });
    expect(reply.bytes).toBeGreaterThan(16_000_000);
  });

  it('pairs answers with requests when many are in flight', async () => {
    const session = await openRaw();
    const values = await Promise.all(Array.from({ length: 500 }, (_, i) => valueOf(session, 'echo', { i })));
    expect(values).toEqual(Array.from({ length: 500 }, (_, i) => ({ i })));
  });

  it('hands over more than the pipe holds, and loses nothing', async () => {
    const session = await openRaw();
    const text = 'x'.repeat(200_000);
    const values = await Promise.all(
      Array.from({ length: 40 }, (_, i) => valueOf(session, 'echo', { i, text })),
    );
    expect(values).toEqual(Array.from({ length: 40 }, (_, i) => ({ i, text })));
  });

  it('keeps what is no message as noise, with the call in flight', async () => {
    const session = await openRaw('greets');
    await call(session, 'noisy', { text: 'debug: token=abcdef123456' });
    expect(session.stdoutNoise).toMatchObject({
      count: 2,
      lines: [
        { text: 'Server running on http://localhost:3000', during: 'start-up' },
        { text: 'debug: token=***', during: 'noisy' },
      ],
    });
  });

  it('counts JSON that is no JSON-RPC as noise too', async () => {
    const session = await openRaw();
    await call(session, 'noisy', { text: '{"level":30,"msg":"hello"}' });
    expect(session.stdoutNoise?.count).toBe(1);
  });

  it('hands progress to the caller that asked for it', async () => {
    const session = await openRaw();
    const seen: unknown[] = [];
    await session.request(
      'tools/call',
      { name: 'progress', arguments: {} },
      { onProgress: (params) => seen.push(params['progress']) },
    );
    expect(seen).toEqual([1, 2, 3]);
  });

  it('gives up on a call in time, and tells the server', async () => {
    const session = await openRaw();
    expect(await session.request('tools/call', { name: 'never' }, { timeoutMs: 50 })).toMatchObject({
      outcome: 'timeout',
      message: 'no answer to tools/call within 0.05 s',
    });
    expect(await valueOf(session, 'seen')).toContain('notifications/cancelled');
  });

  it('cancels a call when its signal is aborted', async () => {
    const session = await openRaw();
    const controller = new AbortController();
    const reply = session.request('tools/call', { name: 'never' }, { signal: controller.signal });
    controller.abort();
    expect(await reply).toMatchObject({ outcome: 'timeout' });
    expect(await session.request('ping', {}, { signal: controller.signal })).toMatchObject({
      outcome: 'timeout',
    });
    expect(await valueOf(session, 'seen')).toContain('notifications/cancelled');
  });

  it('loses what is in flight when the process dies, and everything after', async () => {
    const session = await openRaw();
    const [hanging, fatal] = await Promise.all([call(session, 'never'), call(session, 'die')]);
    expect(hanging).toMatchObject({ outcome: 'lost', message: 'the server exited with code 9' });
    expect(fatal.outcome).toBe('lost');
    expect((await call(session, 'echo')).outcome).toBe('lost');
    expect(session.process?.exit).toMatchObject({ code: 9, signal: null });
  });

  it('calls an answer without result or error lost', async () => {
    const session = await openRaw();
    expect(await call(session, 'no-result')).toMatchObject({
      outcome: 'lost',
      message: expect.stringContaining('malformed') as string,
    });
  });

  it.each([
    ['ping', {}],
    ['roots/list', { roots: [{ uri: pathToFileURL(fixturesDirectory).href, name: 'root' }] }],
    ['sampling/createMessage', expect.objectContaining({ role: 'assistant' })],
    ['elicitation/create', { action: 'decline' }],
    ['tools/invent', { refused: { code: -32601, message: expect.any(String) as string } }],
  ])('answers the server’s %s', async (method, answer) => {
    const session = await openRaw();
    expect(await valueOf(session, 'ask', { method })).toEqual(answer);
  });

  it('answers the server as the user wants', async () => {
    const reply = { action: 'accept', content: { name: 'x' } };
    const session = await open(stdio('raw-server.mjs'), {
      era: '2025',
      replies: { 'elicitation/create': reply },
    });
    expect(await valueOf(session, 'ask', { method: 'elicitation/create' })).toEqual(reply);
  });

  it('answers the questions of a 2026 server and asks again', async () => {
    const session = await open(stdio('v2-server.mjs', 'stdio'));
    const reply = await call(session, 'confirm');
    expect(textValue(reply)).toMatchObject({ answer: { action: 'decline' }, state: 's-1' });
  });

  it('gives the target its environment, and appends to NODE_OPTIONS', async () => {
    const spec = { ...stdio('raw-server.mjs'), env: { COLOUR: 'blue', NODE_OPTIONS: '--no-deprecation' } };
    const session = await open(spec, {
      era: '2025',
      extraEnv: { METTLE_EXTRA: '1', NODE_OPTIONS: '--trace-uncaught' },
    });
    expect(await valueOf(session, 'env', { name: 'COLOUR' })).toBe('blue');
    expect(await valueOf(session, 'env', { name: 'METTLE_EXTRA' })).toBe('1');
    expect(await valueOf(session, 'env', { name: 'NODE_OPTIONS' })).toBe('--no-deprecation --trace-uncaught');
  });
});
