import { describe, expect, it } from 'vitest';
import { duplicateEffect } from '../../../src/detect/detectors/duplicate-effect.ts';
import { came, says, steps, violation } from '../../builders/race.ts';
import { having, onlyFinding, staysSilent } from './every-race.ts';

const STEPS = steps('A call', 'A back @20', 'B call', 'B back @20', 'A back @22', 'B back @22');

describe('duplicate-effect', () => {
  it('is what equal calls do twice that each order does once', () => {
    const finding = onlyFinding(
      having(
        violation({
          class: 'state',
          steps: STEPS,
          outcome: came([says('added'), says('added')], {}, [says('["Ada","Ada"]')]),
          allowed: [
            came([says('added'), says('there already')], {}, [says('["Ada"]')]),
            came([says('there already'), says('added')], {}, [says('["Ada"]')]),
          ],
        }),
      ),
    );
    expect(finding).toMatchObject({ id: 'duplicate-effect', severity: 'high', location: { line: 22 } });
    expect(finding.title).toContain('have their effect twice');
  });

  it('is found of equal calls too, of which one order stands for both', () => {
    const finding = onlyFinding(
      having(
        violation({
          class: 'state',
          steps: steps(
            'A call',
            'A read names @9',
            'B call',
            'B read names @9',
            'B write names @14',
            'A write names @14',
          ),
          outcome: came([says('added'), says('added')], { names: 'Ada\nAda' }),
          allowed: [came([says('added'), says('there already')], { names: 'Ada' })],
        }),
      ),
    );
    expect(finding).toMatchObject({ id: 'duplicate-effect', location: { line: 14 } });
  });

  it('is an entry in one file twice, though in the file of keys one call writes over what the other wrote', () => {
    const charged = says('charged');
    const finding = onlyFinding(
      having(
        violation({
          class: 'state',
          steps: steps(
            'A call',
            'A read keys/a.json @21',
            'B call',
            'B read keys/a.json @21',
            'B write ledger.csv @16',
            'B write keys/a.json @23',
            'A write ledger.csv @16',
            'A write keys/a.json @23',
          ),
          outcome: came([charged, charged], { 'ledger.csv': 'alpha,5\nalpha,5', 'keys/a.json': '{}' }),
          allowed: [came([charged, charged], { 'ledger.csv': 'alpha,5', 'keys/a.json': '{}' })],
        }),
      ),
    );
    expect(finding).toMatchObject({ id: 'duplicate-effect', location: { line: 16 } });
    expect(finding.title).toContain('"alpha,5" in ledger.csv is there more often than after any order');
  });

  it('is what calls of different things both bring about once for all, where no order turns anybody away', () => {
    const added = says('added');
    const finding = onlyFinding(
      having(
        violation({
          class: 'state',
          calls: [
            { tool: 'save', arguments: { name: 'alpha' }, connection: 0 },
            { tool: 'save', arguments: { name: 'beta' }, connection: 0 },
          ],
          steps: steps(
            'A call',
            'B call',
            'B write catalog @9',
            'B write catalog @20',
            'A write catalog @9',
            'A write catalog @20',
          ),
          outcome: came([added, added], { catalog: 'seed\nbeta\nseed\nalpha' }),
          allowed: [
            came([added, added], { catalog: 'seed\nalpha\nbeta' }),
            came([added, added], { catalog: 'seed\nbeta\nalpha' }),
          ],
        }),
      ),
    );
    expect(finding.id).toBe('duplicate-effect');
    expect(finding.title).toContain('"seed" in catalog is there more often than after any order');
  });

  it('is told by the answers where the second call is refused with an error', () => {
    const refused = { ...says('there already'), status: 'tool-error' as const };
    const finding = onlyFinding(
      having(
        violation({
          class: 'results',
          steps: STEPS,
          outcome: came([says('added'), says('added')]),
          allowed: [came([says('added'), refused]), came([refused, says('added')])],
        }),
      ),
    );
    expect(finding.id).toBe('duplicate-effect');
  });

  it('is not a cache that both calls miss: the answers alone tell no effect', () => {
    const finding = onlyFinding(
      having(
        violation({
          class: 'results',
          steps: STEPS,
          outcome: came([says('computed'), says('computed')]),
          allowed: [
            came([says('computed'), says('from cache')]),
            came([says('from cache'), says('computed')]),
          ],
        }),
      ),
    );
    expect(finding).toMatchObject({ id: 'order-dependent-result', severity: 'low' });
  });

  staysSilent(duplicateEffect);
});
