import { formatPlace, functionName, homeOf, locationOf } from '../../derive/frames.ts';
import {
  growingSites,
  LEAST_GROWTH_BYTES,
  LEAST_LEVELS,
  levelTrend,
  survivorsOf,
  timeToLimit,
} from '../../derive/memory-watch/index.ts';
import type { GrowingSite, LevelTrend, MemoryKind } from '../../derive/memory-watch/index.ts';
import type {
  Detector,
  DetectorInput,
  Exhibit,
  Finding,
  MemoryWatchEvidence,
  Severity,
  SourceLocation,
} from '../../evidence/index.ts';
import { binaryBytes as bytes, count, figure, percent, plural, quoted } from '../figures.ts';
import { makeFinding } from '../finding.ts';
import { duration } from '../leak-words.ts';

const ID = 'rising-memory';
type Needs = 'memoryWatch' | 'target';
type Input = DetectorInput<Needs>;

const KINDS: readonly MemoryKind[] = ['heap', 'external', 'native'];
/** A function with less of the growth than this is beside the point. */
const SHARE_WORTH_TELLING = 0.15;
const MOST_SITES = 4;

/** Memory of a server in use that is there after each full collection, and more each time. */
export const risingMemory: Detector<Needs> = {
  id: ID,
  check: 'leak',
  examinations: ['attach --memory'],
  needs: ['memoryWatch', 'target'],

  detect: (evidence) =>
    KINDS.flatMap((kind) => {
      const trend = levelTrend(evidence.memoryWatch, kind);
      return trend?.rises === true ? findingsOf(evidence, kind, trend) : [];
    }),
  blind({ memoryWatch }) {
    const calls = callsOf(memoryWatch);
    const seconds = (memoryWatch.observedMs / 1000).toFixed(1);
    if (levelTrend(memoryWatch, 'heap') === null) {
      const levels = memoryWatch.readings.filter(({ when }) => when === 'collected').length;
      return `V8 collected all garbage ${plural(levels, 'time')} in the ${seconds} s, and growth can be told from garbage only with ${LEAST_LEVELS} or more over the whole time: watch longer (--seconds), or have it collected (--collect)${seenSoFar(memoryWatch)}`;
    }
    return calls > 0
      ? null
      : `no client called anything in the ${seconds} s that Mettle watched: attach while clients use the server, or watch longer (--seconds)`;
  },
  looked({ memoryWatch }) {
    const trend = levelTrend(memoryWatch, 'heap');
    const [first, last] = [trend?.points[0]?.[1] ?? 0, trend?.points.at(-1)?.[1] ?? 0];
    return `${(memoryWatch.observedMs / 1000).toFixed(1)} s with ${plural(callsOf(memoryWatch), 'call')} as clients made them: the heap after ${plural(trend?.points.length ?? 0, 'full collection')} went from ${bytes(first)} to ${bytes(last)}; nothing rose by ${bytes(LEAST_GROWTH_BYTES.heap)} or more and went on`;
  },
};

/** What a watch that was too short has seen all the same: by how much the heap can have grown at most. */
function seenSoFar(watch: MemoryWatchEvidence): string {
  const survivors = survivorsOf(watch);
  const [first, last] = [watch.readings[0], watch.readings.at(-1)];
  const bound =
    survivors === null
      ? ''
      : `; of what was allocated meanwhile, ${bytes(survivors.bytes)} was alive at the end, so that the heap grew by ${bytes(survivors.mostBytesPerSecond * 60)} a minute at most`;
  if (first === undefined || last === undefined) return bound;
  return `${bound}; buffers went from ${bytes(first.externalBytes)} to ${bytes(last.externalBytes)}, resident memory from ${bytes(first.rssBytes)} to ${bytes(last.rssBytes)}`;
}

function findingsOf(evidence: Input, kind: MemoryKind, trend: LevelTrend): readonly Finding[] {
  const home = homeOf(evidence.target);
  const sites =
    kind !== 'heap'
      ? []
      : growingSites(evidence.memoryWatch, home)
          .filter((site) => site.grows && site.bytesPerSecond >= SHARE_WORTH_TELLING * trend.bytesPerSecond)
          .slice(0, MOST_SITES);
  return sites.length === 0
    ? [findingOf(evidence, kind, trend, null)]
    : sites.map((site) => findingOf(evidence, kind, trend, site));
}

const WHAT: Readonly<Record<MemoryKind, string>> = {
  heap: 'The heap',
  external: 'Memory outside the heap (buffers)',
  native: 'Native memory, neither the heap’s nor buffers’,',
};

