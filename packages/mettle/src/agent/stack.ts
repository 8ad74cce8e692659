import { fileURLToPath } from 'node:url';
import type { Frame } from '../evidence/index.ts';

/** Frames kept of one stack: enough to reach from a library's inside to the handler that called it. */
const MAX_FRAMES = 16;
/** Frames V8 collects, Node's own and the agent's included, before those are dropped. */
const MAX_COLLECTED = 48;

const AGENT_DIRECTORY = new URL('.', import.meta.url).href;

type StackSettings = Pick<ErrorConstructor, 'prepareStackTrace' | 'stackTraceLimit'>;

/** Positions of the running code, not yet put into words: cheap to take, and mostly thrown away. */
export type Sites = readonly NodeJS.CallSite[];

/** The call sites above `below`, innermost first, async ones included. */
export function captureSites(below: (...args: never[]) => unknown): Sites {
  const settings: StackSettings = Error;
  const { prepareStackTrace, stackTraceLimit } = settings;
  const holder: { stack?: unknown } = {};
  try {
    settings.stackTraceLimit = MAX_COLLECTED;
    settings.prepareStackTrace = (_error, sites) => sites;
    Error.captureStackTrace(holder, below);
    const sites = holder.stack;
    return Array.isArray(sites) ? (sites as NodeJS.CallSite[]) : [];
  } finally {
    settings.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace === undefined)
      delete (settings as { prepareStackTrace?: unknown }).prepareStackTrace;
    else settings.prepareStackTrace = prepareStackTrace;
  }
}

/** The frames that are the target's own or its dependencies': neither Node's nor the agent's. */
export function framesOf(sites: Sites): Frame[] {
  const frames: Frame[] = [];
  for (const site of sites) {
    if (frames.length === MAX_FRAMES) break;
    const name = site.getFileName();
    if (name === null || name === undefined || name.startsWith('node:') || name.startsWith(AGENT_DIRECTORY))
      continue;
    frames.push({
      function: site.getFunctionName() ?? '',
      file: name.startsWith('file:') ? fileURLToPath(name) : name,
      line: site.getLineNumber() ?? 0,
      column: site.getColumnNumber() ?? 0,
    });
  }
  return frames;
}
