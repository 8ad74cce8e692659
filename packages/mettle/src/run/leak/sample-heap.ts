import { setTimeout as pause } from 'node:timers/promises';
import type { SampledSite } from '../../agent/heap-protocol.ts';
import type { Frame, HeapGrowth, HeapGrowthEvidence } from '../../evidence/index.ts';
import type { HeapExamination } from './examine-heap.ts';
import { evidenceHead } from './heap-evidence.ts';
import { LeakRun } from './leak-run.ts';
import { lookAtNativeMemory } from './native-memory.ts';
import { NotExamined, refuseClear } from './snapshot-guard.ts';
import type { NativeMemory } from './snapshot-guard.ts';

/** V8 keeps one sample in so many bytes: fine enough to see half a megabyte, at a few percent of the server's time. */
const INTERVAL_BYTES = 32 * 1024;
/** With fewer samples a site's bytes are chance. */
const LEAST_SAMPLES = 8;
/** Each subject's calls alone, twice; and, of one for which something grew both times, so many more. */
const PASSES = 2;
const CALLS = 400;
/** Of fewer calls even some kilobytes each are chance: then nothing can be said. */
const LEAST_CALLS = 100;
const FURTHER_CALLS = 1600;
/** Of what it grew by per call before, and of all that, at the end. */
const STILL_GROWS = 0.6;
const STILL_THERE = 0.7;
const WARM_UP_CALLS = 20;
/** What is under way ends, and is no leak. */
const SETTLE_MS = 1000;

type Sites = ReadonlyMap<string, SampledSite>;

/** What stays of so many calls. */
interface Pass {
  readonly calls: number;
  readonly sites: Sites;
}

/**
 * What each subject's calls leave behind by a sampling heap profile, where a snapshot is not affordable. It tells which
 * function allocated what stays, not what holds it; and caches of more entries than calls look as leaks do.
 */
export async function sampleHeap(
  options: HeapExamination & {
    readonly whySampling: string;
    /** What is known already of memory outside the heap. */
    readonly native?: NativeMemory;
  },
): Promise<HeapGrowthEvidence> {
  const run = new LeakRun(options);
  await run.round(
    'warm-up',
    run.drivers.map(() => WARM_UP_CALLS),
  );
  const native = options.native ?? (await nativeMemoryOf(run, options));
  await run.readMemory();
  run.extendForVerdicts();
  await run.recording.startSampling(INTERVAL_BYTES);
  const passes = run.drivers.map(() => [] as Pass[]);
  // Cancelled calls go on for as long as they like: what they have in hand would be taken for left behind.
  const sampled = run.subjects.flatMap(({ manner }, index) => (manner === 'cancelled' ? [] : [index]));
  for (let pass = 0; pass < PASSES; pass++)
    for (const index of sampled)
      if (!run.isShortOfTime) passes[index]?.push(await sampleCalls(run, index, CALLS, options.isOurs));
  const growths: HeapGrowth[] = [];
  for (const index of sampled) {
    const grown = grownInAll(passes[index] ?? []);
    if (grown.size === 0 || run.isShortOfTime) continue;
    const { sites: further } = await sampleCalls(run, index, FURTHER_CALLS, options.isOurs);
    await pause(SETTLE_MS);
    await run.readMemory();
    growths.push(...growthsOf(run, index, { grown, further, atEnd: await liveBySite(run, options.isOurs) }));
  }
  // What so few calls show is a leak; what they do not show says nothing.
  const made = sampled.map((index) => leastCalls(passes[index] ?? []));
  const unseen = sampled.filter(
    (index, i) =>
      (made[i] ?? 0) < LEAST_CALLS && !growths.some(({ subject }) => subject === run.subjects[index]),
  );
  if (growths.length === 0 && saysNothing(run, sampled, unseen))
    throw new NotExamined(
      `${options.whySampling}; and for sampling, which calls each tool alone twice, ${LEAST_CALLS} times at least, there was no time either`,
    );
  if (growths.length === 0) refuseClear(native);
  const last = await run.readMemory();
  return {
    ...evidenceHead(
      run,
      last,
      notSeen(run, {
        before: [...options.notCovered, ...native.notCovered],
        unseen,
        whySampling: options.whySampling,
        calls: Math.min(...made.filter((_calls, i) => !unseen.includes(sampled[i] ?? -1))),
      }),
    ),
    by: 'sampling',
    whySampling: options.whySampling,
    growths: growths.toSorted((a, b) => b.bytesPerCall - a.bytesPerCall),
    trends: native.trends,
    handles: [],
  };
}

/** Listings, and calls that fail, are seen soon; of a server whose tools were not seen answering, nothing is said. */
function saysNothing(run: LeakRun, sampled: readonly number[], unseen: readonly number[]): boolean {
  const answering = sampled.filter((index) => {
    const subject = run.subjects[index];
    return subject?.kind === 'tool' && subject.manner === 'answered';
  });
  return (answering.length > 0 ? answering : sampled).every((index) => unseen.includes(index));
}

/** What stays of so many calls of one subject alone. */
async function sampleCalls(
  run: LeakRun,
  index: number,
  most: number,
  isOurs: (file: string) => boolean,
): Promise<Pass> {
  const before = await liveBySite(run, isOurs);
  const calls = Math.min(most, run.affordableCalls(index));
  await run.round(
    'fresh',
    run.drivers.map((_, i) => (i === index ? calls : 0)),
  );
  await run.readMemory();
  const made = run.rounds.at(-1)?.calls[index] ?? 0;
  return { calls: made, sites: difference(await liveBySite(run, isOurs), before) };
}

