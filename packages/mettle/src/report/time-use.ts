import type { ServerTime, SlowKind, TimeUse, ToolTime, WaitKind, WaitPart } from '../evidence/index.ts';
import { formatMs } from './figures.ts';

/** Calls that take less than this are slow for nobody. */
export const QUICK_MS = 2;
/** A part is named from this share on. */
const NAMED_SHARE = 0.05;
const NAMED_PARTS = 3;

/** What kind of slow, in as few words as a column has room for. */
export const KIND_NAMES: Readonly<Record<SlowKind, string>> = {
  'cpu-bound': 'CPU-bound',
  'blocked-event-loop': 'blocked loop',
  'gc-bound': 'GC-bound',
  waiting: 'waiting',
  'host-starved': 'host starved',
};

const ON: Readonly<Record<WaitKind, string>> = {
  socket: 'on sockets',
  file: 'on files',
  dns: 'on DNS',
  'child-process': 'on child processes',
  timer: 'on timers',
  worker: 'on worker threads',
  'thread-pool': 'on work on libuv’s thread pool',
  'thread-pool-queue': 'for a free thread of libuv’s pool',
  lock: 'for other calls in the process (a lock, queue or pool)',
  client: 'for the client’s answer',
  'event-loop': 'for the event loop',
  other: 'on what could not be told',
};
const JOINS: Readonly<Partial<Record<WaitKind, string>>> = {
  socket: ' to ',
  dns: ' for ',
  'thread-pool': ': ',
};

/** "93 % on sockets to 127.0.0.1:5432, 3 % on timers". */
function waitsInWords(parts: readonly WaitPart[], folder?: string): string {
  const named = parts.filter(({ share }, i) => i === 0 || share >= NAMED_SHARE).slice(0, NAMED_PARTS);
  return named.map((part) => `${percent(part.share)} ${waitInWords(part, folder)}`).join(', ');
}

/** "on sockets to 127.0.0.1:5432". */
export function waitInWords({ kind, what }: Pick<WaitPart, 'kind' | 'what'>, folder?: string): string {
  if (what === null) return ON[kind];
  return `${ON[kind]}${JOINS[kind] ?? ': '}${kind === 'file' ? below(folder, what) : what}`;
}

/** Of a call that computes for less, handing it to a worker thread and back costs too much of that. */
const WORTH_A_WORKER_MS = 5;

/** Where the time of the whole server goes, and what that means. */
export function serverSentence(time: ServerTime, folder?: string): string {
  const { kind, waitsFor, totalMs } = time;
  const ofCall = `of ${formatMs(totalMs)} per call`;
  switch (kind) {
    case 'waiting':
      return `The time is spent waiting: ${waitsInWords(waitsFor, folder)}. The main thread works ${percent(threadShare(time))} ${ofCall}; a worker thread would not help.`;
    case 'cpu-bound':
      return `CPU-bound: the main thread computes ${percent(threadShare(time))} ${ofCall}; ${threadShare(time) * totalMs < WORTH_A_WORKER_MS ? 'that is too little for a worker thread to help' : 'worker threads help'}.`;
    case 'gc-bound':
      return `GC-bound: collecting garbage takes ${percent(time.gcMs / totalMs)} ${ofCall}, the main thread’s work ${percent(threadShare(time))} in all; allocate less.`;
    case 'blocked-event-loop':
      return `The event loop is blocked without computing ${percent(time.blockedMs / totalMs)} ${ofCall}: synchronous calls wait on the main thread.`;
    case 'host-starved':
      return `Host starved: the main thread stood in the host’s run queue ${percent(time.hostDelayMs / totalMs)} ${ofCall}; no verdict is given from that${rest(time, folder)}.`;
  }
}

/** One tool on one line: what kind of slow, with the figures, and how that changes when its calls come together. */
export function toolSentence(time: ToolTime, folder?: string): string {
  const { together } = time;
  const alone = useInWords(time, folder);
  if (together === null || !differs(time, together)) return alone;
  const exhausted =
    together.waitsFor[0]?.kind === 'thread-pool-queue' ? ` (${together.poolThreads} threads)` : '';
  return `${alone}; ${together.inFlight} together: ${useInWords(together, folder)}${exhausted}`;
}

function useInWords(use: TimeUse, folder: string | undefined): string {
  const { kind, totalMs, waitsFor } = use;
  const of = `of ${formatMs(totalMs)}`;
  switch (kind) {
    case 'waiting':
      return `waiting ${percent(use.waitingMs / totalMs)} ${of}: ${waitsInWords(waitsFor, folder)}`;
    case 'cpu-bound':
      return `CPU-bound, ${percent(threadShare(use))} ${of}`;
    case 'gc-bound':
      return `GC-bound, ${percent(use.gcMs / totalMs)} ${of} collecting`;
    case 'blocked-event-loop':
      return `event loop blocked ${percent(use.blockedMs / totalMs)} ${of}`;
    case 'host-starved':
      return `host starved ${percent(use.hostDelayMs / totalMs)} ${of}: no verdict${rest(use, folder)}`;
  }
}

/** What there was besides the host's delay, for what it is worth. */
function rest(use: TimeUse, folder: string | undefined): string {
  return use.waitingMs === 0 ? '' : ` (besides, ${waitsInWords(use.waitsFor, folder)})`;
}

/** Whether calls together wait for something else than one alone. */
function differs(alone: TimeUse, together: TimeUse): boolean {
  if (alone.kind !== together.kind) return together.totalMs >= QUICK_MS;
  return together.kind === 'waiting' && alone.waitsFor[0]?.kind !== together.waitsFor[0]?.kind;
}

function threadShare({ cpuMs, gcMs, totalMs }: TimeUse): number {
  return totalMs === 0 ? 0 : (cpuMs + gcMs) / totalMs;
}

function percent(share: number): string {
  const value = 100 * share;
  return `${value > 0 && value < 1 ? '< 1' : Math.round(value)} %`;
}

function below(folder: string | undefined, path: string): string {
  return folder !== undefined && path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}
