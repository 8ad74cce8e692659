import { describe, expect, it } from 'vitest';
import { deadlock } from '../../../src/detect/detectors/deadlock.ts';
import { at } from '../../builders/frames.ts';
import { came, crowdOf, NO_ANSWER, raced, says, steps, violation } from '../../builders/race.ts';
import { having, onlyFinding, staysSilent } from './every-race.ts';

describe('deadlock', () => {
  it('is two calls that wait for each other, at the line where the unanswered one stands', () => {
    const finding = onlyFinding(
      having(
        violation({
          class: 'hang',
          steps: steps('A call', 'A back @30', 'B call', 'B back @33'),
          outcome: came([NO_ANSWER, NO_ANSWER]),
          allowed: [came([says('ok'), says('ok')]), came([says('ok'), says('ok')])],
        }),
      ),
    );
    expect(finding).toMatchObject({ id: 'deadlock', severity: 'high', location: { line: 33 } });
    expect(finding.title).toContain('never answer: 2 wait for ever');
  });

  it('is what only a crowd brings about, once', () => {
    const waitingAt = [{ site: at('take', 'src/pool.js', 5), lanes: 10 }];
    const rows = [crowdOf(1), crowdOf(2), crowdOf(10, { status: 'deadlock', waitingAt })];
    const finding = onlyFinding(raced({ scaling: [{ subject: 'save', rows }] }));
    expect(finding).toMatchObject({ id: 'deadlock', location: { line: 5 } });
    expect(finding.title).toContain('10 calls of `save` at once never answer');
  });

  staysSilent(deadlock);
});
