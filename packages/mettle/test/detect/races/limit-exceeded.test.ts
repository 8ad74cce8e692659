import { describe, expect, it } from 'vitest';
import { limitExceeded } from '../../../src/detect/detectors/limit-exceeded.ts';
import { came, says, steps, violation } from '../../builders/race.ts';
import { having, onlyFinding, staysSilent } from './every-race.ts';

const register = (name: string) => ({ tool: 'save', arguments: { name }, connection: 0 });

describe('limit-exceeded', () => {
  it('is a place given away twice after the calls that took the others', () => {
    const finding = onlyFinding(
      having(
        violation({
          class: 'results',
          calls: [register('Ada'), register('Bob')],
          setup: Array.from({ length: 9 }, (_, i) => register(`u${i}`)),
          steps: steps('A call', 'A back @8', 'B call', 'B back @8', 'B back @13', 'A back @13'),
          outcome: came([says('Place 10'), says('Place 11')]),
          allowed: [came([says('Place 10'), says('Full')]), came([says('Full'), says('Place 10')])],
        }),
      ),
    );
    expect(finding).toMatchObject({ id: 'limit-exceeded', severity: 'high', location: { line: 13 } });
    expect(finding.title).toBe(
      'Two calls of `save` at once exceed a limit after 9 calls: both go through where every order refuses one, at src/server.js:13',
    );
  });

  it('is different things left behind where every order leaves fewer', () => {
    const finding = onlyFinding(
      having(
        violation({
          class: 'state',
          calls: [register('Ada'), register('Bob')],
          steps: steps('A call', 'B call', 'A back @13', 'B back @13'),
          outcome: came([says('in'), says('in')], {}, [says('["Ada","Bob"]')]),
          allowed: [
            came([says('in'), says('Full')], {}, [says('["Ada"]')]),
            came([says('Full'), says('in')], {}, [says('["Bob"]')]),
          ],
        }),
      ),
    );
    expect(finding.id).toBe('limit-exceeded');
  });

  it('does not say that an order refuses somebody where all go through in each', () => {
    const finding = onlyFinding(
      having(
        violation({
          class: 'state',
          calls: [register('Ada'), register('Bob')],
          setup: [register('Cy')],
          steps: steps('A call', 'B call', 'A back @13', 'B back @13'),
          outcome: came([says('in'), says('in')], {}, [says('["Ada","Bob"]')]),
          allowed: [
            came([says('in'), says('in')], {}, [says('["Bob"]')]),
            came([says('in'), says('in')], {}, [says('["Ada"]')]),
          ],
        }),
      ),
    );
    expect(finding.title).toContain('after 1 call: both go through, and leave "Ada", which no order leaves');
  });

  staysSilent(limitExceeded);
});
