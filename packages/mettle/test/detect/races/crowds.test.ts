import { describe, expect, it } from 'vitest';
import { crashUnderLoad } from '../../../src/detect/detectors/crash-under-load.ts';
import { noLoadShedding } from '../../../src/detect/detectors/no-load-shedding.ts';
import { serialisedByCpu } from '../../../src/detect/detectors/serialised-by-cpu.ts';
import { serialisedByLock } from '../../../src/detect/detectors/serialised-by-lock.ts';
import { serialisedByPool } from '../../../src/detect/detectors/serialised-by-pool.ts';
import { threadPoolExhaustion } from '../../../src/detect/detectors/thread-pool-exhaustion.ts';
import { unboundedConnections } from '../../../src/detect/detectors/unbounded-connections.ts';
import { unboundedQueue } from '../../../src/detect/detectors/unbounded-queue.ts';
import type { EvidenceMap, Finding, RaceScaling } from '../../../src/evidence/index.ts';
import { at } from '../../builders/frames.ts';
import { came, crowdOf, raced, says, steps, violation } from '../../builders/race.ts';
import { having, onlyFinding, racesFound, staysSilent } from './every-race.ts';

type Row = RaceScaling['rows'][number];

/** A tool called 1, 2, 10 and 50 times at once, each crowd as told. */
function crowds(told: (calls: number) => Partial<Row>): EvidenceMap {
  return raced({
    scaling: [{ subject: 'save', rows: [1, 2, 10, 50].map((calls) => crowdOf(calls, told(calls))) }],
  });
}

function serialised(evidence: EvidenceMap): readonly Finding[] {
  return [serialisedByCpu, serialisedByLock, serialisedByPool].flatMap(
    (detector) => detector.elsewhere?.race?.detect(evidence) ?? [],
  );
}

const WAITING = [{ site: at('take', 'src/pool.js', 8), lanes: 47 }];
const LOCKED = crowds((calls) => ({ overlap: 1, virtualMs: 30 * calls, waitingAt: WAITING }));
const POOLED = crowds((calls) => ({
  overlap: Math.min(3, calls),
  virtualMs: 30 * Math.ceil(calls / 3),
  waitingAt: WAITING,
}));

describe('serialisation, told by crowds under control', () => {
  it('is a lock when one call at a time has work under way', () => {
    const [finding, ...more] = serialised(LOCKED);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ id: 'serialised-by-lock', location: { line: 8 }, severity: 'medium' });
    expect(finding?.title).toBe(
      '50 calls of `save` at once go one at a time: 1,500 ms of virtual time against 30 ms for one, at src/pool.js:8',
    );
  });

  it('is a pool when three have', () => {
    const [finding, ...more] = serialised(POOLED);
    expect(more).toEqual([]);
    expect(finding?.id).toBe('serialised-by-pool');
    expect(finding?.title).toContain('only 3 at a time');
  });

  it('is the processor when each holds the thread, in every crowd', () => {
    const held = crowds((calls) => ({ longestSynchronousCpuMs: 73, overlap: calls > 1 ? 0 : 1 }));
    expect(serialised(held).map(({ id }) => id)).toEqual(['serialised-by-cpu']);
  });

  it('is not code that is loaded once', () => {
    expect(serialised(crowds((calls) => ({ longestSynchronousCpuMs: calls === 1 ? 90 : 2 })))).toEqual([]);
  });

  it('is not a lock around what takes no time, which may be what keeps the data whole', () => {
    expect(serialised(crowds(() => ({ overlap: 1, virtualMs: 0 })))).toEqual([]);
  });

  it('is not a limit that turns calls away', () => {
    const limited = crowds((calls) => ({
      overlap: Math.min(3, calls),
      virtualMs: 30 * Math.ceil(Math.min(calls, 11) / 3),
      errors: Math.max(0, calls - 11),
    }));
    expect(serialised(limited)).toEqual([]);
    expect(racesFound(limited)).toEqual([]);
  });
});

describe('unbounded-queue', () => {
  it('is a queue in which the last call waits long, and none is refused', () => {
    const finding = onlyFinding(LOCKED);
    expect(finding).toMatchObject({ id: 'unbounded-queue', severity: 'medium', location: { line: 8 } });
    expect(finding.title).toContain('49 wait in the server and none is refused: the last waits 1,470 ms');
  });

  it('is not a queue that is through at once', () => {
    expect(racesFound(POOLED)).toEqual([]);
  });

  staysSilent(unboundedQueue);
});

