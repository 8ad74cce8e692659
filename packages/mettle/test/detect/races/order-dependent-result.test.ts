import { describe, expect, it } from 'vitest';
import { orderDependentResult } from '../../../src/detect/detectors/order-dependent-result.ts';
import { came, says, steps, violation } from '../../builders/race.ts';
import { having, onlyFinding, staysSilent } from './every-race.ts';

describe('order-dependent-result', () => {
  it('is a warning: a gauge of what is under way answers so by design', () => {
    const finding = onlyFinding(
      having(
        violation({
          class: 'results',
          steps: steps('A call', 'B call', 'A back @3'),
          outcome: came([says('1 under way'), says('2 under way')]),
          allowed: [
            came([says('1 under way'), says('1 under way')]),
            came([says('1 under way'), says('1 under way')]),
          ],
        }),
      ),
    );
    expect(finding).toMatchObject({ id: 'order-dependent-result', severity: 'low' });
    expect(finding.title).toContain('"2 under way"; what they leave behind is in order');
  });

  staysSilent(orderDependentResult);
});
