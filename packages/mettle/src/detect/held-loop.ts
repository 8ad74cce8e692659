import { formatPlace, groupByPlace, holdsOf, homeOf, type Home, type HoldGroup } from '../derive/index.ts';
import type { DetectorInput, Finding } from '../evidence/index.ts';
import { count, figure, ms, quoted } from './figures.ts';
import { askedFor, makeFinding, verifyCommand } from './finding.ts';
import { severityOfDelay } from './judgement.ts';
import { holdingWhat, remedyFor } from './remedies.ts';

/** From here on people believe that a program hangs: once is enough. */
const HANGS_FROM_MS = 1000;

type Input = DetectorInput<'blocking' | 'target'>;

/**
 * The loop hung: it was held when Mettle came, or still was when it left; or, in a server that had long been running
 * for its clients, at any time: elsewhere a single stretch may be a start-up or a first call. `known` is what is
 * reported already.
 */
export function heldLoop(id: string, evidence: Input, known: readonly Finding[]): readonly Finding[] {
  const { agent } = evidence.target;
  const warm = agent.attached && agent.late === true;
  const hangs = holdsOf(evidence.blocking).filter(
    (hold) => hold.costMs >= HANGS_FROM_MS && (warm || hold.stretch.unseen !== undefined),
  );
  const home = homeOf(evidence.target);
  return [...new Set(hangs.map((hold) => hold.stretch.subject))].flatMap((subject) =>
    groupByPlace(
      hangs.filter((hold) => hold.stretch.subject === subject),
      home,
    )
      .filter((group) => !known.some((finding) => isOf(finding, subject, group)))
      .map((group) => findingOf(id, evidence, { subject, group, home })),
  );
}

function isOf({ tool, location }: Finding, subject: string | null, group: HoldGroup): boolean {
  return (
    tool === (subject ?? undefined) &&
    location?.file === group.location?.file &&
    location?.function === group.location?.function
  );
}

interface Hang {
  readonly subject: string | null;
  readonly group: HoldGroup;
  readonly home: Home;
}

function findingOf(id: string, evidence: Input, { subject, group, home }: Hang): Finding {
  const [dearest] = group.holds;
  const { stack } = dearest.stretch;
  const tools = askedFor(subject, evidence.exercise);
  return makeFinding({
    id,
    tool: subject,
    location: group.location,
    variant: 'hang',
    severity: severityOfDelay(dearest.costMs, 1),
    confidence: dearest.certain ? 'measured' : 'suspected',
    title: titleOf({ subject, group, home }),
    evidence: stack.length === 0 ? [] : [{ kind: 'stack', title: 'Where it stood', frames: stack }],
    cost: { value: figure(dearest.costMs), unit: 'ms blocked', per: 'call' },
    fix: remedyFor(dearest.cause, stack, group.location?.function),
    verify: {
      command: verifyCommand(id, evidence.target, tools),
      expect: 'exit code 0: nothing holds the event loop',
    },
  });
}

function titleOf({ subject, group, home }: Hang): string {
  const [{ stretch, costMs }] = group.holds;
  const began = stretch.unseen === 'start' || stretch.unseen === 'both';
  const unended = stretch.unseen === 'end' || stretch.unseen === 'both';
  const who =
    subject !== null
      ? quoted(subject)
      : began
        ? 'What ran when Mettle came'
        : 'A callback that no call started';
  const howLong = `${stretch.unseen === undefined ? '' : 'at least '}${ms(costMs)}`;
  const more = group.holds.length > 1 ? ` (the longest of ${count(group.holds.length)} times)` : '';
  const still = unended ? ' and had not ended when Mettle left' : '';
  const where = group.location === undefined ? '' : `, at ${formatPlace(group.location, home.cwd)}`;
  return `${who} held the event loop for ${howLong}${more}${still}, ${holdingWhat(group)}${where}`;
}
