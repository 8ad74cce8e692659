import type { Frame, HeapGrowth, HeapSubject } from '../evidence/index.ts';
import { responsible, type Leak } from '../derive/leaks/index.ts';
import { isInternal, isOwn, packageOf, type Home } from '../derive/frames.ts';
import { count, figure, plural, quoted } from './figures.ts';

/** Growth that follows the calls of all tools together, or all requests, has these for its subject. */
const EVERYBODY: Readonly<Record<string, string>> = {
  'tools/call': 'Each tool, whichever is called,',
  'any request': 'The server, whatever is asked of it,',
};

/** The subject as a finding's tool: none when it is everybody's. */
export function toolOf({ subjects }: Leak): string | null {
  const names = [...new Set(subjects.map(({ name }) => name))];
  const [first] = names;
  if (first === undefined || names.length >= TOOLS_OF_THE_SERVER || first in EVERYBODY) return null;
  return first;
}

/** A leak in so many tools is the server's, not one tool's. */
const TOOLS_OF_THE_SERVER = 3;

/** Of what one is made each time: a call, one that fails, a session that is left. */
export function occasionOf(subject: HeapSubject | null): string {
  if (subject === null) return 'call';
  switch (subject.manner) {
    case 'answered':
      return subject.name === 'any request' ? 'request' : 'call';
    case 'failed':
      return 'failed call';
    case 'cancelled':
      return 'cancelled call';
    case 'ended':
      return 'session, though it is ended';
    case 'abandoned':
      return 'session that its client leaves';
    case 'cut-off':
      return 'session cut off in mid-call';
  }
}

/** Who makes it grow, as the beginning of a sentence. */
export function whoLeaks({ subjects }: Leak): string {
  const names = [...new Set(subjects.map(({ name }) => name))];
  const [first, second] = names;
  if (first === undefined) return 'The server, without any call,';
  if (subjects[0]?.kind === 'session') return 'The server';
  const everybody = names.map((name) => EVERYBODY[name]).find((words) => words !== undefined);
  if (everybody !== undefined) return everybody;
  if (names.length >= TOOLS_OF_THE_SERVER)
    return `Each of ${count(names.length)} tools and methods (${names.map(quoted).join(', ')})`;
  return second === undefined ? quoted(first) : `Each of ${quoted(first)} and ${quoted(second)}`;
}

/** ``the Map `sessions` ``; what the user called it, or what holds it, when it has no name itself. */
export function holderOf(growth: HeapGrowth | null): string {
  const owner = growth?.owner ?? null;
  if (growth === null || owner === null) return 'memory';
  const known = knownHolder(growth);
  if (known !== null) return `the ${known.what} ${quoted(known.name)}`;
  if (eventOf(growth) !== null && growth.path.includes('process')) return quoted('process');
  if (owner.kind === 'scope' || owner.className === '') return 'a variable';
  return `${/^[aeiou]/i.test(owner.className) ? 'an' : 'a'} ${owner.className}`;
}

/** The name that the user gave it. */
export function nameOf(growth: HeapGrowth): string | null {
  return knownHolder(growth)?.name ?? null;
}

/** The innermost step of the path that is the user's: private fields and Node's own names are behind something that is. */
function knownHolder({ owner, path }: HeapGrowth): { readonly what: string; readonly name: string } | null {
  if (owner === null) return null;
  const { kind, className, name } = owner;
  const isListening = kind === 'event-emitter' || kind === 'event-target';
  if (name !== null && !isListening && /^[a-z_$][\w$]+$/i.test(name)) return { what: className, name };
  const steps = path.slice(0, -1).flatMap((step) => {
    const [, what, label] = /^(?:entry |element )?(.+?) "([^"]+)"/.exec(step) ?? [];
    return what === undefined || label === undefined ? [] : [{ what, name: label }];
  });
  const events = steps.findIndex((step) => step.name === '_events');
  const own = (events < 0 ? steps : steps.slice(0, events)).filter((step) => /^[a-z_$]/i.test(step.name));
  return own.at(-1) ?? (name === null || isListening ? null : { what: className, name });
}

/** The event that listeners of an emitter wait for; null when the path does not say. */
export function eventOf({ owner, path }: HeapGrowth): string | null {
  if (owner?.kind !== 'event-emitter' || owner.name === null) return null;
  return path.some((step) => step.endsWith('"_events"')) ? owner.name : null;
}

/** `one listener`, `3 entries`, `0.25 entries`: so many of a thing each time. */
export function many(value: number, noun: string, nouns = `${noun}s`): string {
  if (value === 1) return `one ${noun}`;
  return `${Number.isInteger(value) ? count(value) : figure(value)} ${nouns}`;
}

/** All that the leak's growths add to each time. */
export function bytesEach({ growth, beside, trend }: Leak): {
  readonly bytes: number;
  readonly external: number;
} {
  const growths = [...(growth === null ? [] : [growth]), ...beside];
  const sum = (of: (growth: HeapGrowth) => number): number =>
    growths.reduce((all, each) => all + of(each), 0);
  if (trend !== null) {
    const unexplained = Math.max(0, trend.bytesPerCall - trend.explainedBytesPerCall);
    return { bytes: unexplained, external: trend.kind === 'heap' ? 0 : unexplained };
  }
  return { bytes: sum((each) => each.bytesPerCall), external: sum((each) => each.externalBytesPerCall) };
}

/** What timers add while nobody calls, per second. */
export function bytesASecond({ growth, beside }: Leak): number {
  return [growth, ...beside].reduce(
    (sum, each) => sum + (each?.driver === 'time' ? each.bytesPerSecondIdle : 0),
    0,
  );
}

/** The dependency whose own doing the growth is, and its line. */
export interface Library {
  readonly name: string;
  readonly frame: Frame;
}

/** Deeper than this inside a dependency, what it keeps is its affair; `cache.set()` of the server's own is the server's. */
const OWN_DOING_FRAMES = 3;

/** The dependency that grows by itself; null when the server's own code adds to what grows. */
export function libraryOf(site: readonly Frame[], home: Home): Library | null {
  const frames = site.filter((frame) => !isInternal(frame));
  const [frame] = frames;
  const own = frames.findIndex((each) => isOwn(each, home));
  if (frame === undefined || (own >= 0 && own < OWN_DOING_FRAMES)) return null;
  const name = packageOf(frame.file);
  return name === null ? null : { name, frame };
}

/** The bound at which a growth ended, short. */
export function boundOf(growth: HeapGrowth): string {
  const { bound, owner } = growth;
  const name = nameOf(growth) ?? responsible(growth)?.name ?? owner?.className ?? 'one';
  switch (bound.kind) {
    case 'plateau':
      return `${quoted(name)} stops at ${count(bound.size)}`;
    case 'declared':
      return `${quoted(name)} has ${bound.property}: ${count(bound.limit)}`;
    case 'ttl':
      return `${quoted(name)} forgets after ${duration(bound.ttlMs / 1000)}`;
    case 'undecided':
      return `${quoted(name)}: ${bound.why}`;
    case 'none':
      return quoted(name);
  }
}

/** A time as people plan with it: `40 s`, `12 min`, `15 h`, `3 days`. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${figure(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return plural(Math.round(seconds / 86_400), 'day');
}
