import { describe, expect, it } from 'vitest';
import { blockedEventLoop } from '../../src/detect/detectors/blocked-event-loop.ts';
import { at, CHILD_PROCESS, COMPUTING, HASHING, native } from '../builders/frames.ts';
import { server } from '../builders/server.ts';

describe('blocked-event-loop finds', () => {
  it('a tool that computes on the main thread in every call, at the line of the server that called the library', () => {
    const findings = blockedEventLoop.detect(
      server().tool('login').called(40).blocks(120, { stack: HASHING }).evidence(),
    );
    expect(findings).toHaveLength(1);
    const [finding] = findings;
    expect(finding?.title).toBe(
      '`login` holds the event loop for 120 ms (median) in 40 of 40 calls, computing in pbkdf2Sync, at src/passwords.js:12',
    );
    expect(finding?.location).toEqual({
      file: '/srv/shop/src/passwords.js',
      line: 12,
      column: 3,
      function: 'hashPassword',
    });
    expect(finding).toMatchObject({
      id: 'blocked-event-loop',
      tool: 'login',
      severity: 'high',
      confidence: 'measured',
      cost: { value: 120, unit: 'ms blocked', per: 'call' },
    });
    expect(finding?.fix).toContain('asynchronous `pbkdf2` of node:crypto');
    expect(finding?.verify).toEqual({
      command: 'npx mettle check --tool login --fail-on blocked-event-loop -- node src/server.js',
      expect: 'exit code 0: calls of `login` no longer hold the event loop for 50 ms',
    });
    expect(finding?.evidence.map((exhibit) => exhibit.kind)).toEqual(['table', 'stack']);
    expect(finding?.evidence[1]).toMatchObject({ frames: HASHING });
  });

  it('a synchronous child process, though it uses hardly any CPU', () => {
    const [finding] = blockedEventLoop.detect(
      server().tool('export').called(20).blocks(3, { waitMs: 150, stack: CHILD_PROCESS }).evidence(),
    );
    expect(finding?.title).toBe(
      '`export` holds the event loop for 153 ms (median) in 20 of 20 calls, waiting in execFileSync, at src/tools.js:61',
    );
    expect(finding?.fix).toContain('Replace `execFileSync` by `execFile`');
  });

  it('a wait in native code that nothing names, when it recurs in many calls', () => {
    const evidence = server()
      .tool('query')
      .called(20)
      .blocks(2, { waitMs: 90, times: 15, stack: COMPUTING })
      .evidence();
    expect(blockedEventLoop.detect(evidence)[0]?.title).toContain('waiting in native code without computing');
  });

  it('one finding for each place in a tool, and one for calls that stand still in ever other places', () => {
    const elsewhere = [at('render', 'src/render.js', 5)];
    const twoPlaces = server()
      .tool('report')
      .called(10)
      .blocks(80, { times: 8 })
      .blocks(70, { times: 6, stack: elsewhere })
      .evidence();
    expect(blockedEventLoop.detect(twoPlaces).map((finding) => finding.location?.function)).toEqual([
      'score',
      'render',
    ]);
    const scattered = server().tool('report').called(3).blocks(80, { times: 2 });
    // The third call stands elsewhere.
    const third = scattered.evidence();
    const [first] = third.blocking.stretches;
    const stretches = [
      ...third.blocking.stretches,
      { ...first, call: 3, stack: elsewhere },
    ] as typeof third.blocking.stretches;
    const findings = blockedEventLoop.detect({ ...third, blocking: { ...third.blocking, stretches } });
    expect(findings).toHaveLength(1);
    expect(findings[0]?.title).toContain('in 3 of 3 calls');
  });

  it('collection pauses, named as such', () => {
    const [finding] = blockedEventLoop.detect(
      server().tool('load').called(10).blocks(90, { gcMs: 70 }).evidence(),
    );
    expect(finding?.title).toContain('most of it collecting garbage');
    expect(finding?.fix).toContain('Allocate less');
  });

  it('a timer callback, without a tool', () => {
    const [finding] = blockedEventLoop.detect(
      server().tool('noop').called(100).timerBlocks(250, { times: 12 }).evidence(),
    );
    expect(finding?.tool).toBeUndefined();
    expect(finding?.title).toBe(
      'A timer or other callback that no call started holds the event loop for 250 ms (median), 12 times in 30.0 s, computing, at src/recommend.js:8',
    );
    expect(finding?.verify.command).toBe(
      'npx mettle check --fail-on blocked-event-loop -- node src/server.js',
    );
  });

  it('with less confidence where the clock counts other threads too', () => {
    const [finding] = blockedEventLoop.detect(
      server().clockedBy('process').tool('hash').called(10).blocks(120).evidence(),
    );
    expect(finding?.confidence).toBe('suspected');
  });
});

describe('blocked-event-loop is silent about', () => {
  it.each([
    ['a tool whose calls stay short', server().tool('fast').called(500).blocks(15)],
    [
      'a starved host: long in wall time, short in CPU',
      server().tool('fast').called(100).blocks(4, { hostDelayMs: 300 }),
    ],
    ['what only the first call does', server().tool('lazy').called(60).blocks(400, { times: 1 })],
    ['the first two calls of many', server().tool('lazy').called(60).blocks(400, { times: 2 })],
    ['a tool that was called once', server().tool('once').called(1).blocks(400)],
    ['three calls in a thousand', server().tool('rare').called(1000).blocks(80, { times: 3 })],
    [
      'a machine that takes the processor away now and then',
      server().tool('fast').called(100).blocks(2, { waitMs: 120, times: 10 }),
    ],
    [
      'a collection pause whose helper threads the host delayed',
      server().tool('fast').called(20).blocks(10, { waitMs: 120, gcMs: 110 }),
    ],
    [
      'a wait that no clock tells from the host, outside any synchronous call',
      server().clockedBy('thread').tool('fast').called(20).blocks(3, { waitMs: 120, hostDelayMs: null }),
    ],
    ['tools/list, which has a detector of its own', server().tool('tools/list').called(30).blocks(120)],
    [
      'two long stretches of the server itself',
      server().tool('noop').called(100).timerBlocks(250, { times: 2 }),
    ],
    [
      'stretches of nobody with no line to point at',
      server()
        .tool('noop')
        .called(100)
        .timerBlocks(250, { times: 9, stack: [native('gc')] }),
    ],
  ])('%s', (_what, told) => {
    expect(blockedEventLoop.detect(told.evidence())).toEqual([]);
  });
});

it('says in figures what it looked at', () => {
  const evidence = server().tool('a').called(1200).blocks(12, { times: 3 }).tool('b').called(40).evidence();
  expect(blockedEventLoop.looked(evidence)).toBe(
    '1,240 calls of 2 subjects over 30.0 s: the loop was held for at most 12 ms at a time',
  );
});
