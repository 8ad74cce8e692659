import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { monotonicMs, pause, settlesWithin } from './clock.ts';
import { environmentHolds, listProcesses } from './process-tree.ts';
import type { ProcessExit, ServerProcess } from './session.ts';
import { TextTail } from './text-tail.ts';

/** Names every process that descends from one we started, also those that left the group or lost their parent. */
const MARK_VARIABLE = 'METTLE_STARTED';
/** A server that ends when stdin does (as the specification asks) is given this long to do so. */
const CLOSE_GRACE_MS = 1500;
const TERM_GRACE_MS = 2000;
/** SIGKILL cannot be refused; this is for the kernel to finish. */
const KILL_GRACE_MS = 1000;
const POLL_MS = 20;

export interface StartOptions {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

const running = new Set<StartedProcess>();
let startedCount = 0;

/** Kills everything still running that was started here, at once and synchronously: for 'exit' handlers. */
export function killAllStarted(): void {
  for (const started of running) started.killNow();
}

/** A child in its own process group, its stderr always drained. Its stdin and stdout belong to the caller. */
export class StartedProcess implements ServerProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly #stderr: Readable;
  readonly #mark: string;
  readonly #tail: TextTail = new TextTail();
  #exit: ProcessExit | null = null;
  #stopping: Promise<void> | null = null;

  private constructor(child: ChildProcessByStdio<Writable, Readable, Readable>, pid: number, mark: string) {
    this.pid = pid;
    this.#mark = mark;
    this.stdin = child.stdin;
    this.stdout = child.stdout;
    this.#stderr = child.stderr;
    // The peer may close its end at any moment; its exit is what we report.
    child.stdin.on('error', () => undefined);
    child.stderr.on('data', (chunk: Buffer) => this.#tail.push(chunk));
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#exit = { code, signal, atMs: monotonicMs() };
        resolve(this.#exit);
      });
    });
    running.add(this);
  }

  /** Rejects with the system's error (ENOENT, EACCES …) when the command cannot be started. */
  static async start(options: StartOptions): Promise<StartedProcess> {
    const mark = `${String(process.pid)}.${String(++startedCount)}`;
    const outer = options.env[MARK_VARIABLE];
    const [file, ...args] = options.command;
    const windows = process.platform === 'win32';
    const child = spawn(windows ? quoteForCmd(file) : file, windows ? args.map(quoteForCmd) : args, {
      cwd: options.cwd,
      env: { ...options.env, [MARK_VARIABLE]: outer === undefined ? mark : `${outer},${mark}` },
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: children of npx, npm and sh wrappers die with it. Windows has none, but needs a shell for .cmd files.
      detached: !windows,
      shell: windows,
      windowsHide: true,
    });
    if (child.pid === undefined) await once(child, 'spawn');
    return new StartedProcess(child, child.pid ?? 0, mark);
  }

  get exit(): ProcessExit | null {
    return this.#exit;
  }

  stderrTail(): readonly string[] {
    return this.#tail.lines();
  }

  /** Counts what the process writes to stdout among its last lines, where stdout is not the channel. */
  drainStdout(): void {
    this.stdout.on('data', (chunk: Buffer) => this.#tail.push(chunk));
  }

  stop(closeGraceMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#stopping ??= this.#stop(closeGraceMs);
    return this.#stopping;
  }

  killNow(): void {
    this.#signal('SIGKILL');
    running.delete(this);
  }

  async #stop(closeGraceMs: number): Promise<void> {
    this.stdin.end();
    if (closeGraceMs > 0) await settlesWithin(this.exited, closeGraceMs);
    if (this.#survivors().length > 0) {
      this.#signal('SIGTERM');
      await this.#gone(TERM_GRACE_MS);
    }
    if (this.#survivors().length > 0) {
      this.#signal('SIGKILL');
      await this.#gone(KILL_GRACE_MS);
    }
    // Pipes may be held by what no signal reached (another user's process): let go of them.
    this.stdout.destroy();
    this.stdin.destroy();
    this.#stderr.destroy();
    await settlesWithin(this.exited, KILL_GRACE_MS);
    running.delete(this);
  }

  async #gone(withinMs: number): Promise<void> {
    const deadline = monotonicMs() + withinMs;
    while (this.#survivors().length > 0 && monotonicMs() < deadline) await pause(POLL_MS);
  }

  /** Everything of ours that still runs; where there is no /proc, the group as a whole. */
  #survivors(): readonly number[] {
    const all = listProcesses();
    if (all.length > 0) {
      return all
        .filter(
          (entry) =>
            entry.state !== 'Z' &&
            entry.pid !== process.pid &&
            (entry.groupId === this.pid || environmentHolds(entry.pid, MARK_VARIABLE, this.#mark)),
        )
        .map((entry) => entry.pid);
    }
    if (process.platform === 'win32') return this.#exit === null ? [this.pid] : [];
    return canSignal(-this.pid) ? [-this.pid] : [];
  }

  #signal(signal: NodeJS.Signals): void {
    if (process.platform === 'win32') {
      if (this.#exit === null)
        spawn('taskkill', ['/pid', String(this.pid), '/t', '/f'], { stdio: 'ignore', windowsHide: true });
      return;
    }
    for (const pid of this.#survivors()) {
      try {
        process.kill(pid, signal);
      } catch {
        // Gone meanwhile.
      }
    }
  }
}

function canSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function quoteForCmd(word: string): string {
  return /^[\w./:\\=@-]+$/.test(word) ? word : `"${word.replaceAll('"', '\\"')}"`;
}
