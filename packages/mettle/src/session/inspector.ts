import { isAlive, refusal } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';
import { monotonicMs, pause, settlesWithin } from './clock.ts';
import { InspectorClient, inspectorAt } from './inspector-client.ts';
import { listeningPorts, listeningPortsOf } from './listening-ports.ts';
import type { ListeningPort } from './listening-ports.ts';

/** The inspector of a running process, opened for a moment. Answers even while the process is held by its own JavaScript. */
export interface Inspector {
  /** The expression's value, as JSON carries it. Rejects with one sentence. */
  evaluate(expression: string): Promise<unknown>;
}

/** What `withInspector` left behind: an inspector is open to every program of the machine. */
export type InspectorEnd = 'closed' | 'left open, as it was' | 'not closed';

/** Measured 5 to 100 ms; a long native call may take this, and what it leaves behind must be closed. */
const OPENING_MS = 30_000;
const POLL_MS = 20;
/** A signal that opened no new port by now may have met an inspector that was open already. */
const NEW_PORT_MS = 1000;
const CLOSING_MS = 3000;

/**
 * Opens the process's inspector, runs `use`, and closes the inspector again, unless somebody else had opened it.
 * Throws TargetError with one sentence when it cannot be opened; what `use` throws passes through.
 */
export async function withInspector<T>(
  target: RunningProcess,
  use: (inspector: Inspector) => Promise<T>,
): Promise<{ readonly value: T; readonly end: InspectorEnd }> {
  const { url, ours } = await openInspector(target);
  let client: InspectorClient;
  try {
    client = await InspectorClient.connect(url);
  } catch (error) {
    throw refusal(
      `The inspector of process ${target.pid} refuses the connection: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  let end: InspectorEnd = 'left open, as it was';
  let value: T;
  try {
    const pid = await client.evaluate('process.pid');
    if (pid !== target.ownPid)
      throw refusal(
        `The inspector at port ${new URL(url).port} belongs to process ${String(pid)}, not to ${target.pid}: end that debugging session, or start the server with --inspect-port=0.`,
      );
    value = await use(client);
  } finally {
    if (ours) end = await closeInspector(client, url);
    else client.close();
  }
  return { value, end };
}

/** Sends the signal by which Node.js opens its inspector; on Windows, what Node.js has for it there. */
function askToOpen(pid: number): void {
  const { _debugProcess: wake } = process as unknown as { readonly _debugProcess: (pid: number) => void };
  if (process.platform === 'win32') wake(pid);
  else process.kill(pid, 'SIGUSR1');
}

async function openInspector(
  target: RunningProcess,
): Promise<{ readonly url: string; readonly ours: boolean }> {
  const { pid, inspectorPort } = target;
  const before = listeningPortsOf(pid);
  const there = await firstInspector(
    (before ?? [{ host: '127.0.0.1', port: inspectorPort }]).filter(({ port }) => port === inspectorPort),
  );
  if (there !== null) return { url: there, ours: false };
  mustBeFree(target);
  askToOpen(pid);
  const startedMs = monotonicMs();
  let lookedAtOlder = false;
  while (monotonicMs() - startedMs < OPENING_MS) {
    await pause(POLL_MS);
    if (!isAlive(pid)) throw refusal(`Process ${pid} ended before its inspector opened.`);
    const now = listeningPortsOf(pid);
    const known = new Set(before?.map(({ inode }) => inode));
    const url = await firstInspector(
      now === null
        ? [{ host: '127.0.0.1', port: inspectorPort }]
        : now.filter(({ inode }) => !known.has(inode)),
    );
    if (url !== null) return { url, ours: true };
    if (lookedAtOlder || monotonicMs() - startedMs < NEW_PORT_MS) continue;
    // Once only: the others are the server's own ports.
    lookedAtOlder = true;
    const older = await firstInspector(before ?? []);
    if (older !== null) return { url: older, ours: false };
  }
  throw refusal(
    `Process ${pid} did not open its inspector within ${OPENING_MS / 1000} s of SIGUSR1: its main thread stands in one long native call (it opens, and stays open, when that ends), its own code listens to SIGUSR1, or its inspector is switched off.`,
  );
}

async function firstInspector(
  ports: readonly Pick<ListeningPort, 'host' | 'port'>[],
): Promise<string | null> {
  for (const { host, port } of ports) {
    const url = await inspectorAt(host, port);
    if (url !== null) return url;
  }
  return null;
}

/** Node.js does not look for another port, and says so on the server's stderr at each try. */
function mustBeFree({ pid, inspectorPort }: RunningProcess): void {
  if (inspectorPort === 0 || listeningPorts()?.some(({ port }) => port === inspectorPort) !== true) return;
  throw refusal(
    `Port ${inspectorPort}, at which process ${pid} would open its inspector, is taken by another program: end that one, or start the server with NODE_OPTIONS=--inspect-port=0.`,
  );
}

/*
 * The signal asks Node.js twice: by interrupting JavaScript, and by the event loop. Where the first opened the inspector
 * while the loop was busy, the second opens it anew once the loop turns: closing is repeated over the next turns.
 */
const CLOSE = `(() => {
  const { close, url } = process.getBuiltinModule('node:inspector');
  let turns = 0;
  const closeAgain = () => {
    if (url() !== undefined) close();
    if (turns++ < 3) setImmediate(closeAgain);
  };
  closeAgain();
})()`;

async function closeInspector(client: InspectorClient, url: string): Promise<InspectorEnd> {
  // No answer: the connection ends with the inspector.
  void client.evaluate(CLOSE).catch(() => {});
  await settlesWithin(client.closed, CLOSING_MS);
  client.terminate();
  const { hostname, port } = new URL(url);
  const untilMs = monotonicMs() + CLOSING_MS;
  while ((await inspectorAt(hostname, Number(port))) !== null) {
    if (monotonicMs() > untilMs) return 'not closed';
    await pause(POLL_MS);
  }
  return 'closed';
}
