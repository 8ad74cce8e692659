import { expect, test } from 'vitest';
import type { ServerTime, TimeUse, ToolTime } from '../../src/evidence/index.ts';
import { renderHtml } from '../../src/report/html/page.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { serverSentence, toolSentence } from '../../src/report/time-use.ts';
import { bundle, result, toolResult } from './builders.ts';

const use = (some: Partial<TimeUse>): TimeUse => ({
  kind: 'waiting',
  totalMs: 42,
  cpuMs: 2,
  gcMs: 0,
  blockedMs: 0,
  waitingMs: 40,
  hostDelayMs: 0,
  waitsFor: [{ kind: 'socket', what: '127.0.0.1:5432', ms: 39, share: 0.93 }],
  ...some,
});
const tool = (some: Partial<ToolTime> = {}): ToolTime => ({ together: null, ...use({}), ...some });
const server = (some: Partial<ServerTime> = {}): ServerTime => ({ tools: 1, ...use({}), ...some });

test('a server with a flat profile is said to spend its time waiting, and for what', () => {
  expect(serverSentence(server())).toBe(
    'The time is spent waiting: 93 % on sockets to 127.0.0.1:5432. The main thread works 5 % of 42.0 ms per call; a worker thread would not help.',
  );
});

test('a worker thread is said to help a server that computes, not one whose calls are short', () => {
  const computing = { kind: 'cpu-bound', waitingMs: 0, waitsFor: [] } as const;
  expect(serverSentence(server({ ...computing, cpuMs: 40 }))).toMatch(/; worker threads help\.$/);
  expect(serverSentence(server({ ...computing, cpuMs: 0.3, totalMs: 0.4 }))).toMatch(
    /; that is too little for a worker thread to help\.$/,
  );
});

test('only where calls together wait for something else, that is said too', () => {
  const queue = use({
    waitsFor: [{ kind: 'thread-pool-queue', what: null, ms: 36, share: 0.86 }],
  });
  expect(toolSentence(tool({ together: { ...queue, inFlight: 8, poolThreads: 4 } }))).toBe(
    'waiting 95 % of 42.0 ms: 93 % on sockets to 127.0.0.1:5432; 8 together: waiting 95 % of 42.0 ms: 86 % for a free thread of libuv’s pool (4 threads)',
  );
  expect(toolSentence(tool({ together: { ...use({}), inFlight: 8, poolThreads: 4 } }))).not.toContain(
    'together',
  );
});

test('files are named below the folder of the server, and a starved host gets no verdict', () => {
  const waitsFor = [{ kind: 'file' as const, what: '/srv/app/data/big.json', ms: 40, share: 0.95 }];
  expect(toolSentence(tool({ waitsFor }), '/srv/app')).toContain('on files: data/big.json');
  expect(toolSentence(tool({ kind: 'host-starved', hostDelayMs: 30, totalMs: 42 }))).toContain(
    'host starved 71 % of 42.0 ms: no verdict',
  );
});

const told = result({
  time: server(),
  tools: [
    toolResult({ name: 'find', time: tool({ together: { ...use({}), inFlight: 8, poolThreads: 4 } }) }),
    toolResult({ name: 'ping', time: tool({ totalMs: 0.4, cpuMs: 0.4, waitingMs: 0, kind: 'cpu-bound' }) }),
  ],
});

test('the terminal has a line per tool, without those that are slow for nobody', () => {
  const text = renderTerminal(told, bundle(), { color: false, width: 100 });
  expect(text).toContain(
    'Where the time goes\n  The time is spent waiting: 93 % on sockets to 127.0.0.1:5432.',
  );
  expect(text).toContain('  find  waiting 95 % of 42.0 ms: 93 % on sockets to 127.0.0.1:5432\n');
  expect(text).toContain('  1 other under 2 ms');
});

test('the page has a stacked bar per tool, whose parts say what they are', () => {
  const page = renderHtml(told, bundle());
  expect(page).toContain('class="plot stacked"');
  expect(page).toContain('<title>waiting 40.0 ms; on sockets to 127.0.0.1:5432 39.0 ms</title>');
});

test('nothing is said of a server that was not seen from inside', () => {
  expect(renderTerminal(result({ time: null }), bundle(), { color: false, width: 100 })).not.toContain(
    'Where the time goes',
  );
});
