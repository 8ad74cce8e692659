import { describe, expect, it } from 'vitest';
import { crossTalk } from '../../../src/detect/detectors/cross-talk.ts';
import { came, says, steps, violation } from '../../builders/race.ts';
import { having, onlyFinding, racesFound, staysSilent } from './every-race.ts';

const calls = [
  { tool: 'balance', arguments: { user: 'alice' }, connection: 0 },
  { tool: 'balance', arguments: { user: 'robert' }, connection: 1 },
];
const told = {
  class: 'results' as const,
  subjects: ['balance', 'balance'],
  calls,
  steps: steps('A call', 'A back @9', 'B call', 'B back @9', 'A back @11'),
  allowed: [
    came([says('alice has 10'), says('robert has 20')]),
    came([says('alice has 10'), says('robert has 20')]),
  ],
};

describe('cross-talk', () => {
  it('is the other’s whole answer', () => {
    const finding = onlyFinding(
      having(violation({ ...told, outcome: came([says('robert has 20'), says('robert has 20')]) })),
    );
    expect(finding).toMatchObject({ id: 'cross-talk', severity: 'critical', location: { line: 11 } });
    expect(finding.title).toContain('call A gets the answer of call B, "robert has 20"');
    expect(finding.title).toContain('of two sessions at once');
  });

  it('is a value that only the other was given', () => {
    const finding = onlyFinding(
      having(violation({ ...told, outcome: came([says('robert has 10'), says('robert has 20')]) })),
    );
    expect(finding.title).toContain('gets a value of call B, "robert"');
  });

  it('is not what a reader may rightly see of a writer in some order', () => {
    const found = racesFound(
      having(
        violation({
          ...told,
          outcome: came([says('names: robert, half'), says('ok')]),
          allowed: [came([says('names: '), says('ok')]), came([says('names: robert'), says('ok')])],
        }),
      ),
    );
    expect(found.map(({ id }) => id)).toEqual(['order-dependent-result']);
  });

  staysSilent(crossTalk);
});
