import { ANY_TOOL } from '../../derive/heap/growth/coded-match.ts';
import {
  LEAST_BURSTS,
  LEAST_NATIVE_BYTES_PER_CALL,
  mayGrow,
  nativeGrowth,
} from '../../derive/heap/growth/native.ts';
import type { HeapSubject, MemoryTrend } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import type { LeakRun } from './leak-run.ts';
import type { NativeMemory } from './snapshot-guard.ts';

/**
 * All subjects' calls together, in bursts. In the first V8 compiles what it has not yet, and what is left behind may take
 * the place of what start-up gave back: it says nothing, one way or the other.
 */
const GLANCES = 4;
const GLANCE_CALLS = 24;
/** The same with more calls, where the allocator's steps are small beside what a leak of a page a call leaves. */
const LOOKS = 3;
const LOOK_CALLS = 60;
/** Bursts of one subject alone: two to choose by, all to judge by. */
const CHOOSING_BURSTS = 2;
const BURSTS = 10;
const BURST_CALLS = 100;
/** What calls leave to be done is done soon; a leak shows in the next burst, too. */
const SETTLE_MS = 20;
/** A leak of large blocks must not take the machine's memory. */
const MOST_BYTES = 256 * 1024 * 1024;
/** Of the time that is left, for one burst of all, and for all bursts of subjects alone. */
const SHARE_OF_A_GLANCE = 0.03;
const SHARE_ALONE = 0.4;
/** And for all of it: the snapshots say more. */
const SHARE = 0.3;
/** By how much those that leak lead before the others. */
const CLEARLY = 2;
const MOST_SUBJECTS = 3;
/**
 * Cancelled calls go on for as long as they like, and sessions that nobody ended until they expire: what they have in hand
 * would be taken for left behind.
 */
const GOES_ON: ReadonlySet<HeapSubject['manner']> = new Set(['cancelled', 'cut-off', 'abandoned']);

interface Judged {
  readonly trend: MemoryTrend;
  readonly bursts: readonly Burst[];
}

interface Burst {
  readonly calls: number;
  readonly grownBytes: number;
  readonly rssBytes: number;
}

/**
 * Memory that is resident and neither in V8's heap nor counted by V8 outside it: what native code took and did not give
 * back. Looked at before the first snapshot, since what that leaves free would be used first. Where nothing grows for all
 * calls together, which is usual, it costs a second.
 */
export async function lookAtNativeMemory(run: LeakRun): Promise<NativeMemory> {
  const looked = new Looking(run);
  try {
    return await looked.look();
  } finally {
    run.addToWarmUp(looked.made);
  }
}

class Looking {
  readonly #run: LeakRun;
  readonly made: number[];
  readonly #untilMs: number;
  readonly #undecided: string[] = [];
  /** Whose calls are looked at. */
  readonly #drivers: readonly number[];
  #native: number | null = null;

  constructor(run: LeakRun) {
    this.#run = run;
    this.made = run.drivers.map(() => 0);
    this.#untilMs = monotonicMs() + SHARE * run.leftForCallsMs;
    this.#drivers = run.subjects.flatMap(({ manner }, i) => (GOES_ON.has(manner) ? [] : [i]));
  }

