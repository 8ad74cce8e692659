import { describe, expect, it } from 'vitest';
import { pendingPromiseLeak } from '../../../src/detect/detectors/pending-promise-leak.ts';
import { leakRun, type Grows } from '../../builders/heap.ts';
import { leaksFound, onlyFinding, staysSilent } from './every-pattern.ts';

const HALTED = {
  className: 'suspended function note',
  kind: 'promise',
  perCall: 1,
  bytesPerCall: 700,
} as const;
const RESOLVER: Grows = {
  bytesPerCall: 1190,
  owner: { kind: 'map', className: 'Map', name: 'waiting' },
  element: { kind: 'promise', description: 'closure' },
  holds: [HALTED],
  at: 'src/ledger.js:49',
};

describe('pending-promise-leak', () => {
  it('is what a collection of resolvers keeps: functions that halt for ever', () => {
    const finding = onlyFinding(leakRun().calls('balance').grows(RESOLVER));
    expect(finding.title).toBe(
      '`balance` leaves one promise per call that is never settled (waiting in the Map `waiting`), with all that awaits it: 1.16 KiB per call, at src/ledger.js:49',
    );
    expect(finding.fix).toContain('AbortSignal.timeout');
  });

  it('is told of promises in a collection that is no cache', () => {
    const element = { kind: 'promise', description: 'Promise' } as const;
    expect(leaksFound(leakRun().calls('ask').grows({ element }))).toEqual([['pending-promise-leak', 'ask']]);
  });

  it('is told of waiting functions under keys that are strings, and not of a timer that a function awaits', () => {
    const element = { kind: 'string', description: 'string' } as const;
    const told = leakRun()
      .calls('balance')
      .grows({ ...RESOLVER, element });
    expect(leaksFound(told)).toEqual([['pending-promise-leak', 'balance']]);
    const timer = leakRun()
      .calls('balance')
      .grows({
        ...RESOLVER,
        owner: { kind: 'timers', className: 'TimersList', name: null },
        element: { kind: 'timeout', description: 'Timeout', delayMs: 3_600_000 },
      });
    expect(leaksFound(timer)).toEqual([['timer-leak', 'balance']]);
  });

  it('is not told of callbacks that are kept with nothing waiting for them', () => {
    const told = leakRun()
      .calls('balance')
      .grows({ ...RESOLVER, element: { kind: 'closure', description: 'closure onDone' }, holds: [] });
    expect(leaksFound(told)).toEqual([['collection-leak', 'balance']]);
  });

  it('says of a promise that all calls race with that each leaves a reaction on it', () => {
    const owner = { kind: 'promise', className: 'Promise', name: 'closed' } as const;
    const element = { kind: 'closure', description: 'closure' } as const;
    const finding = onlyFinding(leakRun().calls('run').grows({ owner, element, holds: [] }));
    expect(finding.id).toBe('pending-promise-leak');
    expect(finding.title).toContain(
      '`run` leaves one promise per call waiting for the Promise `closed`, which is not settled, with all that it keeps',
    );
    expect(finding.fix).toContain('removeEventListener');
  });

  staysSilent(pendingPromiseLeak, RESOLVER);
});
