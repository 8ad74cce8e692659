import { describe, expect, it } from 'vitest';
import { pendingPromiseLeak } from '../../../src/detect/detectors/pending-promise-leak.ts';
import { leakRun, type Grows } from '../../builders/heap.ts';
import { leaksFound, onlyFinding, staysSilent } from './every-pattern.ts';

const HALTED = { className: 'async note', kind: 'promise', perCall: 1, bytesPerCall: 700 } as const;
const RESOLVER: Grows = {
  bytesPerCall: 1190,
  owner: { kind: 'map', className: 'Map', name: 'waiting' },
  element: { kind: 'closure', description: 'ƒ resolve' },
  holds: [HALTED],
  at: 'src/ledger.js:49',
};

describe('pending-promise-leak', () => {
  it('is what a collection of resolvers keeps: functions that halt for ever', () => {
    const finding = onlyFinding(leakRun().calls('balance').grows(RESOLVER));
    expect(finding.title).toBe(
      '`balance` leaves one promise per call that is never settled (waiting in the Map `waiting`), with all that awaits it: 1.19 kB per call, at src/ledger.js:49',
    );
    expect(finding.fix).toContain('AbortSignal.timeout');
  });

  it('is told of promises in a collection that is no cache', () => {
    const element = { kind: 'promise', description: 'Promise' } as const;
    expect(leaksFound(leakRun().calls('ask').grows({ element }))).toEqual([['pending-promise-leak', 'ask']]);
  });

  it('is not told of callbacks that are kept with nothing waiting for them', () => {
    const told = leakRun()
      .calls('balance')
      .grows({ ...RESOLVER, holds: [] });
    expect(leaksFound(told)).toEqual([['collection-leak', 'balance']]);
  });

  staysSilent(pendingPromiseLeak, RESOLVER);
});
