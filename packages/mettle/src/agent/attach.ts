import { connectToMettle } from './connection.ts';
import { createCommands } from './commands.ts';
import type { Control } from './commands.ts';
import { hookHttp } from './http-requests.ts';
import { hookJsonParse } from './json-requests.ts';
import { hookSdk } from './sdk-requests.ts';
import { Serving } from './serving.ts';
import { hookStdin } from './stdin-requests.ts';
import { hookStdout } from './stdout-writes.ts';
import { EXIT_WITH_METTLE_VARIABLE } from './protocol.ts';
import { silently } from './silently.ts';

/** How long a server may take to answer SIGTERM before it is killed: the session's own patience is of this order. */
const GRACE_MS = 2_000;

/** Connects this process to Mettle and lays the hooks, all of them passive until an instrument starts. */
export function attach(socketPath: string, control: Control | null = null): void {
  const exitWithMettle = process.env[EXIT_WITH_METTLE_VARIABLE] === '1';
  const connection = connectToMettle(socketPath);
  const serving = new Serving((message) => connection.send(message));
  const commands = createCommands(control);

  connection.onCommand = (command, answer) => commands.run(command, answer);
  connection.onClose = (orderly) => {
    commands.stopAll();
    serving.detach();
    if (!orderly && exitWithMettle) endThisProcess();
  };
  for (const hook of [hookStdin, hookStdout, hookHttp, hookJsonParse, hookSdk]) silently(() => hook(serving));
}

function endThisProcess(): void {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MS).unref();
  process.kill(process.pid, 'SIGTERM');
}
