import { functionName, synchronousCall, type HoldCause, type HoldGroup } from '../derive/index.ts';
import type { Frame } from '../evidence/index.ts';

/** What holds the loop, as part of a sentence: "in execFileSync", "computing". */
export function holdingWhat(group: HoldGroup): string {
  const [hold] = group.holds;
  const call = synchronousCall(hold.stretch.stack)?.function;
  switch (hold.cause) {
    case 'synchronous-call':
      return `waiting in ${call ?? 'a synchronous call'}`;
    case 'unexplained-wait':
      return 'waiting in native code without computing';
    case 'gc':
      return 'most of it collecting garbage';
    case 'cpu':
      return call === undefined ? 'computing' : `computing in ${call}`;
  }
}

/** What to change so that the loop is free again. */
export function remedyFor(
  cause: HoldCause,
  stack: readonly Frame[],
  application: string | undefined,
): string {
  const synchronous = synchronousCall(stack);
  if (synchronous !== undefined && cause !== 'gc') return asynchronousForm(synchronous);
  const work = application === undefined ? 'this work' : `${application}'s work`;
  switch (cause) {
    case 'gc':
      return 'Allocate less in one go: stream or page large data instead of building it whole, and keep per-call objects small; if the work must build them, run it with `offload` from @mettle/runtime, whose worker has a heap of its own.';
    case 'unexplained-wait':
    case 'synchronous-call':
      return `Something in ${work} waits on the main thread. Use the library's asynchronous interface, or run it with \`offload\` from @mettle/runtime (a worker thread) so that only the worker waits.`;
    case 'cpu':
      return `Move ${work} off the main thread with \`offload\` from @mettle/runtime (a pool of node:worker_threads), or do it once and keep the result if its input seldom changes.`;
  }
}

const CRYPTO = new Set([
  'pbkdf2Sync',
  'scryptSync',
  'hkdfSync',
  'generateKeyPairSync',
  'generateKeySync',
  'generatePrimeSync',
  'checkPrimeSync',
  'argon2Sync',
]);
const CHILD = new Set(['execSync', 'execFileSync', 'spawnSync']);

function asynchronousForm(frame: Frame): string {
  const name = functionName(frame) ?? 'the synchronous call';
  const bare = name.replace(/Sync$/, '');
  if (CHILD.has(name))
    return `Replace \`${name}\` by \`${bare}\` of node:child_process (\`promisify(${bare})\` to await it): the loop turns while the child process runs. Bound how many run at once with \`createLimit\` from @mettle/runtime.`;
  if (CRYPTO.has(name))
    return `Replace \`${name}\` by the asynchronous \`${bare}\` of node:crypto (\`promisify(${bare})\` to await it), which computes on libuv's threads; for longer work use \`offload\` from @mettle/runtime.`;
  if (frame.file.startsWith('node:zlib') || name === 'processChunkSync')
    return "Use the asynchronous functions of node:zlib (`promisify(gzip)` and so on) or its streams instead of the synchronous ones: they compress on libuv's threads.";
  if (frame.file.startsWith('node:fs'))
    return `Replace \`${name}\` by \`await ${bare}(…)\` of node:fs/promises: the loop turns while the disk works.`;
  return `Replace \`${name}\` by its asynchronous form, or run it with \`offload\` from @mettle/runtime so that only a worker waits.`;
}
