/*
 * A server that can begin anew within one process, for trials that each need it as it was at its start. `reimport
 * SCRIPT ARGS…`: the script and all modules of its own are imported once more. `factory FILE EXPORT`: the factory is
 * asked for another server. Each generation has a stdin and a stdout of its own, between which and the real ones
 * lines are passed on; the handshake that the client made once is made again with each.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadModule, serveBothEras, serverIn, type LoadedModule } from './module-exports.ts';
import { fetchBridge } from './module-fetch-bridge.ts';
import { Generation } from './module-generation.ts';
import { StdioTransport, type Connectable } from './module-transport.ts';
import { OwnModules } from './module-versions.ts';
import { isObject } from './rpc-message.ts';

const [mode = '', file = '', ...words] = process.argv.slice(2);
const script = resolve(file);
const ownModules = new OwnModules(script);
let number = 0;
let generation = new Generation(null);
let loaded: LoadedModule | null = null;
/** Worker threads that run: those of earlier generations do so still. */
let threads = 0;

readLines();
process.on('worker', (worker) => {
  threads += 1;
  worker.once('exit', () => (threads -= 1));
});
if (mode === 'reimport') {
  process.argv.splice(1, process.argv.length, script, ...words);
  ownModules.version(() => number);
}
/** Listeners on the process that are not of a generation. */
const ours = new Map(process.eventNames().map((name) => [name, process.listeners(name as 'exit')]));
await begin();

function readLines(): void {
  let partial = '';
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (chunk: string) => {
    const lines = (partial + chunk).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') received(line);
  });
  process.stdin.on('end', () => generation.end());
}

function received(line: string): void {
  const message = parse(line);
  if (message?.['method'] !== 'mettle/begin-anew') {
    generation.receive(line, message);
    return;
  }
  const { id } = message;
  void anew().then(
    () => answer({ id, result: { threads } }),
    (error: unknown) => answer({ id, error: { code: -32603, message: String(error) } }),
  );
}

async function anew(): Promise<void> {
  for (const name of process.eventNames())
    for (const listener of process.listeners(name as 'exit'))
      if (ours.get(name)?.includes(listener) !== true) process.removeListener(name, listener);
  generation.abandon();
  number += 1;
  if (mode === 'reimport') ownModules.forget();
  generation = new Generation(generation.handshake);
  await begin();
  await generation.shaken;
}

async function begin(): Promise<void> {
  generation.take();
  if (mode === 'factory') await serveAnother();
  else await import(`${pathToFileURL(script).href}${number === 0 ? '' : `?mettle=${String(number)}`}`);
}

async function serveAnother(): Promise<void> {
  const first = loaded === null;
  loaded ??= await loadModule(script, words[0] ?? '');
  const { served, factory } = loaded;
  if (factory === null) throw new Error('the export is a server, not a factory of servers');
  const serveStdio = served.kind === 'fetch' ? null : await serveBothEras(loaded);
  if (serveStdio !== null) {
    serveStdio(async () => serverIn(await factory()), { transport: new StdioTransport() });
    return;
  }
  // The first was made to see what the factory gives.
  const other = first ? null : serverIn(await factory());
  if (served.kind === 'fetch') fetchBridge((other as typeof served.handler | null) ?? served.handler);
  else await ((other as Connectable | null) ?? served.server).connect(new StdioTransport());
}

function answer(message: Readonly<Record<string, unknown>>): void {
  generation.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

function parse(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