  async look(): Promise<NativeMemory> {
    const nothing: NativeMemory = { trends: [], notCovered: [] };
    if (!(await this.#mayGrow(GLANCES, GLANCE_CALLS))) return nothing;
    if (!(await this.#mayGrow(LOOKS, LOOK_CALLS))) return nothing;
    const grown = await this.#alone();
    if (grown === null)
      return {
        trends: [],
        notCovered: [
          'Memory outside V8’s heap grew with the calls, but there was no time to call each tool alone; whose it is, and whether it ends, is not known (raise --budget).',
        ],
      };
    const judged: Judged[] = [];
    for (const { subject, drivers, bursts } of grown)
      judged.push(...(await this.#judged(subject, drivers, bursts)));
    return { trends: this.#together(judged), notCovered: this.#undecided };
  }

  /** Whether bursts of all together left something behind, each of them but the first, which does not count. */
  async #mayGrow(bursts: number, calls: number): Promise<boolean> {
    const drivers = this.#drivers;
    await this.#read();
    for (let i = 0; i < bursts; i++) {
      const burst = await this.#burst(drivers, calls, SHARE_OF_A_GLANCE);
      // As many calls as one subject's: a leak in one of many is to be seen.
      if (i > 0 && !isGrowing([{ ...burst, calls: burst.calls / drivers.length }])) return false;
    }
    return true;
  }

  /** Each subject alone, twice; those that lead. Null when time ran out. */
  async #alone(): Promise<
    | readonly {
        readonly subject: HeapSubject;
        readonly drivers: readonly number[];
        readonly bursts: Burst[];
      }[]
    | null
  > {
    const { subjects } = this.#run;
    const each = this.#drivers.flatMap((i) => {
      const subject = subjects[i];
      return subject === undefined ? [] : [{ subject, drivers: [i], bursts: [] as Burst[] }];
    });
    const least = (bursts: readonly Burst[]): number =>
      Math.min(...bursts.map(({ calls, grownBytes }) => grownBytes / Math.max(1, calls)));
    for (let pass = 0; pass < CHOOSING_BURSTS; pass++)
      for (const [i, one] of each.entries()) {
        if (monotonicMs() > this.#untilMs) return null;
        // Who left too little behind once does not lead.
        if (pass > 0 && least(one.bursts) < LEAST_NATIVE_BYTES_PER_CALL) continue;
        const left = each.length * (CHOOSING_BURSTS - pass) - i;
        one.bursts.push(await this.#burst(one.drivers, BURST_CALLS, SHARE_ALONE / left));
      }
    const most = Math.max(...each.map(({ bursts }) => least(bursts)));
    const leading = each.filter(
      ({ bursts }) => least(bursts) >= Math.max(LEAST_NATIVE_BYTES_PER_CALL, most / CLEARLY),
    );
    const names = new Set(leading.map(({ subject }) => subject.name));
    const tools = each.filter(({ subject }) => isAnsweredTool(subject));
    if (tools.length > MOST_SUBJECTS && tools.every(({ subject }) => names.has(subject.name)))
      return [{ subject: ANY_TOOL, drivers: tools.flatMap(({ drivers }) => drivers), bursts: [] }];
    // Whatever becomes of its calls, a tool is told once.
    return [...names]
      .flatMap((name) => leading.find(({ subject }) => subject.name === name) ?? [])
      .slice(0, MOST_SUBJECTS);
  }

  /** The growth of one subject alone, over enough bursts for an interval; nothing when it ends or is chance. */
  async #judged(
    subject: HeapSubject,
    drivers: readonly number[],
    before: readonly Burst[],
  ): Promise<readonly Judged[]> {
    const bursts = [...before];
    // Of something that grew in both passes it is worth knowing whether that goes on.
    const untilMs = monotonicMs() + SHARE * this.#run.leftForCallsMs;
    while (bursts.length < BURSTS && monotonicMs() < untilMs) {
      const grown = bursts.reduce((sum, { grownBytes }) => sum + grownBytes, 0);
      if (grown > MOST_BYTES) break;
      const share = SHARE_ALONE / (BURSTS - bursts.length + 1);
      bursts.push(await this.#burst(drivers, Math.ceil(BURST_CALLS / drivers.length), share));
    }
    const trend = trendOf(subject, bursts);
    if (bursts.length < LEAST_BURSTS && isGrowing(bursts))
      this.#undecided.push(
        `${subject.name}: resident memory that is neither heap nor buffers grew with its calls; there was no time to see whether it ends (raise --budget).`,
      );
    return trend === null ? [] : [{ trend, bursts }];
  }

  /** What every tool's calls leave behind is what any call leaves behind. */
  #together(judged: readonly Judged[]): readonly MemoryTrend[] {
    const trends = judged.map(({ trend }) => trend);
    const tools = this.#drivers.filter((i) => isAnsweredTool(this.#run.subjects[i])).length;
    const theirs = judged.filter(({ trend }) => isAnsweredTool(trend.subject));
    if (tools < 2 || theirs.length < tools) return trends;
    const rounds = Math.min(...theirs.map(({ bursts }) => bursts.length));
    const all = Array.from({ length: rounds }, (_, k) => {
      const kth = theirs.flatMap(({ bursts }) => bursts[k] ?? []);
      return { ...sumOf(kth), rssBytes: Math.max(...kth.map(({ rssBytes }) => rssBytes)) };
    });
    const trend = trendOf(ANY_TOOL, all);
    return trend === null ? trends : [trend];
  }

  async #burst(drivers: readonly number[], calls: number, share: number): Promise<Burst> {
    const run = this.#run;
    const before = this.#native ?? (await this.#read()).nativeBytes;
    const made = await run.calls(
      'fresh',
      run.drivers.map((_, i) => (drivers.includes(i) ? calls : 0)),
      { share, settleMs: SETTLE_MS },
    );
    for (const [i, count] of made.entries()) this.made[i] = (this.made[i] ?? 0) + count;
    const { nativeBytes, rssBytes } = await this.#read();
    return {
      calls: made.reduce((sum, count) => sum + count, 0),
      grownBytes: nativeBytes - before,
      rssBytes,
    };
  }

  async #read(): Promise<{ readonly nativeBytes: number; readonly rssBytes: number }> {
    const { after } = await this.#run.recording.memory();
    this.#native = after.nativeBytes;
    return after;
  }
}

function isAnsweredTool(subject: HeapSubject | null | undefined): boolean {
  return subject?.kind === 'tool' && subject.manner === 'answered';
}

function trendOf(subject: HeapSubject, bursts: readonly Burst[]): MemoryTrend | null {
  const growth = nativeGrowth(
    bursts.map(({ grownBytes }) => grownBytes),
    bursts.map(({ calls }) => calls),
  );
  const readings = bursts.map(({ rssBytes }) => rssBytes);
  return growth && { kind: 'rss', subject, ...growth, readings, explainedBytesPerCall: 0 };
}

function sumOf(bursts: readonly Burst[]): Pick<Burst, 'calls' | 'grownBytes'> {
  return {
    calls: bursts.reduce((sum, { calls }) => sum + calls, 0),
    grownBytes: bursts.reduce((sum, { grownBytes }) => sum + grownBytes, 0),
  };
}

function isGrowing(bursts: readonly Pick<Burst, 'calls' | 'grownBytes'>[]): boolean {
  return mayGrow(
    bursts.map(({ grownBytes }) => grownBytes),
    bursts.map(({ calls }) => calls),
  );
}
