import { cpus, loadavg, platform } from 'node:os';
import { fileURLToPath } from 'node:url';
import { homeOf } from '../../../derive/frames.ts';
import type { Home } from '../../../derive/index.ts';
import { UsageError } from '../../../evidence/index.ts';
import type { Finding, HeapGrowthEvidence, TargetEvidence } from '../../../evidence/index.ts';
import type { LeakDriver } from '../../../load/leak/drivers.ts';
import { monotonicMs } from '../../../session/clock.ts';
import type { FetchScripts } from '../../source-library.ts';
import { examineHeap } from '../examine-heap.ts';
import { NotExamined, SnapshotsRefused } from '../snapshot-guard.ts';
import { openOwnHeap } from './own-heap.ts';
import { ownScripts } from './own-scripts.ts';

/** What the calls are, and how long may be looked. */
export interface NoLeakOptions {
  /** What the calls are called in the message; by default the function's name. */
  readonly name?: string;
  /** Calls under way together, 1 by default. A server under load often leaks where calls overlap. */
  readonly concurrency?: number;
  /** How long it may take, 20,000 ms by default. The test's own timeout must be longer. */
  readonly budgetMs?: number;
  /**
   * The process of the server, where it has one of its own (`StdioClientTransport`'s `pid`): its heap is looked into,
   * and not this one's. Its live objects are patched, so end it afterwards.
   */
  readonly pid?: number | null;
  /** Leaks that are known and accepted: by what the message says of them. */
  readonly ignore?: readonly (string | RegExp)[];
}

/** What was looked at, of calls that leak nothing. */
export interface NoLeak {
  readonly calls: number;
  readonly durationMs: number;
  /** What was not looked at, in sentences. */
  readonly notCovered: readonly string[];
}

/** The calls leave something behind each time, for ever. */
export class LeakError extends Error {
  override readonly name: string = 'LeakError';
  readonly findings: readonly Finding[];

  constructor(message: string, findings: readonly Finding[]) {
    super(message);
    this.findings = findings;
  }
}

/** One call; `i` counts them, for arguments that differ. */
export type LeakCall = (i: number) => unknown;

const BUDGET_MS = 20_000;
const SEED = 1;

/**
 * Calls a function some hundreds of times and rejects with LeakError when each call leaves something behind, with what
 * that is, what holds it and the line that adds it. Caches that fill, code that V8 compiles and what is loaded once are
 * no leaks. A function that takes a number is also called with the same numbers again.
 */
export async function expectNoLeak(call: LeakCall, options: NoLeakOptions = {}): Promise<NoLeak> {
  const { stack } = captured();
  try {
    return await look(call, checked(call, options));
  } catch (error) {
    if (error instanceof LeakError) error.stack = `${error.name}: ${error.message}\n${stack}`;
    throw error;
  }
}

/** The test's own line: an error that comes later has lost it. */
function captured(): { readonly stack: string } {
  const here = { stack: '' };
  Error.captureStackTrace(here, expectNoLeak);
  return { stack: here.stack.split('\n').slice(1).join('\n') };
}

type Settings = Required<Pick<NoLeakOptions, 'name' | 'concurrency' | 'budgetMs' | 'ignore'>> & {
  readonly pid: number | null;
};

function checked(call: LeakCall, options: NoLeakOptions): Settings {
  if (typeof call !== 'function')
    throw new UsageError(
      'expectNoLeak takes a function that makes one call: expectNoLeak(() => client.callTool(…)).',
    );
  const { concurrency = 1, budgetMs = BUDGET_MS, ignore = [], pid = null } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MOST_IN_FLIGHT)
    throw new UsageError(`expectNoLeak: concurrency is a whole number from 1 to ${MOST_IN_FLIGHT}.`);
  if (!(budgetMs >= LEAST_BUDGET_MS))
    throw new UsageError(`expectNoLeak: budgetMs is a number of at least ${LEAST_BUDGET_MS}.`);
  return {
    name: options.name ?? (call.name === '' ? 'the call' : call.name),
    concurrency,
    budgetMs,
    ignore,
    pid,
  };
}

/** So many are under way together at most in the rounds. */
const MOST_IN_FLIGHT = 16;
const LEAST_BUDGET_MS = 1000;

