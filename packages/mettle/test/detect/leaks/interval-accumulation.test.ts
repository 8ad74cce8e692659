import { describe, expect, it } from 'vitest';
import { intervalAccumulation } from '../../../src/detect/detectors/interval-accumulation.ts';
import { leakRun, type Grows } from '../../builders/heap.ts';
import { leaksFound, onlyFinding, staysSilent } from './every-pattern.ts';

const INTERVAL: Grows = {
  bytesPerCall: 264,
  owner: { kind: 'timers', className: 'TimersList', name: null },
  element: { kind: 'interval', description: 'Timeout', delayMs: 500 },
  at: 'src/metrics.js:50',
};

describe('interval-accumulation', () => {
  it('names the interval, how often it runs, and the line that starts it', () => {
    const finding = onlyFinding(leakRun().calls('watch').grows(INTERVAL));
    expect(finding.title).toBe(
      '`watch` starts one interval (every 500 ms) per call and never clears it: 264 B per call, at src/metrics.js:50',
    );
    expect(finding.severity).toBe('medium');
    expect(finding.fix).toContain('clearInterval');
  });

  it('takes in what the interval piles up while nobody calls', () => {
    const told = leakRun()
      .calls('watch')
      .grows(INTERVAL)
      .growsByTime({
        owner: { kind: 'array', className: 'Array', name: 'samples' },
        at: 'src/metrics.js:49',
      });
    const finding = onlyFinding(told);
    expect(finding.id).toBe('interval-accumulation');
    expect(finding.evidence).toContainEqual(
      expect.objectContaining({
        title: 'What grows with it',
        rows: [['the Array `samples`', 'Object {close}', '50 (3.52 KiB) a second']],
      }),
    );
  });

  it('leaves what another’s timer piles up to its own finding', () => {
    const told = leakRun()
      .calls('watch')
      .grows(INTERVAL)
      .growsByTime({ startedBy: 'nobody', at: 'src/poller.js:3' });
    expect(leaksFound(told)).toEqual([
      ['collection-leak', undefined],
      ['interval-accumulation', 'watch'],
    ]);
  });

  staysSilent(intervalAccumulation, INTERVAL);
});
