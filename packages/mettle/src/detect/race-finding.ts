import { faultOf, laneIndex, timelineOf, type RaceFault, type RacePattern } from '../derive/race/index.ts';
import { formatPlace, homeOf, locationOf } from '../derive/frames.ts';
import type {
  Detector,
  DetectorInput,
  Finding,
  RaceEvidence,
  RacePair,
  Severity,
  SourceLocation,
} from '../evidence/index.ts';
import { figure, plural } from './figures.ts';
import { isTool, makeFinding, shellWord } from './finding.ts';
import { callsExhibit, outcomesExhibit, whoRaces } from './race-words.ts';

type Needs = 'race' | 'target';
type Input = DetectorInput<Needs>;

/** A pattern of races: how it is told and what to do about it. */
export interface RaceKind {
  readonly id: RacePattern;
  readonly severity: (fault: RaceFault) => Severity;
  /** What happens, after who races: "lose an update: …". */
  does(fault: RaceFault): string;
  fix(fault: RaceFault): string;
}

/** Of the pairs that have one fault, so many are listed. */
const PAIRS_LISTED = 60;

/** The detector of one pattern: one finding per line at fault, however many pairs of tools meet there. */
export function raceDetector(kind: RaceKind): Detector<Needs> {
  return {
    id: kind.id,
    check: 'race',
    examinations: ['check', 'race'],
    needs: ['race', 'target'],
    detect: (evidence) => raceFindings(kind, evidence),
    blind: ({ race }) => nothingRaced(race),
    looked: ({ race }) => race.coverage,
  };
}

/** The findings of one pattern. */
export function raceFindings(kind: RaceKind, evidence: Input): readonly Finding[] {
  const faults = evidence.race.violations.map(faultOf).filter(({ pattern }) => pattern === kind.id);
  return byPlace(faults, evidence).map((group) => findingOf(kind, evidence, group));
}

interface Group {
  readonly location: SourceLocation | undefined;
  /** The easiest to follow first. */
  readonly faults: readonly [RaceFault, ...RaceFault[]];
}

/** What is wrong at one line is one fault; without a line, what is wrong between the same two. */
function byPlace(faults: readonly RaceFault[], { target }: Input): readonly Group[] {
  const home = homeOf(target);
  const groups = new Map<string, { location: SourceLocation | undefined; faults: RaceFault[] }>();
  for (const fault of faults) {
    const site = fault.at?.site ?? null;
    const location = site === null ? undefined : locationOf([site], home);
    const key =
      location === undefined
        ? JSON.stringify(fault.violation.subjects.toSorted())
        : `${location.file}:${location.line}`;
    const group = groups.get(key) ?? { location, faults: [] };
    group.faults.push(fault);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ location, faults: members }) => ({
    location,
    faults: members.toSorted(easiestFirst) as [RaceFault, ...RaceFault[]],
  }));
}

function easiestFirst({ violation: a }: RaceFault, { violation: b }: RaceFault): number {
  return (
    Number(b.reproduced) - Number(a.reproduced) ||
    new Set(a.subjects).size - new Set(b.subjects).size ||
    a.preemptions - b.preemptions ||
    a.steps.length - b.steps.length
  );
}

function findingOf(kind: RaceKind, evidence: Input, { location, faults }: Group): Finding {
  const { race, target } = evidence;
  const [fault, ...others] = faults;
  const { violation } = fault;
  const where = location === undefined ? '' : `, at ${formatPlace(location, target.cwd)}`;
  const pairs = new Set(
    faults.map(({ violation: { subjects } }) => [...new Set(subjects)].toSorted().join('\n')),
  );
  const also =
    pairs.size === 1
      ? ''
      : pairs.size === 2
        ? ', and so does one other pair'
        : `, and so do ${pairs.size - 1} other pairs`;
  const share = violation.trials === 0 ? 0 : violation.badTrials / violation.trials;
  return makeFinding({
    id: kind.id,
    tool: toolOf(fault),
    location,
    variant: location === undefined ? violation.subjects.toSorted().join(' ') : '',
    severity: kind.severity(fault),
    confidence: violation.reproduced ? 'reproduced' : 'measured',
    title: `${whoRaces(fault, race)} ${kind.does(fault)}${where}${also}`,
    evidence: [
      // A process that dies takes the record of its steps along.
      ...(violation.steps.length === 0 ? [] : [timelineOf(fault)]),
      outcomesExhibit(fault),
      callsExhibit(fault),
      ...(others.length === 0 ? [] : [pairsTable(faults)]),
    ],
    cost: {
      value: figure(share * 100),
      unit: `% of the ${plural(violation.trials, 'schedule')} tried`,
      per: 'run',
    },
    fix: kind.fix(fault),
    verify: {
      command: replayCommand(fault, evidence),
      expect: 'exit code 0: the fault is gone, and what comes of the schedule an order explains',
    },
  });
}

/** The tool whose step is at fault. */
function toolOf({ at, violation: { subjects } }: RaceFault): string {
  return subjects[at === null ? 0 : laneIndex(at.lane)] ?? (subjects[0] as string);
}

function pairsTable(faults: readonly RaceFault[]): Finding['evidence'][number] {
  return {
    kind: 'table',
    title: 'Pairs that have it, with what shows each again',
    columns: ['calls', 'bad schedules', 'of', 'replay'],
    rows: faults
      .slice(0, PAIRS_LISTED)
      .map(({ violation: { subjects, badTrials, trials, replay } }) => [
        subjects.join(' × '),
        badTrials,
        trials,
        replay,
      ]),
  };
}

/** The command that shows a fault again, or says that it is gone. */
function replayCommand({ violation }: RaceFault, { target, exercise }: Input): string {
  const tools = [...new Set([...violation.calls, ...violation.setup].flatMap(({ tool }) => tool ?? []))];
  const named = tools
    .filter((tool) => isTool(tool, exercise))
    .map((tool) => ` --tool ${shellWord(tool)}`)
    .join('');
  const where = target.targetArguments === '' ? '' : ` ${target.targetArguments}`;
  return `npx mettle race${named} --replay ${shellWord(violation.replay)}${where}`;
}

/** Why nothing can be said though trials were made; null when something can. */
export function nothingRaced({ pairs, leftOut, replayed }: RaceEvidence): string | null {
  if (replayed === true || pairs.some(isJudged)) return null;
  const [first] = pairs.flatMap(({ undecided }) => undecided ?? []);
  if (pairs.length > 0)
    return `none of the ${plural(pairs.length, 'pair')} could be judged: ${first ?? 'the search was cut short: give more time (--budget)'}`;
  const [left] = leftOut;
  return left === undefined
    ? 'nothing could be raced: the server lists nothing that may be called'
    : `nothing could be raced: ${left.subject} ${saidOf(left.why)}`;
}

/** Some schedules of a search that was cut short are no ground to say that none is bad; the matrix has it open, too. */
function isJudged({ undecided, trials, worst, completeBound }: RacePair): boolean {
  return worst !== null || (undecided === null && trials > 0 && completeBound !== null);
}

/** A reason as it follows a name in a sentence. */
export function saidOf(why: string): string {
  return why.startsWith('not ') ? `was ${why}` : `was left out, since ${why}`;
}
