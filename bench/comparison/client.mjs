/*
 * A plain MCP client on stdio, so that every profiler gets the same calls from a program that none of them knows.
 * It counts what is on stdout and is no message of the protocol.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const PATIENCE_MS = 90_000;

/** Starts a command in a process group of its own and opens an MCP session with it. */
export async function openSession(command, { cwd, env = {} }) {
  const child = spawn(command[0], command.slice(1), {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: 'pipe',
  });
  const session = new Session(child);
  await session.request('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'comparison', version: '1.0.0' },
  });
  session.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  return session;
}

class Session {
  stray = [];
  stderr = '';
  #waiting = new Map();
  #nextId = 1;

  constructor(child) {
    this.child = child;
    this.exited = once(child, 'exit');
    child.stdin.on('error', () => undefined);
    child.stderr.on('data', (text) => (this.stderr += text));
    this.closed = once(
      createInterface({ input: child.stdout }).on('line', (line) => this.#take(line)),
      'close',
    );
    void this.#rejectAtExit();
  }

  async #rejectAtExit() {
    await this.exited;
    for (const { reject } of this.#waiting.values())
      reject(new Error(`the server ended early: ${this.stderr.slice(-300)}`));
  }

  #take(line) {
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      // Told apart below.
    }
    if (message?.jsonrpc !== '2.0') return void this.stray.push(line);
    this.#waiting.get(message.id)?.resolve(message);
    this.#waiting.delete(message.id);
  }

  send(message) {
    this.child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  request(method, params) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.send({ jsonrpc: '2.0', id, method, params });
    });
  }

  /** Makes the calls, so many in flight; gives how many answered with an error. */
  async callAll(calls, inFlight = 4) {
    let [next, failed] = [0, 0];
    const lane = async () => {
      while (next < calls.length) {
        const answer = await this.request('tools/call', calls[next++]);
        if (answer.error !== undefined || answer.result.isError) failed++;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
    return failed;
  }

  /** Ends the session as a client does (closing stdin) or as a host does (a signal); gives the exit and what it took. */
  async end(how) {
    const startedAt = performance.now();
    if (how === 'stdin') this.child.stdin.end();
    else process.kill(how.pid, how.signal);
    let timer;
    const outcome = await Promise.race([
      Promise.all([this.exited, this.closed]).then(([[code, signal]]) => code ?? signal),
      new Promise((resolve) => (timer = setTimeout(() => resolve('still running'), PATIENCE_MS))),
    ]);
    clearTimeout(timer);
    this.destroy();
    return { outcome, ms: performance.now() - startedAt };
  }

  /** Nothing of it stays, whatever happened. */
  destroy() {
    try {
      process.kill(-this.child.pid, 'SIGKILL');
    } catch {
      // The whole group has ended.
    }
  }
}
