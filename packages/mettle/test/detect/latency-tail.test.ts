import { describe, expect, it } from 'vitest';
import { latencyTail } from '../../src/detect/detectors/latency-tail.ts';
import { CHILD_PROCESS, HASHING } from '../builders/frames.ts';
import { server, type ServerBuilder } from '../builders/server.ts';

/** `export_report` computes 150 ms on the loop in each of 20 calls, and 20 calls of `lookup` fall into them. */
function spoiled(): ServerBuilder {
  return server()
    .tool('export_report')
    .called(20)
    .blocks(150)
    .alone({ p50: 152 })
    .tool('lookup')
    .called(200)
    .waitsDuring('export_report')
    .undisturbed(180)
    .alone({ p50: 0.8, p99: 2 })
    .amongOthers({ p50: 1.1, p99: 160 });
}

const slow = (
  latencyMs: number,
  hostDelayMs: number | null,
  times: number,
): { latencyMs: number; hostDelayMs: number | null }[] =>
  Array.from({ length: times }, () => ({ latencyMs, hostDelayMs }));

describe('latency-tail finds', () => {
  it('the tool that makes others wait, with its victims', () => {
    const findings = latencyTail.detect(spoiled().evidence());
    expect(findings).toHaveLength(1);
    const [finding] = findings;
    expect(finding?.title).toBe(
      '`export_report` makes 10 % of the other calls (20 of 200) wait 150 ms (median) for the event loop, computing, at src/recommend.js:8',
    );
    expect(finding).toMatchObject({ tool: 'export_report', severity: 'high', confidence: 'measured' });
    expect(finding?.evidence[0]).toEqual({
      kind: 'table',
      title: 'Whose calls waited',
      columns: [
        'tool',
        'calls',
        'delayed',
        'median wait ms',
        'alone p50 ms',
        'alone p99 ms',
        'all together p99 ms',
      ],
      rows: [['lookup', 200, 20, 150, 0.8, 2, 160]],
    });
    expect(finding?.verify.command).toBe(
      'npx mettle check --tool export_report --tool lookup --fail-on latency-tail -- node src/server.js',
    );
  });

  it('a synchronous wait as well as computing', () => {
    const told = server()
      .tool('export')
      .called(10)
      .blocks(2, { waitMs: 150, stack: CHILD_PROCESS })
      .tool('lookup')
      .called(50)
      .waitsDuring('export')
      .undisturbed(40)
      .alone({ p50: 1 });
    expect(latencyTail.detect(told.evidence())[0]?.title).toContain(
      'waiting in execFileSync, at src/tools.js:61',
    );
  });

  it('a listing that holds everybody up as any block does', () => {
    const told = server()
      .tool('tools/list')
      .called(50)
      .blocks(60)
      .tool('lookup')
      .called(50)
      .waitsDuring('tools/list')
      .alone({ p50: 1 });
    expect(latencyTail.detect(told.evidence())[0]?.tool).toBe('tools/list');
  });

  it('a timer that makes everybody wait', () => {
    const told = server()
      .tool('lookup')
      .called(50)
      .timerBlocks(90, { times: 10 })
      .waitsDuring(null)
      .undisturbed(40)
      .alone({ p50: 1 });
    const [finding] = latencyTail.detect(told.evidence());
    expect(finding?.tool).toBeUndefined();
    expect(finding?.title).toContain(
      'A timer or other callback that no call started makes 20 % of the other calls (10 of 50) wait 90 ms',
    );
  });

  it('a tail of its own, with the line that holds the loop in some calls', () => {
    const told = server()
      .tool('search')
      .called(60)
      .blocks(180, { times: 4, stack: HASHING })
      .alone({ p50: 3, p99: 190, calls: 400, slowest: slow(190, 4, 20) });
    const [finding] = latencyTail.detect(told.evidence());
    expect(finding?.title).toBe(
      '`search` takes 3 ms (median) but 186 ms in 20 of 400 calls, called alone, computing in pbkdf2Sync on the event loop, at src/passwords.js:12',
    );
    expect(finding).toMatchObject({ tool: 'search', confidence: 'measured', severity: 'medium' });
  });

  it('a tail that nothing on the loop explains only as a suspicion', () => {
    const told = server()
      .tool('fetch')
      .called(60)
      .alone({ p50: 3, p99: 190, calls: 400, slowest: slow(190, 0, 20) });
    expect(latencyTail.detect(told.evidence(['blocking']))[0]).toMatchObject({
      tool: 'fetch',
      confidence: 'suspected',
      severity: 'low',
    });
  });
});

