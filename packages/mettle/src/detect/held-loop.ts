import { formatPlace, groupByPlace, holdsOf, homeOf } from '../derive/index.ts';
import type { DetectorInput, Finding } from '../evidence/index.ts';
import { figure, ms, quoted } from './figures.ts';
import { isTool, makeFinding, verifyCommand } from './finding.ts';
import { severityOfDelay } from './judgement.ts';
import { holdingWhat, remedyFor } from './remedies.ts';

/**
 * What holds the loop only once may be a start-up or a first call. From 1 s on people believe that a program hangs, so
 * a stretch of which a whole second was seen, but not the end or the beginning, is reported by itself.
 */
const HANGS_FROM_MS = 1000;

/** The loop was held when Mettle came, or still was when it left: nobody can say how often that happens. */
export function heldLoop(id: string, evidence: DetectorInput<'blocking' | 'target'>): readonly Finding[] {
  const home = homeOf(evidence.target);
  const cut = holdsOf(evidence.blocking).filter(
    (hold) => hold.stretch.unseen !== undefined && hold.costMs >= HANGS_FROM_MS,
  );
  return groupByPlace(cut, home).map((group): Finding => {
    const [dearest] = group.holds;
    const { subject, unseen, stack } = dearest.stretch;
    const where = group.location === undefined ? '' : `, at ${formatPlace(group.location, home.cwd)}`;
    const who = subject === null ? 'What ran when Mettle came' : quoted(subject);
    const still = unseen === 'start' ? '' : ' and had not ended when Mettle left';
    return makeFinding({
      id,
      tool: subject,
      location: group.location,
      variant: 'hang',
      severity: severityOfDelay(dearest.costMs, 1),
      confidence: dearest.certain ? 'measured' : 'suspected',
      title: `${who} held the event loop for at least ${ms(dearest.costMs)}${still}, ${holdingWhat(group)}${where}`,
      evidence: stack.length === 0 ? [] : [{ kind: 'stack', title: 'Where it stood', frames: stack }],
      cost: { value: figure(dearest.costMs), unit: 'ms blocked', per: 'call' },
      fix: remedyFor(dearest.cause, stack, group.location?.function),
      verify: {
        command: verifyCommand(
          id,
          evidence.target,
          subject !== null && isTool(subject, evidence.exercise) ? [subject] : [],
        ),
        expect: 'exit code 0: nothing holds the event loop',
      },
    });
  });
}
