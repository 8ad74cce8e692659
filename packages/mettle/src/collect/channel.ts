import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentHello, AgentMessage, AgentStdoutWriter } from '../agent/protocol.ts';
import { redactText } from '../evidence/index.ts';
import { AgentPeer } from './agent-peer.ts';
import type { ServingAgent } from './agent-peer.ts';

export type { ServingAgent } from './agent-peer.ts';

/** Writers kept in all; each agent sends at most 50. */
const MAX_WRITERS = 50;
/** Processes of one target that are remembered: npx, npm and a shell make four. */
const MAX_HELLOS = 200;
/** How long agents may take to hang up after a goodbye before they are cut off. */
const GOODBYE_MS = 500;

/** Mettle's end of the agents in one target. */
export interface AgentChannel {
  /** For `agentEnvironment`. */
  readonly socketPath: string;
  /** Every process of the target that loaded the agent, wrappers included. */
  readonly hellos: readonly AgentHello[];
  /** Who wrote to stdout what is no message; secrets redacted. */
  readonly stdoutWriters: readonly AgentStdoutWriter[];
  /** The process that serves MCP, once it has seen a message; null when none has after `timeoutMs`. */
  serving(timeoutMs: number): Promise<ServingAgent | null>;
  /** Says goodbye to all agents and removes the socket. Idempotent, never throws. */
  close(): Promise<void>;
}

/** Opens a private socket for the agents of one target. */
export async function openAgentChannel(): Promise<AgentChannel> {
  const directory = process.platform === 'win32' ? null : await mkdtemp(join(tmpdir(), 'mettle-'));
  const socketPath =
    directory === null ? `\\\\.\\pipe\\mettle-${randomUUID()}` : join(directory, 'agent.sock');
  const server = createServer();
  const channel = new Channel(server, socketPath, directory);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketPath, resolve);
    });
  } catch (error) {
    await channel.close();
    throw error;
  }
  return channel;
}

class Channel implements AgentChannel {
  readonly socketPath: string;
  readonly hellos: AgentHello[] = [];
  readonly stdoutWriters: AgentStdoutWriter[] = [];
  readonly #server: Server;
  readonly #directory: string | null;
  readonly #peers = new Set<AgentPeer>();
  readonly #waiting = new Set<(agent: ServingAgent | null) => void>();
  #closing: Promise<void> | null = null;

  constructor(server: Server, socketPath: string, directory: string | null) {
    this.#server = server;
    this.socketPath = socketPath;
    this.#directory = directory;
    server.on('connection', (socket) => this.#connected(socket));
    server.on('error', () => {});
    process.once('exit', this.#removeNow);
  }

  /** For an end of Mettle's that had no time to close. */
  readonly #removeNow = (): void => {
    if (this.#directory !== null) rmSync(this.#directory, { recursive: true, force: true });
  };

  serving(timeoutMs: number): Promise<ServingAgent | null> {
    const known = this.#alive();
    if (known !== null || this.#closing !== null) return Promise.resolve(known);
    return new Promise((resolve) => {
      const settle = (agent: ServingAgent | null): void => {
        clearTimeout(timer);
        this.#waiting.delete(settle);
        resolve(agent);
      };
      const timer = setTimeout(settle, timeoutMs, null);
      this.#waiting.add(settle);
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #alive(): ServingAgent | null {
    for (const peer of this.#peers) {
      const agent = peer.serving;
      if (agent !== null) return agent;
    }
    return null;
  }

  #connected(socket: Socket): void {
    const peer = new AgentPeer(socket, (message) => this.#heard(peer, message));
    this.#peers.add(peer);
    void peer.closed.then(() => this.#peers.delete(peer));
  }

  #heard(peer: AgentPeer, message: AgentMessage): void {
    if (message.type === 'hello') {
      if (this.hellos.length < MAX_HELLOS) this.hellos.push(message);
    } else if (message.type === 'stdout-writer') {
      if (this.stdoutWriters.length < MAX_WRITERS)
        this.stdoutWriters.push({ ...message, sample: redactText(message.sample) });
    } else if (message.type === 'serving') {
      for (const settle of this.#waiting) settle(peer.serving);
    }
  }

  async #close(): Promise<void> {
    for (const settle of this.#waiting) settle(null);
    const peers = [...this.#peers];
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    await Promise.all(peers.map((peer) => peer.sayGoodbye(GOODBYE_MS)));
    await closed;
    if (this.#directory !== null) await rm(this.#directory, { recursive: true, force: true }).catch(() => {});
    process.off('exit', this.#removeNow);
  }
}
