import type { TargetSpec } from '../evidence/index.ts';
import { listeningOrigin, openSession, TargetError, type Session } from '../session/index.ts';
import { readHints, type SourceHints } from './sources.ts';

/** A server that answers, and how it is reached. */
export interface FoundTarget {
  readonly spec: InitTarget;
  readonly session: Session;
}
/** What init sets up: a server that is started by a command, or one behind a URL. */
export type InitTarget = Exclude<TargetSpec, { readonly kind: 'module' }>;

interface FindOptions {
  readonly folder: string;
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** A server that answers over stdio does so as soon as it is up. */
const STDIO_PATIENCE_MS = 10_000;
/** The endpoint of every SDK example; some serve it at the root. */
const USUAL_PATHS = ['/mcp', '/', '/api/mcp'];
const USUAL_PORT = 3000;

/** Reaches a server whose target is known. */
export async function openTarget(spec: InitTarget, signal: AbortSignal): Promise<FoundTarget> {
  const { session } = await openSession(spec, { signal });
  return { spec, session };
}

/**
 * Starts the command and finds out how it is reached: over stdio, or at the port on which it comes to listen. Rejects with
 * TargetError, nothing left running, when neither answers.
 */
export async function findTarget(options: FindOptions): Promise<FoundTarget> {
  const hints = readHints(options.folder);
  // One that can do both is told by its arguments; without any it is stdio, as clients start it.
  if (hints.http && !hints.stdio) return overHttp(options, hints);
  try {
    return await overStdio(options);
  } catch (error) {
    if (!(error instanceof TargetError) || !hints.http) throw error;
    return await overHttp(options, hints).catch(() => {
      // What was seen on stdio is the likelier fault.
      throw error;
    });
  }
}

async function overStdio({ folder, command, env, signal }: FindOptions): Promise<FoundTarget> {
  const spec = { kind: 'stdio', command, env, cwd: folder } as const;
  const { session } = await openSession(spec, { signal, handshakeTimeoutMs: STDIO_PATIENCE_MS });
  return { spec, session };
}

async function overHttp(options: FindOptions, hints: SourceHints): Promise<FoundTarget> {
  const { folder, command, signal } = options;
  const seen = await listeningOrigin({ command, env: options.env, cwd: folder, signal });
  const origin = seen ?? `http://127.0.0.1:${String(hints.port ?? USUAL_PORT)}`;
  // So that two versions of it can run at once, each with a port of its own.
  const env =
    hints.readsPort && !('PORT' in options.env)
      ? { ...options.env, PORT: new URL(origin).port }
      : options.env;
  let fault: unknown;
  for (const path of new Set([...hints.paths, ...USUAL_PATHS])) {
    const spec = { kind: 'http', url: origin + path, headers: {}, command, env, cwd: folder } as const;
    try {
      return await openTarget(spec, signal);
    } catch (error) {
      fault ??= error;
      // Nobody listens: another path of the same server will not answer either.
      if (!(error instanceof TargetError) || error.phase === 'spawn' || error.phase === 'connect') break;
    }
  }
  throw fault;
}