describe('latency-tail is silent about', () => {
  it.each([
    [
      'a healthy server',
      server().tool('a').called(100).blocks(12).tool('b').called(100).waitsDuring('a').alone({ p50: 1 }),
    ],
    [
      'a listing of 25 ms, which a client asks for once a session and the load all the time',
      server()
        .tool('tools/list')
        .called(100)
        .blocks(25)
        .tool('b')
        .called(100)
        .waitsDuring('tools/list')
        .alone({ p50: 1 }),
    ],
    [
      'tools that share the thread in short stretches',
      server()
        .tool('a')
        .called(100)
        .blocks(15)
        .tool('b')
        .called(100)
        .waitsDuring('a')
        .waitsDuring('a')
        .alone({ p50: 1 }),
    ],
    [
      'a starved host that makes stretches long',
      server()
        .tool('a')
        .called(50)
        .blocks(5, { hostDelayMs: 200 })
        .tool('b')
        .called(50)
        .waitsDuring('a')
        .alone({ p50: 1 }),
    ],
    [
      'a first call that loads a module while others wait',
      server()
        .tool('a')
        .called(50)
        .blocks(400, { times: 1 })
        .tool('b')
        .called(7)
        .waitsDuring('a')
        .waitsDuring('a')
        .waitsDuring('a')
        .waitsDuring('a')
        .waitsDuring('a')
        .waitsDuring('a')
        .waitsDuring('a')
        .alone({ p50: 1 }),
    ],
    [
      'collection pauses',
      server()
        .tool('a')
        .called(50)
        .blocks(60, { gcMs: 50 })
        .tool('b')
        .called(50)
        .waitsDuring('a')
        .alone({ p50: 1 }),
    ],
    [
      'waits far below what the victim takes anyway',
      server().tool('a').called(50).blocks(40).tool('b').called(50).waitsDuring('a').alone({ p50: 100 }),
    ],
    [
      'four delayed calls',
      server()
        .tool('a')
        .called(50)
        .blocks(90)
        .tool('b')
        .called(50)
        .waitsDuring('a', 4)
        .undisturbed(46)
        .alone({ p50: 1 }),
    ],
    [
      'slow calls that the host delayed',
      server()
        .tool('a')
        .called(60)
        .alone({ p50: 3, p99: 190, slowest: slow(190, 185, 40) }),
    ],
    [
      'a tail on a busy machine that nothing inside explains',
      server()
        .onBusyMachine()
        .tool('a')
        .called(60)
        .alone({ p50: 3, p99: 190, slowest: slow(190, 0, 40) }),
    ],
    [
      'a tail beside other calls that the host delayed',
      server()
        .tool('a')
        .called(60)
        .alone({ p50: 3, p99: 190, slowest: [...slow(190, 0, 20), ...slow(190, 60, 20)] }),
    ],
    [
      'four slow calls',
      server()
        .tool('a')
        .called(60)
        .alone({ p50: 3, p99: 190, slowest: slow(190, 0, 4) }),
    ],
    [
      'a tail among few calls',
      server()
        .tool('a')
        .called(60)
        .alone({ p50: 3, p99: 190, calls: 100, slowest: slow(190, 0, 20) }),
    ],
    [
      'a small tail of a fast tool',
      server()
        .tool('a')
        .called(60)
        .alone({ p50: 0.3, p99: 20, slowest: slow(40, 0, 20) }),
    ],
    [
      'a few slow calls where no clock shows the host',
      server()
        .tool('a')
        .called(60)
        .alone({ p50: 3, p99: 190, slowest: slow(190, null, 10) }),
    ],
  ])('%s', (_what, told) => {
    expect(latencyTail.detect(told.evidence())).toEqual([]);
  });
});

describe('latency-tail says what it looked at', () => {
  it('with the view inside, and without', () => {
    const told = spoiled();
    expect(latencyTail.looked(told.evidence())).toBe(
      '800 calls of 2 subjects, one at a time; and 200 calls of all together, for who waits for whom',
    );
    expect(latencyTail.looked(told.evidence(['blocking']))).toBe(
      '800 calls of 2 subjects, one at a time; whether one tool delays another was not seen, for want of a view inside the server',
    );
  });
});
