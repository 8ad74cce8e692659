/*
 * Runs in each worker thread, between piscina and the user's module: loads the module once, measures each task, and
 * sends whatever is thrown back in a form that survives the way.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { BOOTED } from './boot.ts';
import { rewrapped } from './transfer.ts';

/** What the pool tells its threads. */
export interface ThreadData {
  readonly file: string;
}

/** A task on its way to a thread. */
export interface ThreadTask {
  readonly name: string;
  readonly argument: unknown;
}

/** What comes back: the result, or what was thrown, and the time it took in the thread. */
export interface ThreadAnswer {
  readonly result?: unknown;
  readonly thrown?: Thrown;
  readonly tookMs: number;
}

/** What was thrown, in parts: cloning an Error on its way out of a thread loses its name and its code. */
export interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | number | undefined;
}

type Task = (argument: unknown) => unknown;

const loading = load();
// Reported to each task instead: a pool whose module is broken must say so to its callers.
loading.catch(() => undefined);

async function load(): Promise<Record<string, unknown>> {
  return (await import((workerData as ThreadData).file)) as Record<string, unknown>;
}

/** Loads the module before the first task: piscina calls this once when the thread starts. */
await loading.catch(() => undefined);
parentPort?.postMessage(BOOTED);

/** Runs one task. */
export default async function runTask({ name, argument }: ThreadTask): Promise<unknown> {
  const module = await loading;
  const task = module[name];
  if (typeof task !== 'function') throw new TypeError(`The worker module exports no function “${name}”`);
  const startedAt = performance.now();
  try {
    const result: unknown = await (task as Task)(argument);
    const tookMs = performance.now() - startedAt;
    return await rewrapped(result, (value): ThreadAnswer => ({ result: value, tookMs }));
  } catch (thrown) {
    return { thrown: inParts(thrown), tookMs: performance.now() - startedAt } satisfies ThreadAnswer;
  }
}

function inParts(thrown: unknown): Thrown {
  if (!(thrown instanceof Error)) {
    const message = `The task threw ${said(thrown)}, which is not an Error`;
    return { name: 'RuntimeError', message, stack: undefined, code: 'METTLE_TASK_FAILED' };
  }
  const code = 'code' in thrown ? thrown.code : undefined;
  const { name, message, stack } = thrown;
  return {
    name,
    message,
    stack,
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
  };
}

function said(thrown: unknown): string {
  try {
    return typeof thrown === 'string' ? `“${thrown}”` : (JSON.stringify(thrown) ?? String(thrown));
  } catch {
    return typeof thrown;
  }
}
