import { describe, expect, it } from 'vitest';
import { tornRead } from '../../../src/detect/detectors/torn-read.ts';
import { came, failsWith, says, steps, violation } from '../../builders/race.ts';
import { having, onlyFinding, staysSilent } from './every-race.ts';

const STEPS = steps(
  'A call',
  'A read memory.jsonl @53',
  'A open memory.jsonl @96',
  'B call',
  'B read memory.jsonl @53',
  'A write memory.jsonl @96',
);
const SUBJECTS = { subjects: ['save', 'read_graph'], steps: STEPS };

describe('torn-read', () => {
  it('is an answer read from a file that was cut and not yet written; the line is the writer’s', () => {
    const finding = onlyFinding(
      having(
        violation({
          ...SUBJECTS,
          class: 'results',
          outcome: came([says('saved'), says('')], { 'memory.jsonl': '1\n2' }),
          allowed: [
            came([says('saved'), says('1, 2')], { 'memory.jsonl': '1\n2' }),
            came([says('saved'), says('1')], { 'memory.jsonl': '1\n2' }),
          ],
        }),
      ),
    );
    expect(finding).toMatchObject({
      id: 'torn-read',
      severity: 'medium',
      location: { line: 96 },
      tool: 'save',
    });
    expect(finding.title).toContain('meet in a half-written memory.jsonl');
    expect(finding.fix).toContain('rename');
    expect(finding.evidence[0]).toMatchObject({
      steps: [{}, {}, {}, {}, { note: 'reads what step 3 began and step 6 completes' }, {}],
    });
  });

  it('is worse when the half makes a call fail', () => {
    const finding = onlyFinding(
      having(
        violation({
          ...SUBJECTS,
          class: 'error',
          outcome: came([says('saved'), failsWith('Unexpected end of JSON input')]),
          allowed: [came([says('saved'), says('1, 2')]), came([says('saved'), says('1')])],
        }),
      ),
    );
    expect(finding).toMatchObject({ id: 'torn-read', severity: 'high' });
  });

  staysSilent(tornRead);
});
