import { describe, expect, it } from 'vitest';
import { concurrentError } from '../../../src/detect/detectors/concurrent-error.ts';
import { came, failsWith, says, steps, violation } from '../../builders/race.ts';
import { having, onlyFinding, staysSilent } from './every-race.ts';

describe('concurrent-error', () => {
  it('is an error that no order gives, with what it says and where the call stood', () => {
    const finding = onlyFinding(
      having(
        violation({
          class: 'error',
          steps: steps('A call', 'B call', 'B write tmp @4', 'A rename tmp @5', 'B rename tmp @5'),
          outcome: came([says('saved'), failsWith('ENOENT: no such file')]),
          allowed: [came([says('saved'), says('saved')]), came([says('saved'), says('saved')])],
        }),
      ),
    );
    expect(finding).toMatchObject({ id: 'concurrent-error', severity: 'medium', location: { line: 5 } });
    expect(finding.title).toContain('"error: ENOENT: no such file"');
    expect(finding.fix).toContain('names of their own');
  });

  it('is a transaction that another call begins anew: nothing may be awaited within it', () => {
    const finding = onlyFinding(
      having(
        violation({
          class: 'error',
          steps: steps('A call', 'B call', 'A read fee.txt @10'),
          outcome: came([says('moved'), failsWith('cannot start a transaction within a transaction')]),
          allowed: [came([says('moved'), says('moved')])],
        }),
      ),
    );
    expect(finding.fix).toContain('Await nothing within a transaction');
  });

  staysSilent(concurrentError);
});
