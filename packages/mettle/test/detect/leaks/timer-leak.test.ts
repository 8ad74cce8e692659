import { describe, expect, it } from 'vitest';
import { timerLeak } from '../../../src/detect/detectors/timer-leak.ts';
import { leakRun, type Grows } from '../../builders/heap.ts';
import { leaksFound, onlyFinding, staysSilent } from './every-pattern.ts';

const HOUR_MS = 3_600_000;
const TIMER: Grows = {
  bytesPerCall: 837,
  owner: { kind: 'timers', className: 'TimersList', name: null },
  element: {
    kind: 'timeout',
    description: 'Timeout',
    delayMs: HOUR_MS,
    function: { function: 'giveUp', file: '/srv/shop/src/deadline.js', line: 16, column: 9 },
  },
};

describe('timer-leak', () => {
  it('names how long each timer waits; without a caught call, the place of its function', () => {
    const finding = onlyFinding(leakRun().calls('render').grows(TIMER));
    expect(finding.title).toBe(
      '`render` leaves one timer pending per call, for 60 min each: 837 B per call, at src/deadline.js:16',
    );
    expect(finding.location).toMatchObject({ line: 16, function: 'giveUp' });
    expect(finding.fix).toContain('clearTimeout');
  });

  it('is found though the timer itself says when it ends: an hour of calls is kept', () => {
    const bound = { kind: 'ttl', ttlMs: HOUR_MS, property: '_idleTimeout' } as const;
    expect(
      leaksFound(
        leakRun()
          .calls('render')
          .grows({ ...TIMER, bound }),
      ),
    ).toEqual([['timer-leak', 'render']]);
  });

  it('is silent about the timers that expire a container’s entries, however long', () => {
    const bound = { kind: 'ttl', ttlMs: HOUR_MS, property: null } as const;
    const told = leakRun()
      .calls('open')
      .grows({ ...TIMER, bound })
      .grows({ bound });
    expect(leaksFound(told)).toEqual([]);
  });

  it('is silent about deadlines of seconds that were not cleared', () => {
    const bound = { kind: 'ttl', ttlMs: 30_000, property: '_idleTimeout' } as const;
    const element = { ...TIMER.element, delayMs: 30_000 };
    expect(
      leaksFound(
        leakRun()
          .calls('render')
          .grows({ ...TIMER, element, bound }),
      ),
    ).toEqual([]);
  });

  it('is found by the count of timers where no heap was read', () => {
    const told = leakRun().calls('render').opens({ kind: 'timer', resource: 'Timeout' });
    expect(leaksFound(told)).toEqual([['timer-leak', 'render']]);
  });

  staysSilent(timerLeak, TIMER);
});
