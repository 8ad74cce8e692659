import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { agentWork } from './agent-work.ts';
import type { AgentCommand, AgentMessage, AgentReply } from './protocol.ts';
import { silently } from './silently.ts';

export type Answer = (result: { readonly result: unknown } | { readonly error: string }) => void;

/** The agent's end of the channel. Never keeps the process alive, never throws. */
export interface Connection {
  onCommand: (command: AgentCommand, answer: Answer) => void;
  /** `orderly`: Mettle said goodbye. Not called when Mettle was never reached. */
  onClose: (orderly: boolean) => void;
  send(message: AgentMessage): void;
}

// Captured before the server's code can replace them.
const { parse, stringify } = JSON;

/** Not a connection of the target's, where those are controlled. */
function connectAsAgent(socketPath: string): Socket {
  let socket: Socket | undefined;
  agentWork(() => {
    socket = connect(socketPath);
  });
  return socket as Socket;
}

/** Opens the channel and says hello. */
export function connectToMettle(socketPath: string): Connection {
  const socket = connectAsAgent(socketPath);
  socket.unref();
  let connected = false;
  let orderly = false;
  let closed = false;
  const send = (message: AgentMessage): void => {
    if (closed) return;
    agentWork(() => silently(() => socket.write(`${stringify(message)}\n`)));
  };
  const connection: Connection = { onCommand: () => {}, onClose: () => {}, send };
  const obey = (line: string): void => {
    const command = parse(line) as AgentCommand;
    if (command.do === 'goodbye') {
      orderly = true;
      socket.end();
      return;
    }
    const { id } = command;
    connection.onCommand(command, (answer) => {
      send({ type: 'reply', id, ...answer } satisfies AgentReply);
    });
  };

  socket.setEncoding('utf8');
  let pending = '';
  socket.on('connect', () => {
    connected = true;
  });
  socket.on('data', (chunk: string) => {
    const lines = (pending + chunk).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) silently(() => obey(line));
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
    if (connected) silently(() => connection.onClose(orderly));
  });
  send({
    type: 'hello',
    pid: process.pid,
    parentPid: process.ppid,
    node: process.version,
    argv: process.argv,
    instruments: ['blocking', 'overlap', 'waiting'],
  });
  return connection;
}