/** Of the passes of a subject, the one with the fewest calls; none where a pass is missing. */
function leastCalls(passes: readonly Pass[]): number {
  return passes.length < PASSES ? 0 : Math.min(...passes.map(({ calls }) => calls));
}

async function nativeMemoryOf(
  run: LeakRun,
  { looksAtNative }: Pick<HeapExamination, 'looksAtNative'>,
): Promise<NativeMemory> {
  return looksAtNative ? await lookAtNativeMemory(run) : { trends: [], notCovered: [] };
}

/** What a sampling heap profile cannot tell, and what there was no time for. */
function notSeen(
  run: LeakRun,
  {
    before,
    unseen,
    whySampling,
    calls,
  }: {
    readonly before: readonly string[];
    readonly unseen: readonly number[];
    readonly whySampling: string;
    /** Of the subject that was called least. */
    readonly calls: number;
  },
): readonly string[] {
  return [
    ...before,
    ...unseen.map(
      (index) =>
        `${run.subjects[index]?.name ?? ''}: the time was used up before it was sampled twice with ${LEAST_CALLS} calls (raise --budget).`,
    ),
    `No heap snapshot was taken: ${whySampling}. By sampling, leaks of less than about ${Math.round((INTERVAL_BYTES * LEAST_SAMPLES) / calls).toLocaleString('en-US')} bytes per call cannot be seen, nor buffers outside V8's heap, nor what holds the objects.`,
  ];
}

/** Live bytes by the innermost frame that is no dependency's inside: the whole stack as V8 has it, function by function. */
async function liveBySite(run: LeakRun, isOurs: (file: string) => boolean): Promise<Sites> {
  const sites = new Map<string, SampledSite>();
  for (const site of await run.recording.sampled()) {
    const stack = site.stack.filter(({ file }) => !isOurs(file));
    if (stack.length === 0) continue;
    const key = stack.map(({ file, line, column }) => `${file}:${line}:${column}`).join();
    const known = sites.get(key);
    sites.set(key, {
      stack,
      bytes: site.bytes + (known?.bytes ?? 0),
      count: site.count + (known?.count ?? 0),
    });
  }
  return sites;
}

function difference(
  after: ReadonlyMap<string, SampledSite>,
  before: ReadonlyMap<string, SampledSite>,
): Sites {
  const out = new Map<string, SampledSite>();
  for (const [key, site] of after) {
    const earlier = before.get(key);
    const bytes = site.bytes - (earlier?.bytes ?? 0);
    const count = site.count - (earlier?.count ?? 0);
    if (bytes > 0 && count > 0) out.set(key, { stack: site.stack, bytes, count });
  }
  return out;
}

/** Sites that grew in every pass, with all that they grew by. */
function grownInAll(passes: readonly Pass[]): Sites {
  const [first, ...others] = passes.map(({ sites }) => sites);
  const out = new Map<string, SampledSite>();
  if (first === undefined || others.length < PASSES - 1) return out;
  for (const [key, site] of first) {
    const all = [site, ...others.flatMap((pass) => pass.get(key) ?? [])];
    if (all.length < PASSES || all.some(({ count }) => count < LEAST_SAMPLES)) continue;
    out.set(key, { ...site, bytes: all.reduce((sum, each) => sum + each.bytes, 0) });
  }
  return out;
}

/** Of these, what went on growing as before, and is there at the end. */
function growthsOf(
  run: LeakRun,
  index: number,
  { grown, further, atEnd }: { readonly grown: Sites; readonly further: Sites; readonly atEnd: Sites },
): readonly HeapGrowth[] {
  const rounds = run.rounds.filter(({ calls }) => (calls[index] ?? 0) > 0).slice(1);
  const last = rounds.at(-1)?.calls[index] ?? 0;
  const calls = rounds.slice(0, -1).reduce((sum, round) => sum + (round.calls[index] ?? 0), 0);
  if (calls === 0 || last === 0) return [];
  return [...grown].flatMap(([key, site]) => {
    const perCall = site.bytes / calls;
    const added = further.get(key)?.bytes ?? 0;
    const left = atEnd.get(key)?.bytes ?? 0;
    if (added < STILL_GROWS * perCall * last || left < STILL_THERE * (site.bytes + added)) return [];
    return [growthAt(run, index, site.stack, (site.bytes + added) / (calls + last), calls + last)];
  });
}

function growthAt(
  run: LeakRun,
  index: number,
  site: readonly Frame[],
  bytesPerCall: number,
  calls: number,
): HeapGrowth {
  return {
    subject: run.subjects[index] ?? null,
    driver: 'calls',
    proof: 'alone',
    startedBy: null,
    counts: run.rounds.map(() => 0),
    objectsPerCall: 1,
    bytesPerCall,
    externalBytesPerCall: 0,
    objectsPerSecondIdle: 0,
    bytesPerSecondIdle: 0,
    keyed: null,
    owner: null,
    element: { kind: 'other', description: 'objects', function: null, delayMs: null },
    holds: [],
    path: [],
    site,
    removals: null,
    bound: { kind: 'none', calls, sizes: [] },
  };
}
