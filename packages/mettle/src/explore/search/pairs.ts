import type { AddressedCall } from '../address.ts';
import type { ExploreOptions } from '../options.ts';
import { caseOf, EXISTING } from '../preparation.ts';
import type { Preparation, PreparedSubject } from '../preparation.ts';
import type { RaceCase } from '../expedition.ts';
import { canonicalJson } from '../oracle/canonical.ts';
import { closeness } from './accesses.ts';

/** Two subjects, and the ways in which their calls can meet: the likeliest to clash first. */
export interface PlannedPair {
  readonly subjects: readonly [string, string];
  readonly connections: number;
  /** 2: both write the same thing; 1: one writes what the other reads; 0: nothing that they share was seen. */
  readonly closeness: 0 | 1 | 2;
  readonly bothReadOnly: boolean;
  /** Its calls are known to meet. */
  readonly met: boolean;
  readonly cases: readonly RaceCase[];
}

/** All pairs, each subject with itself too; those known to meet first, then those that touch the same things. */
export function planPairs(options: ExploreOptions, { subjects, after }: Preparation): readonly PlannedPair[] {
  const pairs: PlannedPair[] = [];
  for (const [index, one] of subjects.entries())
    for (const other of subjects.slice(index)) pairs.push(...plannedPairs(options, one, other, after));
  const unseen = (pair: PlannedPair): number => (pair.bothReadOnly ? 0 : 1);
  return pairs.toSorted(
    (a, b) => Number(b.met) - Number(a.met) || b.closeness - a.closeness || unseen(b) - unseen(a),
  );
}

/** Cases of one pair that begin it: the calls that met most often. */
const MOST_MET = 3;

/** The numbers in which calls of these two are known to meet, as this pair has them. */
function knownMeetings(
  { met = [] }: ExploreOptions,
  one: PreparedSubject,
  other: PreparedSubject,
  after: readonly AddressedCall[],
): readonly Meeting[] {
  const [a, b] = [one.subject.name, other.subject.name];
  return met
    .flatMap(([first, second]): Meeting[] => {
      const ways = [
        [first, second],
        [second, first],
      ] as const;
      const way = ways.find(([x, y]) => x.subject === a && y.subject === b);
      return way === undefined
        ? []
        : [[[way[0].number, way[1].number], needed(after, way[1].number)] as const];
    })
    .slice(0, MOST_MET);
}

function plannedPairs(
  options: ExploreOptions,
  one: PreparedSubject,
  other: PreparedSubject,
  after: readonly AddressedCall[],
): PlannedPair[] {
  const bothReadOnly = isReadOnly(one) && isReadOnly(other);
  const known = knownMeetings(options, one, other, after);
  const common = {
    subjects: [one.subject.name, other.subject.name] as const,
    closeness: closeness(one.footprint, other.footprint),
    bothReadOnly,
    met: known.length > 0,
  };
  // Two processes have a connection each: there is no pair within one. Two sessions of one process: both.
  const spread = options.processes > 1 ? [1] : options.connections > 1 ? [0, 1] : [0];
  return spread.map((second) => ({
    ...common,
    connections: second + 1,
    cases: distinct(
      [...known, ...meetings(one, other, after, bothReadOnly)].map(([numbers, before]) =>
        caseOf(
          options,
          [
            { subject: one.subject.name, number: numbers[0], connection: 0 },
            { subject: other.subject.name, number: numbers[1], connection: second },
          ],
          before,
        ),
      ),
    ),
  }));
}

type Meeting = readonly [numbers: readonly [number, number], after: readonly AddressedCall[]];

/** Different subjects meet at the same thing first, a subject meets itself at two things first. */
function meetings(
  one: PreparedSubject,
  other: PreparedSubject,
  after: readonly AddressedCall[],
  bothReadOnly: boolean,
): readonly Meeting[] {
  const same: Meeting = [[one.base, other.base], needed(after, other.base)];
  const apart: Meeting = [[one.base, other.base + 1], needed(after, other.base + 1)];
  if (bothReadOnly) return one === other ? [apart] : [same];
  const ways = one === other ? [apart, same] : [same, apart];
  // The very first calls, when the server makes its files.
  const empty: Meeting = [[0, one === other ? 1 : 0], []];
  return after.length > 0 && one.creates && other.creates ? [...ways, empty] : ways;
}

/** The setup without the things that no call of the case names: it is made before every trial. */
function needed(after: readonly AddressedCall[], number: number): readonly AddressedCall[] {
  return after.filter((call) => call.number === EXISTING || call.number === number);
}

/** A subject with one recorded call gives the same case several times. */
function distinct(cases: readonly RaceCase[]): readonly RaceCase[] {
  const seen = new Set<string>();
  return cases.filter(({ calls, setup }) => {
    const key = canonicalJson([calls, setup]);
    return !seen.has(key) && seen.add(key);
  });
}

function isReadOnly({ subject }: PreparedSubject): boolean {
  return subject.annotations.readOnlyHint === true;
}
