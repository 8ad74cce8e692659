import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { TargetSpec } from '../../src/evidence/index.ts';
import { listProcesses } from '../../src/session/process-tree.ts';
import { openSession, type OpenOptions, type Reply, type Session } from '../../src/session/index.ts';
import { freePort } from '../free-port.ts';

export { freePort };

export const fixturesDirectory: string = fileURLToPath(new URL('./fixtures/', import.meta.url));

export function fixture(name: string): string {
  return fixturesDirectory + name;
}

type StdioSpec = Extract<TargetSpec, { readonly kind: 'stdio' }>;

export function stdio(file: string, ...args: string[]): StdioSpec {
  return {
    kind: 'stdio',
    command: [process.execPath, fixture(file), ...args],
    env: {},
    cwd: fixturesDirectory,
  };
}

export function http(
  url: string,
  command: readonly [string, ...string[]] | null = null,
  headers: Record<string, string> = {},
): TargetSpec {
  return { kind: 'http', url, headers, command, env: {}, cwd: fixturesDirectory };
}

export function moduleTarget(file: string, exportName: string | null = null): TargetSpec {
  return { kind: 'module', file: fixture(file), exportName, env: {}, cwd: fixturesDirectory };
}

/** Opens a session that ends with the test. */
export async function open(spec: TargetSpec, options: OpenOptions = {}): Promise<Session> {
  const { session } = await openSession(spec, options);
  onTestFinished(() => session.close());
  return session;
}

/** The hand-written server with these behaviours; without the look at its era, which most tests are not about. */
export function openRaw(...behaviours: string[]): Promise<Session> {
  return open(stdio('raw-server.mjs', ...behaviours), { era: '2025' });
}

export async function call(
  session: Session,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Reply> {
  return session.request('tools/call', { name, arguments: args });
}

/** The text of a tool's answer, parsed. */
export async function valueOf(
  session: Session,
  name: string,
  args: Record<string, unknown> = {},
): Promise<unknown> {
  return textValue(await call(session, name, args));
}

export function textValue(reply: Reply): unknown {
  if (reply.outcome !== 'result') throw new Error(`${reply.outcome}: ${JSON.stringify(reply)}`);
  const [first] = reply.result['content'] as { text: string }[];
  return JSON.parse(first?.text ?? 'null');
}

/** Starts an HTTP fixture through the session, as `--http URL -- COMMAND` does. */
export async function httpFixture(file: string, path: string, ...args: string[]): Promise<TargetSpec> {
  const port = await freePort();
  return http(`http://127.0.0.1:${String(port)}${path}`, [
    process.execPath,
    fixture(file),
    'http',
    String(port),
    ...args,
  ]);
}

/** Whether a process, or (negative) any of a group, still runs; one that waits to be reaped does not. */
export function isRunning(pid: number): boolean {
  const all = listProcesses();
  if (all.length > 0)
    return all.some((entry) => entry.state !== 'Z' && (entry.pid === pid || entry.groupId === -pid));
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
