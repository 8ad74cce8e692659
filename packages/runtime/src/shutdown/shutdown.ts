import type { Server } from 'node:http';
import { requireNumber } from '../errors.ts';
import { closePools } from '../offload/pool.ts';

/** What is closed, in which order, and how long it may take. */
export interface ShutdownOptions {
  /** HTTP servers: stop accepting first, and are closed for good last. */
  readonly http?: Server | readonly Server[];
  /** A `Policy`, or several: refuse what waits and comes, let running calls finish. */
  readonly policy?: Drainable | readonly Drainable[];
  /** MCP servers, sessions, database pools and the like: closed in this order when the calls are done. */
  readonly close?: readonly Closable[];
  /** From the signal to the exit; 10,000 ms by default, what orchestrators commonly wait before they kill. */
  readonly deadlineMs?: number;
  /** SIGTERM and SIGINT by default. */
  readonly signals?: readonly NodeJS.Signals[];
  /** Whether the end of stdin ends the process: true by default without `http`, for then stdin is the client. */
  readonly stdin?: boolean;
  /** Where to say what is going on; stderr by default, never stdout. */
  readonly log?: (line: string) => void;
  /** `process.exit` by default. */
  readonly exit?: (code: number) => void;
}

/** What can let running calls finish. */
export interface Drainable {
  close(drainMs?: number): Promise<void>;
}

/** A function, or an object with `close`. */
export type Closable = (() => unknown) | { close(): unknown };

/** Ends the process in order; what `onShutdown` returns, to be called by hand too. */
export type Shutdown = (why: string) => Promise<void>;

/** Shells report 128 + the signal's number for a process that a signal ended. */
const SIGNAL_CODES: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
/** Part of the deadline for running calls; the rest is for closing what they used. */
const FOR_CALLS = 0.8;

/**
 * Ends the process in order on SIGTERM, SIGINT and the end of stdin: stops accepting, lets running calls finish, closes
 * pools, sessions and servers, and exits with 0; with 1 when something failed or the deadline came first. A second signal
 * exits at once, with 128 + its number.
 */
export function onShutdown(options: ShutdownOptions = {}): Shutdown {
  const { signals = ['SIGTERM', 'SIGINT'], log = toStderr, exit = (code) => process.exit(code) } = options;
  const deadlineMs = requireNumber('deadlineMs', options.deadlineMs ?? 10_000, 0, 2 ** 31 - 1);
  let ending: Promise<void> | undefined;

  const shutDown: Shutdown = (why) => {
    ending ??= (async () => {
      const startedAt = performance.now();
      log(`${why}: shutting down, within ${deadlineMs} ms`);
      const timer = setTimeout(() => {
        log(`shutdown did not finish within ${deadlineMs} ms`);
        exit(1);
      }, deadlineMs);
      const failed = await closeAll(options, deadlineMs, log);
      clearTimeout(timer);
      await flushed();
      log(`shutdown ${failed ? 'with failures ' : ''}took ${Math.round(performance.now() - startedAt)} ms`);
      exit(failed ? 1 : 0);
    })();
    return ending;
  };

  for (const signal of signals) {
    process.on(signal, () => {
      if (ending === undefined) return void shutDown(signal);
      log(`${signal} again: exiting at once`);
      exit(SIGNAL_CODES[signal] ?? 1);
    });
  }
  if (options.stdin ?? options.http === undefined) {
    // Listening does not read: whoever serves stdin does, and so finds its end.
    for (const event of ['end', 'close']) process.stdin.once(event, () => void shutDown('stdin ended'));
  }
  return shutDown;
}

async function closeAll(
  options: ShutdownOptions,
  deadlineMs: number,
  log: (line: string) => void,
): Promise<boolean> {
  let failed = false;
  const step = async (what: string, work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failed = true;
      log(`shutdown: ${what} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const servers = [options.http ?? []].flat();
  const drainMs = FOR_CALLS * deadlineMs;

  const stopped = servers.map(async (server) => stopAccepting(server));
  const drains = [options.policy ?? []]
    .flat()
    .map(async (policy) => step('draining', async () => policy.close(drainMs)));
  await Promise.all(drains);
  await step('closing the pools', async () => closePools(drainMs));
  for (const closable of options.close ?? []) {
    await step('closing', () => (typeof closable === 'function' ? closable() : closable.close()));
  }
  for (const server of servers) server.closeAllConnections();
  await Promise.all(stopped);
  return failed;
}

async function stopAccepting(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/** Exiting drops what a pipe has not yet taken: the last answers of a stdio server. */
async function flushed(): Promise<void> {
  if (process.stdout.writableLength === 0 || process.stdout.destroyed) return;
  await new Promise<void>((resolve) => {
    process.stdout.write('', () => resolve());
  });
}

function toStderr(line: string): void {
  process.stderr.write(`[mettle] ${line}\n`);
}
