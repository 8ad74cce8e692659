/*
 * What differs between two runs of the same thing and says nothing about it: clocks, the working copy's path, the
 * process's number. Taken out of answers and files before they are compared. Ids are not: randomness is a lane's own
 * under control, so that equal ids mean equal calls.
 */

export interface MaskSetting {
  /** Paths that stand for the working copy, the longest first. */
  readonly directories: readonly { readonly path: string; readonly name: string }[];
  readonly pids: readonly number[];
  /** Times from then until now are of this run; the virtual clock's own year is masked anyway. */
  readonly sinceMs: number;
}

/** The virtual clock of a controlled trial begins in 2032, which no real server's data names by chance. */
const VIRTUAL_FROM_MS = Date.UTC(2032, 0, 1);
const VIRTUAL_TO_MS = Date.UTC(2033, 0, 1);

const ISO = /\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?/g;
/** As Date's own toString and toUTCString write it. */
const WORDY =
  /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:\d{1,2} )?[A-Z][a-z]{2} (?:\d{1,2} )?\d{4} \d{2}:\d{2}:\d{2}(?: GMT(?:[+-]\d{4})?)?(?: \([^)]*\))?/g;
/** Seconds or milliseconds since 1970, with or without a fraction. */
const EPOCH = /\b1\d{9}(?:\d{3})?(?:\.\d+)?\b/g;
const DURATION = /\b\d+(?:\.\d+)? ?(?:ms|milliseconds?)\b/g;
const DURATION_KEY =
  /(?:^|[_\W])(?:ms|duration|elapsed|took|latency|uptime)$|(?:Ms|Millis|Duration|Elapsed|Uptime)$/;

/** What Mettle sets in the server's environment, where a tool shows that: as JSON, within a JSON string, or as `NAME=value`. */
const OURS = /(METTLE_\w+(?:\\*"\s*:\s*\\*"|=))[^"\\\s]+/g;

/** Masks text; the same text gives the same text. */
export type Mask = (text: string) => string;

export function createMask(setting: MaskSetting): Mask {
  const clock = (text: string, ms: number): string => {
    const isVirtual = ms >= VIRTUAL_FROM_MS && ms < VIRTUAL_TO_MS;
    // A second of grace at both ends: file systems and servers round.
    const isOurs = ms >= setting.sinceMs - 1000 && ms <= Date.now() + 1000;
    return isVirtual || isOurs ? '{time}' : text;
  };
  const pids = setting.pids.filter((pid) => pid > 99).map((pid) => new RegExp(`\\b${String(pid)}\\b`, 'g'));
  return (text) => {
    let masked = text;
    for (const { path, name } of setting.directories) masked = masked.replaceAll(path, name);
    masked = masked
      .replace(ISO, (found) => clock(found, timeOf(found)))
      .replace(WORDY, (found) => clock(found, Date.parse(found)))
      .replace(EPOCH, (found) =>
        clock(found, Number(found) * (found.split('.')[0]?.length === 10 ? 1000 : 1)),
      )
      .replace(DURATION, '{duration}')
      .replace(OURS, '$1{ours}');
    for (const pid of pids) masked = masked.replace(pid, '{pid}');
    return masked;
  };
}

/** A day without a time is within a run when the run is within the day. */
function timeOf(text: string): number {
  if (text.length > 10) return Date.parse(text);
  const from = Date.parse(text);
  const now = Date.now();
  return now >= from && now < from + 86_400_000 ? now : from;
}

/** JSON text with sorted keys; values whose key names a duration are masked. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (key, each: unknown) => {
    if (typeof each === 'number' && DURATION_KEY.test(key)) return '{duration}';
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** File names and contents masked; names that become equal are told apart by a number. */
export function maskFiles(
  files: Readonly<Record<string, string>>,
  mask: Mask,
): Readonly<Record<string, string>> {
  const masked: Record<string, string> = {};
  for (const [path, content] of Object.entries(files)) {
    const name = mask(path);
    let free = name;
    for (let n = 2; free in masked; n++) free = `${name}#${String(n)}`;
    masked[free] = mask(content);
  }
  return masked;
}
