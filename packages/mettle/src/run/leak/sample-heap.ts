import type { SampledSite } from '../../agent/heap-protocol.ts';
import type { Frame, HeapGrowth, HeapGrowthEvidence } from '../../evidence/index.ts';
import type { HeapExamination } from './examine-heap.ts';
import { evidenceHead } from './heap-evidence.ts';
import { LeakRun } from './leak-run.ts';

/** V8 keeps one sample in so many bytes: fine enough to see half a megabyte, at a few percent of the server's time. */
const INTERVAL_BYTES = 32 * 1024;
/** With fewer samples a site's bytes are chance. */
const LEAST_SAMPLES = 8;
/** Each subject's calls alone, twice: what grows in both is its. */
const PASSES = 2;
const CALLS = 400;
const WARM_UP_CALLS = 20;

/**
 * What each subject's calls leave behind by a sampling heap profile, where a snapshot is not affordable. It tells which
 * function allocated what stays, not what holds it.
 */
export async function sampleHeap(
  options: HeapExamination & { readonly whySampling: string },
): Promise<HeapGrowthEvidence> {
  const run = new LeakRun(options);
  await run.round(
    'warm-up',
    run.drivers.map(() => WARM_UP_CALLS),
  );
  await run.readMemory();
  await run.recording.startSampling(INTERVAL_BYTES);
  const grown = run.drivers.map(() => [] as ReadonlyMap<string, SampledSite>[]);
  const made = run.drivers.map(() => 0);
  for (let pass = 0; pass < PASSES; pass++)
    for (const [index] of run.drivers.entries()) {
      if (run.isShortOfTime) break;
      const before = await liveBySite(run);
      const calls = Math.min(CALLS, run.affordableCalls(index));
      await run.round(
        'fresh',
        run.drivers.map((_, i) => (i === index ? calls : 0)),
      );
      await run.readMemory();
      made[index] = (made[index] ?? 0) + calls;
      grown[index]?.push(difference(await liveBySite(run), before));
    }
  const growths = run.drivers.flatMap((_, index) =>
    growthsOf(run, index, grown[index] ?? [], made[index] ?? 0),
  );
  const last = await run.readMemory();
  return {
    ...evidenceHead(run, last, [
      ...options.notCovered,
      `No heap snapshot was taken: ${options.whySampling}. Leaks of less than about ${Math.round((INTERVAL_BYTES * LEAST_SAMPLES) / CALLS).toLocaleString('en-US')} bytes per call cannot be seen by sampling, nor what holds the objects.`,
    ]),
    by: 'sampling',
    whySampling: options.whySampling,
    growths: growths.toSorted((a, b) => b.bytesPerCall - a.bytesPerCall),
    trends: [],
    handles: [],
  };
}

/** Live bytes by the innermost frame that is no dependency's inside: the whole stack as V8 has it, function by function. */
async function liveBySite(run: LeakRun): Promise<ReadonlyMap<string, SampledSite>> {
  const sites = new Map<string, SampledSite>();
  for (const site of await run.recording.sampled()) {
    const key = site.stack.map(({ file, line, column }) => `${file}:${line}:${column}`).join();
    const known = sites.get(key);
    sites.set(key, {
      stack: site.stack,
      bytes: site.bytes + (known?.bytes ?? 0),
      count: site.count + (known?.count ?? 0),
    });
  }
  return sites;
}

function difference(
  after: ReadonlyMap<string, SampledSite>,
  before: ReadonlyMap<string, SampledSite>,
): ReadonlyMap<string, SampledSite> {
  const out = new Map<string, SampledSite>();
  for (const [key, site] of after) {
    const earlier = before.get(key);
    const bytes = site.bytes - (earlier?.bytes ?? 0);
    const count = site.count - (earlier?.count ?? 0);
    if (bytes > 0 && count > 0) out.set(key, { stack: site.stack, bytes, count });
  }
  return out;
}

/** Sites that grew in every pass of the subject, told by the function that V8 names first. */
function growthsOf(
  run: LeakRun,
  index: number,
  passes: readonly ReadonlyMap<string, SampledSite>[],
  calls: number,
): readonly HeapGrowth[] {
  const [first, ...others] = passes;
  if (first === undefined || others.length < PASSES - 1 || calls === 0) return [];
  return [...first].flatMap(([key, site]) => {
    const all = [site, ...others.flatMap((pass) => pass.get(key) ?? [])];
    if (all.length < PASSES || all.some(({ count }) => count < LEAST_SAMPLES)) return [];
    const bytes = all.reduce((sum, each) => sum + each.bytes, 0);
    return [growthAt(run, index, site.stack, bytes / calls, calls)];
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
    objectsPerCall: 0,
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
