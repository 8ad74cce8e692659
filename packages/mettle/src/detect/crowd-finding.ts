import { crowdsOf, queueOf, type Crowd, type Queue } from '../derive/race/index.ts';
import { formatPlace, homeOf, locationOf } from '../derive/frames.ts';
import type {
  Detector,
  DetectorInput,
  DetectorPart,
  Finding,
  RaceEvidence,
  SourceLocation,
  TableExhibit,
} from '../evidence/index.ts';
import { ms, plural } from './figures.ts';
import { askedFor, makeFinding, raceCommand } from './finding.ts';
import { saidOf } from './race-finding.ts';

type Needs = 'race' | 'target';
export type CrowdInput = DetectorInput<Needs>;

/** What a detector says of one crowd; null when nothing. */
export interface CrowdVerdict {
  readonly location?: SourceLocation | undefined;
  readonly severity: Finding['severity'];
  /** All but the place, which is added. */
  readonly title: string;
  readonly cost: Finding['cost'];
  readonly fix: string;
  readonly expect: string;
}

/** The part of a detector that judges subjects called ever more often at once under control: no clock is read for it. */
export function crowdPart(
  id: string,
  judge: (crowd: Crowd, evidence: CrowdInput) => CrowdVerdict | null,
): DetectorPart<Needs> {
  return {
    needs: ['race', 'target'],
    detect: (evidence) =>
      crowdsOf(evidence.race).flatMap((crowd) => {
        const verdict = judge(crowd, evidence);
        return verdict === null ? [] : [findingOf(id, evidence, { crowd, verdict })];
      }),
    blind: ({ race }) => noCrowd(race),
    looked: ({ race }) => lookedAtCrowds(race),
  };
}

/** A detector of overload: in `check` and `race` alike by crowds. */
export function overloadDetector(
  id: string,
  judge: (crowd: Crowd, evidence: CrowdInput) => CrowdVerdict | null,
): Detector<Needs> {
  return { id, check: 'overload', examinations: ['check', 'race'], ...crowdPart(id, judge) };
}

function findingOf(
  id: string,
  { target, exercise }: CrowdInput,
  { crowd, verdict }: { readonly crowd: Crowd; readonly verdict: CrowdVerdict },
): Finding {
  const { location, title, expect, ...rest } = verdict;
  const where = location === undefined ? '' : `, at ${formatPlace(location, target.cwd)}`;
  return makeFinding({
    id,
    tool: crowd.subject,
    location,
    // Counted, and in virtual time: the next run counts the same.
    confidence: 'reproduced',
    title: title + where,
    evidence: [rowsTable(crowd)],
    verify: {
      command: raceCommand(id, target, askedFor(crowd.subject, exercise)),
      expect: `exit code 0: ${expect}`,
    },
    ...rest,
  });
}

/** Where a queue's calls wait, in the server's own code. */
export function waitingPlace({ waitAt }: Queue, { target }: CrowdInput): SourceLocation | undefined {
  return waitAt === undefined ? undefined : locationOf([waitAt], homeOf(target));
}

/** A queue as the detectors tell apart what it is: one at a time, or so many. */
export function queueIn(crowd: Crowd, isMeant: (width: number) => boolean): Queue | null {
  const queue = queueOf(crowd);
  return queue !== null && isMeant(queue.width) ? queue : null;
}

function rowsTable({ rows }: Crowd): TableExhibit {
  return {
    kind: 'table',
    title: 'Calls at once, under control: time is virtual, sockets and jobs are counted',
    columns: [
      'calls',
      'under way',
      'virtual time',
      'longest on the thread',
      'sockets',
      'files',
      'pool jobs',
      'errors',
      'end',
    ],
    rows: rows.map((row) => [
      row.calls,
      row.overlap,
      ms(row.virtualMs),
      ms(row.longestSynchronousCpuMs),
      row.peakSockets,
      row.peakFiles,
      row.peakThreadPoolJobs,
      row.errors,
      row.crash ?? row.status,
    ]),
  };
}

/** Why no crowd can be judged; null when one can. */
export function noCrowd(race: RaceEvidence): string | null {
  if (crowdsOf(race).length > 0) return null;
  if (race.replayed === true)
    return 'one schedule alone was shown again (--replay): mettle race without it looks';
  const [first] = race.leftOut;
  if (race.scaling.length > 0 || first === undefined)
    return 'no tool was called many times at once in the time: give more (--budget)';
  return `nothing could be called many times at once: ${first.subject} ${saidOf(first.why)}`;
}

/** What was looked at. */
export function lookedAtCrowds(race: RaceEvidence): string {
  const crowds = crowdsOf(race);
  const most = Math.max(...crowds.map((crowd) => crowd.most.calls));
  return `${plural(crowds.length, 'tool or method')} with up to ${plural(most, 'call')} at once under control`.replace(
    'tool or methods',
    'tools and methods',
  );
}
