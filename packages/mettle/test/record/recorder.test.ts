import { describe, expect, it } from 'vitest';
import { parseWorkload } from '../../src/load/index.ts';
import { createRedaction, Recorder } from '../../src/record/index.ts';
import { formatRecording } from '../../src/record/recording-file.ts';
import { mergeRecordings } from '../../src/record/recording.ts';

const ONE = { session: 's', ids: 's' };

/** A recorder with a clock that the test moves. */
function recorder(patterns: readonly string[] = []): { heard: Recorder; at: (ms: number) => void } {
  let now = 0;
  return {
    heard: new Recorder(createRedaction(patterns), () => now, '2026-11-22T10:00:00.000Z'),
    at: (ms) => (now = ms),
  };
}
const request = (id: number | string, method: string, params?: unknown): unknown => ({
  jsonrpc: '2.0',
  id,
  method,
  ...(params === undefined ? {} : { params }),
});
const answer = (id: number | string, result: unknown): unknown => ({ jsonrpc: '2.0', id, result });
const call = (id: number, name: string, args: unknown = {}): unknown =>
  request(id, 'tools/call', { name, arguments: args, _meta: { progressToken: id } });

describe('a recorder', () => {
  it('keeps each distinct call once, with how often it was made, and when', () => {
    const { heard, at } = recorder();
    at(100);
    heard.hear(ONE, 'to-server', call(1, 'search', { q: 'a', limit: 2 }));
    at(130);
    heard.hear(ONE, 'to-server', call(2, 'search', { limit: 2, q: 'a' }));
    at(150);
    heard.hear(ONE, 'to-client', answer(2, { content: [], isError: true }));
    at(160);
    heard.hear(ONE, 'to-client', answer(1, { content: [] }));
    heard.hear(ONE, 'to-server', request(3, 'resources/read', { uri: 'a://b' }));
    heard.hear(ONE, 'to-client', { jsonrpc: '2.0', id: 3, error: { code: -32602, message: 'no' } });
    const { calls, recording } = heard.recording();
    expect(calls).toEqual([
      { tool: 'search', arguments: { q: 'a', limit: 2 }, weight: 2 },
      { method: 'resources/read', params: { uri: 'a://b' }, weight: 1 },
    ]);
    expect(recording.timeline).toEqual([
      { call: 0, session: 0, atMs: 0, durationMs: 60, outcome: 'success' },
      { call: 0, session: 0, atMs: 30, durationMs: 20, outcome: 'tool-error' },
      { call: 1, session: 0, atMs: 60, durationMs: 0, outcome: 'protocol-error' },
    ]);
  });

  it('keeps what makes the connection out of the calls, and who is who out of it', () => {
    const { heard } = recorder();
    heard.hear(
      ONE,
      'to-server',
      request(0, 'initialize', { protocolVersion: '2025-11-25', clientInfo: { name: 'c', version: '1' } }),
    );
    heard.hear(
      ONE,
      'to-client',
      answer(0, { protocolVersion: '2025-06-18', serverInfo: { name: 's', version: '2' } }),
    );
    heard.hear(ONE, 'to-server', { jsonrpc: '2.0', method: 'notifications/initialized' });
    heard.hear(ONE, 'to-server', request(1, 'ping'));
    heard.hear(ONE, 'to-client', answer(1, {}));
    expect(heard.isEmpty).toBe(true);
    expect(heard.recording().recording).toMatchObject({
      server: { name: 's', version: '2' },
      client: { name: 'c', version: '1' },
      protocolVersion: '2025-06-18',
    });
  });

  it('leaves out secrets by key, by look and by the user’s own patterns, and counts them', () => {
    const { heard } = recorder(['customer-\\d+', '^email$']);
    heard.hear(
      ONE,
      'to-server',
      call(1, 'send', {
        apiKey: 'abc',
        maxTokens: 5,
        auth: { user: 'u' },
        email: 'a@b.c',
        text: 'Bearer abcdefgh for customer-17 and others',
      }),
    );
    const { calls, recording } = heard.recording();
    expect(calls[0]?.arguments).toEqual({
      apiKey: '[redacted]',
      maxTokens: 5,
      auth: '[redacted]',
      email: '[redacted]',
      text: '*** for [redacted] and others',
    });
    expect(recording.redacted).toBe(4);
    expect(() => createRedaction(['('])).toThrow('--redact takes a regular expression');
  });

  it('tells equal ids of two sessions apart, and a cancelled call from an unanswered one', () => {
    const { heard } = recorder();
    const two = { session: 't', ids: 't' };
    heard.hear(ONE, 'to-server', call(1, 'a'));
    heard.hear(two, 'to-server', call(1, 'b'));
    heard.hear(two, 'to-client', answer(1, {}));
    heard.hear(ONE, 'to-server', {
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 1 },
    });
    heard.hear(ONE, 'to-server', call(2, 'a'));
    const { sessions, timeline } = heard.recording().recording;
    expect(sessions).toBe(2);
    expect(timeline.map(({ call: index, session, outcome }) => [index, session, outcome])).toEqual([
      [0, 0, 'cancelled'],
      [0, 0, 'unanswered'],
      [1, 1, 'success'],
    ]);
  });

  it('keeps what the client answers when it is asked, but not where its files are', () => {
    const { heard } = recorder();
    heard.hear(ONE, 'to-client', request(1, 'elicitation/create', { message: 'sure?' }));
    heard.hear(ONE, 'to-server', answer(1, { action: 'accept', content: { sure: true } }));
    heard.hear(ONE, 'to-client', request(2, 'roots/list'));
    heard.hear(ONE, 'to-server', answer(2, { roots: [{ uri: 'file:///home/me' }] }));
    expect(heard.recording().replies).toEqual({
      'elicitation/create': { action: 'accept', content: { sure: true } },
    });
  });

  it('is not disturbed by anything that is no message', () => {
    const { heard } = recorder();
    for (const value of [
      null,
      1,
      'x',
      [],
      {},
      { method: 7, id: {} },
      { id: 1, method: 'tools/call', params: 3 },
    ])
      for (const way of ['to-server', 'to-client'] as const) heard.hear(ONE, way, value);
    expect(heard.size).toBe(0);
  });

  it('writes what the examinations read', () => {
    const { heard } = recorder();
    heard.hear(ONE, 'to-server', call(1, 'search', { q: 'a' }));
    heard.hear(ONE, 'to-client', answer(1, {}));
    const text = formatRecording(heard.recording());
    const workload = parseWorkload(JSON.parse(text), '/somewhere/mettle.workload.json');
    expect(workload.calls).toEqual([{ tool: 'search', arguments: { q: 'a' }, weight: 1 }]);
  });
});

describe('two recordings', () => {
  it('together have the calls of both, and more sessions', () => {
    const [first, second] = [recorder(), recorder()].map(({ heard }, i) => {
      heard.hear(ONE, 'to-server', call(1, 'a', { x: 1 }));
      heard.hear(ONE, 'to-client', answer(1, {}));
      if (i === 1) heard.hear(ONE, 'to-server', call(2, 'b'));
      return heard.recording();
    });
    const both = mergeRecordings(first as never, second as never);
    expect(both.calls.map(({ tool, weight }) => [tool, weight])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(both.recording.sessions).toBe(2);
    expect(both.recording.timeline.map((moment) => [moment.call, moment.session])).toEqual([
      [0, 0],
      [0, 1],
      [1, 1],
    ]);
  });
});
