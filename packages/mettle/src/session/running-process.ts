import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { redactCommand } from '../evidence/index.ts';
import { readProcess } from './process-tree.ts';
import { TargetError } from './session.ts';

/** A Node.js process that was started without Mettle, and that may be attached to. */
export interface RunningProcess {
  readonly pid: number;
  /** Its number as it knows it itself: another one inside a container. */
  readonly ownPid: number;
  /** Who it runs as; null where that cannot be read. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  /** The port at which it would open its inspector; 0 = any free one. */
  readonly inspectorPort: number;
}

/** SIGUSR1's bit in the masks of /proc/PID/status: signal 10 on Linux. */
const SIGUSR1_BIT = 1n << 9n;
const DEFAULT_INSPECTOR_PORT = 9229;

/**
 * Looks at the process from outside, so that nothing is done to one that cannot be attached to: SIGUSR1 opens the
 * inspector of a Node.js process, and kills most others. Throws TargetError with one sentence for each refusal.
 */
export function lookAtProcess(pid: number): RunningProcess {
  mustBeOurs(pid);
  const command = commandOf(pid);
  if (command === null)
    throw refusal(
      `Process ${pid} cannot be looked at: its command line is not readable. Run Mettle as the user that the process runs as.`,
    );
  if (!isNode(pid, command))
    throw refusal(
      `Process ${pid} is no Node.js process (${shown(command)}): give the number of the server itself, not of the shell, npm or npx that started it.`,
    );
  const status = readText(`/proc/${pid}/status`);
  if (status !== null) {
    mustTakeSignal(pid, status);
    mustBeBeside(pid);
  }
  return {
    pid,
    ownPid: ownPidOf(status) ?? pid,
    owner: ownerOf(status),
    inspectorPort: inspectorPortOf(pid, command),
  };
}

/** Whether the process is still there. */
export function isAlive(pid: number): boolean {
  const entry = readProcess(pid);
  if (entry !== null) return entry.state !== 'Z';
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The sentence for a process that cannot be attached to. Exit code 3. */
export function refusal(message: string): TargetError {
  return new TargetError(message, 'connect', {
    phases: [],
    failed: { phase: 'connect', message, stderrTail: [] },
  });
}

function mustBeOurs(pid: number): void {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM')
      throw refusal(
        `There is no process ${pid} here. If the server runs in a container, run Mettle inside it (docs/guide/attach.md).`,
      );
    const uid = ownerOf(readText(`/proc/${pid}/status`))?.uid;
    throw refusal(
      `Process ${pid} belongs to another user${uid === undefined ? '' : ` (uid ${uid})`}: run Mettle as that user.`,
    );
  }
  if (!isAlive(pid))
    throw refusal(`Process ${pid} has ended; only its entry is left until its parent fetches it.`);
}

/** The words of its command line; null when they cannot be read. */
function commandOf(pid: number): readonly string[] | null {
  // process._debugProcess finds out by itself there.
  if (process.platform === 'win32') return ['node'];
  const text = readText(`/proc/${pid}/cmdline`);
  if (text !== null) return text.replace(/\0$/, '').split('\0');
  try {
    return execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
  } catch {
    return null;
  }
}

function isNode(pid: number, command: readonly string[]): boolean {
  return /^(?:node|nodejs)(?:[-_. \d]|$)/.test(basename(programOf(pid) ?? command[0] ?? ''));
}

function programOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return null;
  }
}

/** The default action of an uncaught SIGUSR1 is the end of the process. */
function mustTakeSignal(pid: number, status: string): void {
  const caught = /^SigCgt:\s*([\da-f]+)/m.exec(status)?.[1];
  if (caught === undefined || (BigInt(`0x${caught}`) & SIGUSR1_BIT) !== 0n) return;
  throw refusal(
    `Process ${pid} takes no SIGUSR1, by which Node.js opens its inspector: it was started with --disable-sigusr1 or --permission (start it without), or it is only just starting (try again).`,
  );
}

/** Another network namespace hides its inspector from us, another file system our agent from it. */
function mustBeBeside(pid: number): void {
  for (const kind of ['net', 'mnt']) {
    try {
      if (readlinkSync(`/proc/${pid}/ns/${kind}`) === readlinkSync(`/proc/self/ns/${kind}`)) continue;
    } catch {
      continue;
    }
    throw refusal(
      `Process ${pid} runs in another container: run Mettle inside it, such as with "docker exec" or "kubectl exec" (docs/guide/attach.md).`,
    );
  }
}

function ownPidOf(status: string | null): number | null {
  const inner = /^NSpid:.*\s(\d+)$/m.exec(status ?? '')?.[1];
  return inner === undefined ? null : Number(inner);
}

function ownerOf(status: string | null): RunningProcess['owner'] {
  const uid = /^Uid:\s*(\d+)/m.exec(status ?? '')?.[1];
  const gid = /^Gid:\s*(\d+)/m.exec(status ?? '')?.[1];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

/** As its options and NODE_OPTIONS say: `--inspect-port=0`, `--inspect=host:9300`. */
function inspectorPortOf(pid: number, command: readonly string[]): number {
  const environment = readText(`/proc/${pid}/environ`)?.split('\0') ?? [];
  const nodeOptions =
    environment.find((line) => line.startsWith('NODE_OPTIONS='))?.slice('NODE_OPTIONS='.length) ?? '';
  const words = [...nodeOptions.split(/\s+/), ...command];
  const given = words
    .flatMap((word) => /^--(?:inspect|debug)(?:-brk|-wait|-port)?=(?:.*:)?(\d+)$/.exec(word)?.[1] ?? [])
    .at(-1);
  return given === undefined ? DEFAULT_INSPECTOR_PORT : Number(given);
}

function shown(command: readonly string[]): string {
  const text = redactCommand(command).join(' ').trim() || 'no program of its own';
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return null;
  }
}
