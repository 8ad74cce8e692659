import { canonicalJson, jsonValues } from './canonical.ts';

/*
 * What is not compared. The clock of a controlled target is virtual and begins in 2032, so its readings are known
 * wherever they were written. What else differs between two runs of one and the same order (ids of a generator that
 * is not under control, a port, an address) is masked by its shape when it has one that no result has; when it has
 * none, nothing is masked and the case is not judged.
 */

/** A shape of text that carries no result. */
export interface Mask {
  /** What it hides, for people: `ids (UUID)`. */
  readonly name: string;
  readonly pattern: RegExp;
}

const HIDDEN = '¤';

/** Readings of the virtual clock, and durations, which depend on the order of events in every correct server. */
const ALWAYS: readonly Mask[] = [
  {
    name: 'clock',
    pattern: /\b203[23]-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/g,
  },
  { name: 'clock', pattern: /\b(?:19[5-9]\d|20[01]\d)\d{6}(?:\d{3}){0,3}(?:\.\d+)?\b/g },
  { name: 'clock', pattern: /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? [\w ]{3,12} 203[23](?: \d\d:\d\d:\d\d)?/g },
  { name: 'clock', pattern: /\b\d{1,2}[./]\d{1,2}[./]203[23](?:,? \d{1,2}:\d\d(?::\d\d)?(?: [AP]M)?)?/g },
  {
    name: 'durations',
    pattern: /\b\d+(?:\.\d+)?(?:e-?\d+)? ?(?:ns|µs|us|ms|milliseconds?|s|secs?|seconds?)\b/g,
  },
  {
    name: 'durations',
    pattern: /(?<=["'](?:elapsed|duration|took|latency|uptime)\w*\\?["']: ?)\d+(?:\.\d+)?(?:e-?\d+)?/gi,
  },
  {
    name: 'durations',
    pattern: /(?<=["'](?:\w*(?:Ms|_ms|Millis|millis|_ns|Seconds)|ms)\\?["']: ?)\d+(?:\.\d+)?(?:e-?\d+)?/g,
  },
];

/** Shapes that are masked once two runs of one order have shown that they vary. */
const LEARNABLE: readonly Mask[] = [
  { name: 'ids (UUID)', pattern: /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi },
  {
    name: 'clock (ISO 8601)',
    pattern: /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?/g,
  },
  { name: 'clock (epoch)', pattern: /\b1[6-9]\d{8}(?:\d{3}){0,3}(?:\.\d+)?\b/g },
  { name: 'ids (hexadecimal)', pattern: /\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b/gi },
  { name: 'ids (base62)', pattern: /\b(?=\w*\d)(?=\w*[A-Za-z])[A-Za-z0-9_-]{10,}\b/g },
  { name: 'process id', pattern: /(?<=["']?\b(?:pid|ppid|process[ _]?id)\\?["']?[:=] ?)\d+/gi },
  { name: 'port', pattern: /(?<=(?:127\.0\.0\.1|localhost|\[::1\]):)\d{2,5}/g },
  { name: 'port', pattern: /(?<=["']?\bport\\?["']?[:=] ?)\d{2,5}/gi },
  { name: 'memory', pattern: /(?<=["'](?:rss|heap\w*|external|arrayBuffers)\\?["']: ?)\d+/g },
  { name: 'fractions', pattern: /\b0\.\d{6,}\b/g },
];

/** What is hidden in one case: the user's paths, and the shapes that were seen to vary. */
export interface Masking {
  readonly ignore: readonly string[];
  readonly learned: readonly Mask[];
}

/** The text as it is compared. */
export function masked(text: string, { ignore, learned }: Masking): string {
  let out = ignore.length === 0 ? text : withoutPaths(text, ignore);
  for (const { pattern } of ALWAYS) out = out.replace(pattern, HIDDEN);
  for (const { pattern } of learned) out = out.replace(pattern, HIDDEN);
  return out;
}

/** The fewest shapes under which `agree` holds; null when it does under none: what varies is a result for all that is known. */
export function masksThatReconcile(agree: (learned: readonly Mask[]) => boolean): readonly Mask[] | null {
  if (agree([])) return [];
  if (!agree(LEARNABLE)) return null;
  let learned = LEARNABLE;
  for (const mask of LEARNABLE) {
    const without = learned.filter((other) => other !== mask);
    if (agree(without)) learned = without;
  }
  return learned;
}

/**
 * JSON paths such as `$.items[*].id`, `$..updatedAt`; what they name is replaced in every JSON value of the text, and
 * in JSON that a string of it holds, as the text of an answer does.
 */
function withoutPaths(text: string, ignore: readonly string[]): string {
  const values = jsonValues(text);
  if (values === null) return text;
  return values
    .map((value) => {
      const rest = withinStrings(value, ignore);
      for (const path of ignore) hide(rest, pathSegments(path));
      return canonicalJson(rest);
    })
    .join('\n');
}

function withinStrings(value: unknown, ignore: readonly string[]): unknown {
  if (typeof value === 'string') return jsonValues(value) === null ? value : withoutPaths(value, ignore);
  if (Array.isArray(value)) return value.map((inner) => withinStrings(inner, ignore));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withinStrings(inner, ignore)]));
}

/** `..` is the segment '**'. */
function pathSegments(path: string): readonly string[] {
  return [...path.replace(/^\$/, '').matchAll(/\.\.|\[['"]?([^\]'"]+)['"]?\]|\.?([^.[\]]+)/g)].map(
    ([whole, bracket, plain]) => (whole === '..' ? '**' : (bracket ?? plain ?? '')),
  );
}

function hide(value: unknown, segments: readonly string[]): void {
  const [segment, ...rest] = segments;
  if (segment === undefined || typeof value !== 'object' || value === null) return;
  const record = value as Record<string, unknown>;
  if (segment === '**') {
    hide(record, rest);
    for (const inner of Object.values(record)) hide(inner, segments);
    return;
  }
  for (const key of segment === '*' ? Object.keys(record) : [segment]) {
    if (!(key in record)) continue;
    if (rest.length === 0) record[key] = HIDDEN;
    else hide(record[key], rest);
  }
}