function findingOf(evidence: Input, kind: MemoryKind, trend: LevelTrend, site: GrowingSite | null): Finding {
  const { memoryWatch, target } = evidence;
  const location = site === null ? undefined : locationOf(site.stack, homeOf(target));
  const perSecond = site?.bytesPerSecond ?? trend.bytesPerSecond;
  const made =
    site === null || location === undefined
      ? ''
      : `, ${percent(Math.min(1, perSecond / trend.bytesPerSecond))} of it allocated in ${functionOf(site, location)} at ${formatPlace(location, target.cwd)}`;
  const end = timeToLimit(memoryWatch, kind, trend.bytesPerSecond);
  const full =
    end === null
      ? ''
      : `; at this rate ${end.limit === 'heap' ? 'V8’s heap limit' : 'the memory limit'} of ${bytes(end.limitBytes)} is reached in ${duration(end.seconds)}`;
  return makeFinding({
    id: ID,
    tool: null,
    location,
    variant: kind,
    severity: severityOf(end?.seconds ?? Infinity),
    confidence: kind === 'native' ? 'suspected' : 'measured',
    title: `${WHAT[kind]} rises by ${bytes(trend.bytesPerSecond * 60)} a minute while clients use the server${made}${full}`,
    evidence: exhibits(memoryWatch, trend, site),
    cost: { value: figure(perSecond), unit: 'bytes', per: 'second' },
    fix: `${FIXES[kind]} A cache that has not filled up yet looks the same for as long: \`mettle leak -- COMMAND\`, on a server of its own, tells the two apart, and whose calls make it grow.`,
    verify: {
      command: verifyCommand(target),
      expect: 'exit code 0: after a collection there is as much as before',
    },
  });
}

/** What has no name is known by who calls it. */
function functionOf({ stack }: GrowingSite, location: SourceLocation): string {
  if (location.function !== undefined) return quoted(location.function);
  const caller = stack.map(functionName).find((name) => name !== undefined);
  return caller === undefined ? 'a function' : `a function within ${quoted(caller)}`;
}

const FIXES: Readonly<Record<MemoryKind, string>> = {
  heap: 'Look at what the function puts somewhere that outlives the call: a module’s Map or array (`delete` in a `finally`, `boundedCache` or `ring` of @mettle/runtime/memory), a listener (`once`, `removeListener`), a timer (`clearInterval`). `--snapshot` compares two heap snapshots and names what holds it.',
  external:
    'Buffers are kept: look for arrays, Maps and streams that hold them, and for small slices of large Buffers (`Buffer.from(slice)` copies what is needed). `--snapshot` names what holds them.',
  native:
    'No object of JavaScript’s holds it: look at native add-ons (image, database and compression libraries) for a `close` or `free` that is not called. A fragmented allocator looks the same: try with jemalloc, or with MALLOC_ARENA_MAX=2.',
};

/** By when the server is full: within the hour, the week. That it ends before, as a cache does, is not known. */
function severityOf(seconds: number): Severity {
  const hours = seconds / 3600;
  return hours < 1 ? 'high' : hours < 24 * 7 ? 'medium' : 'low';
}

function exhibits(
  watch: MemoryWatchEvidence,
  trend: LevelTrend,
  site: GrowingSite | null,
): readonly Exhibit[] {
  return [
    {
      kind: 'series',
      title: `After each full collection ${watch.forced ? 'that Mettle asked for' : 'of V8’s own'}`,
      xLabel: 'seconds',
      yLabel: 'MiB',
      series: [
        {
          name: 'in use',
          points: trend.points.map(([s, value]): [number, number] => [figure(s), figure(value / 2 ** 20)]),
        },
      ],
    },
    ...(site === null
      ? []
      : [
          {
            kind: 'stack' as const,
            title: 'What allocates it (lines at which functions begin)',
            frames: site.stack,
          },
          {
            kind: 'table' as const,
            title: `Samples that are still alive, by when they were allocated, in ${plural(site.births.length, 'part')} of the watch`,
            columns: [...site.births.map((_, i) => String(i + 1)), 'alive', 'bytes'],
            rows: [[...site.births.map((births) => count(births)), count(site.samples), bytes(site.bytes)]],
          },
        ]),
  ];
}

function callsOf({ calls }: MemoryWatchEvidence): number {
  return calls.reduce((sum, one) => sum + one.calls, 0);
}

/** What runs over stdio can be started again and called; of an HTTP server the process has to be found. */
function verifyCommand(target: Input['target']): string {
  return target.reproducedBy === 'attach'
    ? `npx mettle attach --memory --fail-on leak ${target.targetArguments}`
    : `npx mettle leak --fail-on leak ${target.targetArguments}`;
}
