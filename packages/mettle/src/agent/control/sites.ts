import { realpathSync } from 'node:fs';
import type { Frame } from '../../evidence/index.ts';
import { captureSites, framesOf } from '../stack.ts';

const NODE_MODULES = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+[\\/]/;
const SDK = /[\\/]node_modules[\\/]@modelcontextprotocol[\\/](?:sdk|server|node|core)[\\/]/;
const AGENT = new URL('..', import.meta.url).href;

/** The package that is the server itself: a published one lies below node_modules too. */
let ownPackage: string | null = null;

function packageOf(file: string): string {
  return NODE_MODULES.exec(file)?.[0] ?? '';
}

/** The innermost frame of the server's own code; of a dependency where it has none on the stack. */
export function callSite(): Frame | null {
  try {
    ownPackage ??= packageOf(entry());
    const frames = framesOf(captureSites(callSite));
    return (
      frames.find(({ file }) => packageOf(file) === ownPackage) ??
      frames.find(({ file }) => !SDK.test(file)) ??
      frames[0] ??
      null
    );
  } catch {
    return null;
  }
}

function entry(): string {
  const path = process.argv[1] ?? '';
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Whether Node's or the agent's own code is what calls: `below` is the wrapped function that was called. */
export function calledByNode(below: (...args: never[]) => unknown): boolean {
  const settings: Pick<ErrorConstructor, 'prepareStackTrace' | 'stackTraceLimit'> = Error;
  const { prepareStackTrace, stackTraceLimit } = settings;
  const holder: { stack?: unknown } = {};
  try {
    settings.stackTraceLimit = 1;
    settings.prepareStackTrace = (_error, sites) => sites[0]?.getFileName() ?? null;
    Error.captureStackTrace(holder, below);
    const file = holder.stack;
    return typeof file === 'string' && (file.startsWith('node:') || file.startsWith(AGENT));
  } catch {
    return false;
  } finally {
    settings.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace === undefined)
      delete (settings as { prepareStackTrace?: unknown }).prepareStackTrace;
    else settings.prepareStackTrace = prepareStackTrace;
  }
}