async function look(call: LeakCall, settings: Settings): Promise<NoLeak> {
  const startedAtMs = monotonicMs();
  // A call that fails fails the test as itself.
  const callMs = await timed(() => call(0));
  const { recording, fetch } =
    settings.pid === null
      ? { recording: await openOwnHeap(), fetch: ownScripts }
      : await (await import('./child-heap.ts')).openChildHeap(settings.pid);
  const faults: unknown[] = [];
  let evidence: HeapGrowthEvidence;
  const target = targetOf(settings.pid);
  try {
    const found = await examineHeap({
      recording,
      drivers: [driverOf(call, settings, faults)],
      callMs: [callMs],
      seed: SEED,
      // A test's own process has its runner's memory.
      looksAtNative: false,
      signal: new AbortController().signal,
      untilMs: startedAtMs + settings.budgetMs,
      onCall() {},
      shownFile: (file) => file,
      isOurs,
      lookLonger: 'raise budgetMs, and the test’s timeout',
      hasDied: () => false,
      notCovered: [],
    }).catch((error: unknown) => {
      throw error instanceof SnapshotsRefused || error instanceof NotExamined
        ? cannotLook(error.message)
        : error;
    });
    evidence = await atPlacesOfPeople(found, homeOf(target), fetch);
  } finally {
    await recording.stop();
  }
  const calls = evidence.subjects.reduce((sum, subject) => sum + subject.calls, 1);
  if (faults.length > 0)
    throw new Error(
      `expectNoLeak: ${faults.length} of ${calls} calls failed, the first with: ${faults[0] instanceof Error ? faults[0].message : String(faults[0])}`,
      { cause: faults[0] },
    );
  await judge(evidence, { target, settings, calls });
  return { calls, durationMs: monotonicMs() - startedAtMs, notCovered: evidence.notCovered };
}

/** Loaded when the heap has been read: what Mettle itself holds would be in it. */
async function atPlacesOfPeople(
  found: HeapGrowthEvidence,
  home: Home,
  fetch: FetchScripts | null,
): Promise<HeapGrowthEvidence> {
  const { SourceLibrary } = await import('../../source-library.ts');
  const { atOriginalPlaces, stacksIn } = await import('../original-heap-places.ts');
  const { namedBySource } = await import('./variable-names.ts');
  const library = new SourceLibrary(home, { rewritten: fetch === ownScripts });
  await library.learnStacks(stacksIn(found), fetch);
  const placed = atOriginalPlaces(found, library, home);
  return { ...placed, growths: placed.growths.map((growth) => namedBySource(growth, library.textOf)) };
}

async function judge(
  all: HeapGrowthEvidence,
  {
    target,
    settings: { ignore, budgetMs },
    calls,
  }: { readonly target: TargetEvidence; readonly settings: Settings; readonly calls: number },
): Promise<void> {
  const { leakFindings, leakMessage, ofTheCalls, undecidedMessage } = await import('./message.ts');
  const evidence = ofTheCalls(all);
  const told = { calls, cwd: target.cwd, isOurs };
  const findings = leakFindings(evidence, target).filter(
    (finding) => !ignore.some((known) => matches(leakMessage([finding], told), known)),
  );
  if (findings.length > 0) throw new LeakError(leakMessage(findings, told), findings);
  // Calls that were counted once only: of most of what can leak nothing is known.
  if (evidence.rounds.filter(({ kind }) => kind === 'fresh').length === 1)
    throw cannotLook(evidence.notCovered.join(' ').replace(/\.$/, ''));
  const undecided = undecidedMessage(evidence, budgetMs);
  if (undecided !== null && !ignore.some((known) => matches(undecided, known)))
    throw new Error(`expectNoLeak: ${undecided}`);
}

function matches(text: string, known: string | RegExp): boolean {
  return typeof known === 'string' ? text.includes(known) : known.test(text);
}

function cannotLook(why: string): Error {
  return new Error(`expectNoLeak cannot look: ${why}.`);
}

async function timed(call: () => unknown): Promise<number> {
  const startedAtMs = monotonicMs();
  await call();
  return monotonicMs() - startedAtMs;
}

/** Calls of the function, no more of them under way than asked for. */
function driverOf(call: LeakCall, { name, concurrency }: Settings, faults: unknown[]): LeakDriver {
  const takesNumber = call.length > 0;
  let made = 1;
  let repeated = 0;
  let free = concurrency;
  const waiting: (() => void)[] = [];
  const enter = async (): Promise<void> => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  return {
    subject: { name, kind: 'tool', manner: 'answered' },
    freshArguments: takesNumber,
    requests: 1,
    async run(mode) {
      await enter();
      try {
        // The newest numbers: a bounded cache has forgotten the old ones.
        await call(mode === 'fresh' ? made++ : Math.max(0, made - 1 - (repeated++ % REPEATED)));
        return null;
      } catch (error) {
        if (faults.length < MOST_FAULTS) faults.push(error);
        return error instanceof Error ? error.message : String(error);
      } finally {
        leave();
      }
    },
  };
}

const REPEATED = 5;
const MOST_FAULTS = 1000;

/** Mettle's own code, sources or built. */
const OWN_FOLDER = fileURLToPath(new URL('../../..', import.meta.url));

function isOurs(file: string): boolean {
  return file.startsWith(OWN_FOLDER);
}

function targetOf(pid: number | null): TargetEvidence {
  return {
    kind: 'module',
    command: null,
    url: null,
    cwd: process.cwd(),
    targetArguments: '',
    node: process.version,
    server: null,
    protocolVersion: null,
    era: null,
    capabilities: {},
    sdk: null,
    agent: { attached: true, pid: pid ?? process.pid, node: process.version, instruments: [] },
    machine: {
      cores: cpus().length,
      platform: platform(),
      loadAverage1m: loadavg()[0] ?? 0,
      node: process.version,
    },
  };
}