describe('unbounded-connections', () => {
  it('is a connection per call', () => {
    const finding = onlyFinding(crowds((calls) => ({ peakSockets: calls })));
    expect(finding.id).toBe('unbounded-connections');
    expect(finding.title).toContain('open 50 connections');
    expect(finding.location).toBeUndefined();
  });

  it('stands where the calls ask for their connections', () => {
    const connectingAt = [{ site: at('ask', 'src/prices.js', 12), lanes: 50 }];
    const finding = onlyFinding(crowds((calls) => ({ peakSockets: calls, connectingAt })));
    expect(finding.location).toMatchObject({ file: expect.stringMatching(/src\/prices\.js$/), line: 12 });
    expect(finding.title).toContain('at src/prices.js:12');
  });

  it('is not an agent that shares five', () => {
    expect(racesFound(crowds((calls) => ({ peakSockets: Math.min(5, calls) })))).toEqual([]);
  });

  staysSilent(unboundedConnections);
});

describe('no-load-shedding', () => {
  it('is work on the thread that is taken on without limit', () => {
    const finding = onlyFinding(crowds(() => ({ longestSynchronousCpuMs: 12 })));
    expect(finding).toMatchObject({ id: 'no-load-shedding', severity: 'medium' });
    expect(finding.title).toContain('beyond 83 a second');
  });

  it('is not a call that costs next to nothing', () => {
    expect(racesFound(crowds(() => ({ longestSynchronousCpuMs: 1.5 })))).toEqual([]);
  });

  it('is not a server that lets in some at a time, though those who wait have timers of their own', () => {
    const limited = crowds((calls) => ({
      longestSynchronousCpuMs: 12,
      virtualMs: 30 * Math.ceil(calls / 20),
    }));
    expect(racesFound(limited)).toEqual([]);
  });

  it('is not a server that refuses what it cannot do', () => {
    const refusing = crowds((calls) => ({
      longestSynchronousCpuMs: 12,
      errors: Math.max(0, calls - 20),
      overlap: Math.min(calls, 20),
    }));
    expect(racesFound(refusing)).toEqual([]);
  });

  staysSilent(noLoadShedding);
});

describe('thread-pool-exhaustion', () => {
  it('is a long job of the thread pool per call', () => {
    const finding = onlyFinding(crowds((calls) => ({ peakThreadPoolJobs: calls, longestPoolJobCpuMs: 80 })));
    expect(finding).toMatchObject({ id: 'thread-pool-exhaustion', severity: 'medium' });
    expect(finding.title).toContain('50 jobs of 80 ms');
  });

  it('is not a file read per call, nor jobs of which nobody knows what they cost', () => {
    expect(racesFound(crowds((calls) => ({ peakThreadPoolJobs: calls, longestPoolJobCpuMs: 0.3 })))).toEqual(
      [],
    );
    expect(racesFound(crowds((calls) => ({ peakThreadPoolJobs: calls })))).toEqual([]);
  });

  it('is not a file read while which the garbage collector ran, in one crowd', () => {
    const read = crowds((calls) => ({
      peakThreadPoolJobs: calls,
      longestPoolJobCpuMs: calls === 50 ? 45 : 0.7,
    }));
    expect(racesFound(read)).toEqual([]);
  });

  staysSilent(threadPoolExhaustion);
});

describe('crash-under-load', () => {
  it('is a crowd that kills the server, with its last words', () => {
    const finding = onlyFinding(
      crowds((calls) => (calls < 10 ? {} : { crash: 'exit code 1: Error: too many' })),
    );
    expect(finding).toMatchObject({ id: 'crash-under-load', severity: 'critical' });
    expect(finding.title).toContain(
      '10 calls of `save` at once kill the server: "exit code 1: Error: too many"',
    );
  });

  it('is two calls that do, with the schedule', () => {
    const finding = onlyFinding(
      having(
        violation({
          class: 'crash',
          steps: steps('A call', 'B call', 'B back @17'),
          outcome: came([says('ok'), { status: 'unanswered', text: '' }]),
          allowed: [came([says('ok'), says('ok')]), came([says('ok'), says('ok')])],
        }),
      ),
    );
    expect(finding).toMatchObject({ id: 'crash-under-load', location: { line: 17 } });
  });

  it('says how many at once were called, not which schedules of two were tried', () => {
    expect(crashUnderLoad.looked(raced())).toMatch(/with up to \d+ calls at once under control$/);
  });

  it('is not looked for in a replay, and no more time helps', () => {
    const replayed = raced({ replayed: true, scaling: [] });
    expect(serialisedByLock.elsewhere?.race?.blind?.(replayed)).toContain('--replay');
    expect(unboundedQueue.blind?.(replayed)).not.toContain('--budget');
  });

  it('is not a server that dies of one call', () => {
    expect(racesFound(crowds(() => ({ crash: 'exit code 1' })))).toEqual([]);
  });

  staysSilent(crashUnderLoad);
});
