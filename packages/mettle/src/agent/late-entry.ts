import { createCommands } from './commands.ts';
import type { Commands } from './commands.ts';
import { connectToMettle } from './connection.ts';
import type { Connection } from './connection.ts';
import { leaveFsAlone } from './file-paths.ts';
import { watchFirstTurn } from './first-turn.ts';
import { hookHttp } from './http-requests.ts';
import { hookJsonParse } from './json-requests.ts';
import type {
  AgentCommand,
  AgentServing,
  BlockingOptions,
  BlockingRecord,
  HeldLoop,
  MemoryWatchOptions,
} from './protocol.ts';
import { readScripts } from './scripts.ts';
import type { WantedScripts } from './protocol.ts';
import { Serving } from './serving.ts';
import { silently } from './silently.ts';
import { hookStdin } from './stdin-requests.ts';
import { hookStdout } from './stdout-writes.ts';

/*
 * The agent in a process that was started without Mettle. Loaded, started and if need be stopped by the inspector,
 * which may interrupt the server's code anywhere: everything here is synchronous and waits for no turn of the loop.
 */

interface Attachment {
  readonly connection: Connection;
  readonly commands: Commands;
  readonly untilFirstTurn: () => HeldLoop;
}
interface StandardInput {
  readonly fd?: unknown;
  listenerCount(event: string): number;
}

let attachment: Attachment | null = null;
/** Hooks are laid once in a process, however often Mettle comes. */
let serving: Serving | null = null;

/** Connects to Mettle and starts the instrument at once, whatever the server is doing; tells how it serves. Throws when Mettle is here already. */
export function attachLate(socketPath: string, options: BlockingOptions): AgentServing['via'] {
  return attachWith(socketPath, { id: 0, do: 'start', instrument: 'blocking', options });
}

/** The same, to watch memory; without options nothing is started, and Mettle asks for what it wants. */
export function attachForMemory(socketPath: string, options: MemoryWatchOptions | null): AgentServing['via'] {
  return attachWith(
    socketPath,
    options === null ? null : { id: 0, do: 'start', instrument: 'memory', options },
  );
}

function attachWith(socketPath: string, start: AgentCommand | null): AgentServing['via'] {
  if (attachment !== null) throw new Error('another Mettle is attached to it');
  const via = howItServes();
  serving ??= layHooks(via);
  serving.attached = true;
  const commands = createCommands();
  let refused: string | null = null;
  if (start !== null)
    commands.run(start, (answer) => {
      if ('error' in answer) refused = answer.error;
    });
  if (refused !== null) throw new Error(refused);
  const untilFirstTurn = watchFirstTurn();
  const connection = connectToMettle(socketPath);
  connection.onCommand = (command, answer) => {
    commands.run(command, (reply) =>
      answer(
        command.do === 'stop' && command.instrument === 'blocking' && 'result' in reply
          ? { result: { ...(reply.result as BlockingRecord), untilFirstTurn: untilFirstTurn() } }
          : reply,
      ),
    );
  };
  connection.onClose = detach;
  connection.send({ type: 'serving', via, sdk: null });
  attachment = { connection, commands, untilFirstTurn };
  return via;
}

/** For a loop that does not turn, so that no command reaches the agent: the record as JSON; null when it was asked for before. */
export function takeRecord(): string | null {
  const record = attachment?.commands.stopNow() as BlockingRecord | null | undefined;
  if (record == null || attachment === null) return null;
  const { untilFirstTurn } = attachment;
  detach();
  return JSON.stringify({ ...record, untilFirstTurn: untilFirstTurn() });
}

/** The scripts' text as JSON, by the same way: for places in code that is on no disk. */
export function scriptTexts(wanted: WantedScripts): string {
  return JSON.stringify(readScripts(wanted));
}

function detach(): void {
  attachment?.commands.stopAll();
  attachment = null;
  serving?.detach();
}

function howItServes(): AgentServing['via'] {
  const stdin = openStdin();
  return stdin !== null && stdin.listenerCount('data') + stdin.listenerCount('readable') > 0
    ? 'stdio'
    : 'http';
}

/** The server's stdin if it has opened it: asking `process.stdin` would open it. */
function openStdin(): StandardInput | null {
  const { _getActiveHandles: handles } = process as unknown as {
    _getActiveHandles?: () => readonly unknown[];
  };
  const found = handles?.call(process).find((handle) => (handle as StandardInput | null)?.fd === 0);
  return (found as StandardInput | undefined) ?? null;
}

/** That it is the server is known from the start: nothing has to be recognised, no module to be rewritten. */
function layHooks(via: AgentServing['via']): Serving {
  leaveFsAlone();
  const laid = new Serving((message) => attachment?.connection.send(message));
  laid.known = true;
  laid.overStdio = via === 'stdio';
  silently(() => hookHttp(laid));
  silently(() => hookJsonParse(laid));
  if (openStdin() !== null) {
    silently(() => {
      hookStdin(laid);
      hookStdout(laid);
      // The hooks patch what they return: streams that exist already.
      void process.stdin;
      void process.stdout;
    });
  }
  for (const listener of laid.whenKnown.splice(0)) silently(listener);
  return laid;
}
