import type { RaceCall, Trial } from '../evidence/index.ts';
import { callAt, formatAddress } from './address.ts';
import type { AddressedCall } from './address.ts';
import type { Expedition, RaceCase } from './expedition.ts';
import type { ExploreOptions, RaceSubject } from './options.ts';
import { Accesses } from './search/accesses.ts';
import type { Footprint } from './search/accesses.ts';

/*
 * What every subject does alone, before any is raced: what it touches, and whether it needs something to be there
 * first. On an empty server most calls only say that what they ask for does not exist, and no schedule of them shows
 * anything; so what creates things is called first, and what works on things works on those.
 */

/** Numbers of the calls whose things exist when the others are raced. */
export const EXISTING = 10;
const EXISTING_NUMBERS = [EXISTING, EXISTING + 1];

/** A subject that takes part. */
export interface PreparedSubject {
  readonly subject: RaceSubject;
  readonly footprint: Footprint;
  /** Number of the calls it is raced with, and of the next: those of existing things, or of new ones. */
  readonly base: number;
  /** Makes things that were not there. */
  readonly creates: boolean;
  /** What it did alone. */
  readonly alone: Trial;
}

export interface Preparation {
  readonly subjects: readonly PreparedSubject[];
  readonly after: readonly AddressedCall[];
  readonly leftOut: readonly { readonly subject: string; readonly why: string }[];
}

/** Calls each subject alone, finds what creates things, and calls the rest again when these are there. */
export async function prepare(expedition: Expedition, options: ExploreOptions): Promise<Preparation> {
  expedition.doing('references', 'each call alone');
  await leaveOutUnsteadyObservers(expedition, options);
  const leftOut: { subject: string; why: string }[] = [];
  const first: PreparedSubject[] = [];
  for (const subject of options.subjects) {
    const alone = await runAlone(expedition, options, subject, 0, []);
    const why = alone === null ? 'the budget ended before it was called' : whyNotRaced(alone);
    if (alone === null || why !== null) leftOut.push({ subject: subject.name, why: why ?? '' });
    else
      first.push({
        subject,
        alone,
        base: 0,
        footprint: footprintOf(alone),
        creates: creates(subject, alone),
      });
  }
  const creators = first.filter(({ creates: does }) => does);
  // The user's own setup is the state to race in; a second one on top would be ours.
  if (options.setup.length > 0 || creators.length === 0) return { subjects: first, after: [], leftOut };
  const after = EXISTING_NUMBERS.flatMap((number) =>
    creators.map(({ subject }) => ({ subject: subject.name, number, connection: 0 })),
  );
  const subjects: PreparedSubject[] = [];
  for (const prepared of first) {
    const base = prepared.creates ? 0 : EXISTING;
    const alone = await runAlone(expedition, options, prepared.subject, base, after);
    // What fails on a state of our own making says nothing about the subject: it is raced as it was.
    if (alone === null || whyNotRaced(alone) !== null) return { subjects: first, after: [], leftOut };
    subjects.push({ ...prepared, base, alone, footprint: footprintOf(alone) });
  }
  return { subjects, after, leftOut };
}

/**
 * A read-only tool may tell of its process (its environment, its uptime) rather than of the state: what two processes
 * answer differently after the same is no observer.
 */
async function leaveOutUnsteadyObservers(expedition: Expedition, options: ExploreOptions): Promise<void> {
  const [subject] = options.subjects;
  if (subject === undefined || expedition.observe.length === 0 || !expedition.mayGoOn) return;
  const alone = caseOf(options, [{ subject: subject.name, number: 0, connection: 0 }], []);
  const schedule = { strategy: 'sequential', order: ['A'] } as const;
  const one = await expedition.run(alone, schedule);
  if (one === null) return;
  const other = await expedition.runFresh(alone, schedule);
  expedition.observe = expedition.observe.filter(
    (_, index) => one.observed[index]?.text === other.observed[index]?.text,
  );
}

/** The case of these calls. */
export function caseOf(
  { subjects, setup }: Pick<ExploreOptions, 'subjects' | 'setup'>,
  calls: readonly AddressedCall[],
  after: readonly AddressedCall[],
): RaceCase {
  const made = (addressed: readonly AddressedCall[]): RaceCall[] =>
    addressed.flatMap((each) => callAt(each, subjects) ?? []);
  return {
    subjects: calls.map(({ subject }) => subject),
    setup: [...setup, ...made(after)],
    calls: made(calls),
    address: formatAddress({ calls, after }),
  };
}

function runAlone(
  expedition: Expedition,
  options: ExploreOptions,
  { name }: RaceSubject,
  number: number,
  after: readonly AddressedCall[],
): Promise<Trial | null> {
  const alone = caseOf(options, [{ subject: name, number, connection: 0 }], after);
  return expedition.run(alone, { strategy: 'sequential', order: ['A'] });
}

function whyNotRaced({ crash, record }: Trial): string | null {
  if (crash !== null) return `the server ends when it is called alone: ${crash}`;
  return record.status === 'done' ? null : `it is not answered when it is called alone (${record.status})`;
}

function footprintOf({ record }: Trial): Footprint {
  const accesses = new Accesses();
  accesses.add(record.steps);
  return accesses.footprint();
}

/** Whether something that this call alone names is found in the state afterwards. */
function creates({ annotations, call }: RaceSubject, { answers, files, observed }: Trial): boolean {
  if (annotations.readOnlyHint === true || answers[0]?.status !== 'success') return false;
  const others = new Set(EXISTING_NUMBERS.flatMap((number) => stringsIn(call(number).arguments)));
  const own = stringsIn(call(0).arguments).filter((text) => text.length > 2 && !others.has(text));
  const state = [...Object.entries(files).flat(), ...observed.map(({ text }) => text)];
  return own.some((text) => state.some((part) => part.includes(text)));
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}
