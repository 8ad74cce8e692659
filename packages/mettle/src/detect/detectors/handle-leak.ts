import type { Detector, HandleGrowth } from '../../evidence/index.ts';
import { figure } from '../figures.ts';
import { leakDetector } from '../leak-finding.ts';
import { many } from '../leak-words.ts';

const NOUNS: Readonly<Record<HandleGrowth['kind'], readonly [string, string]>> = {
  socket: ['socket', 'sockets'],
  server: ['listening server', 'listening servers'],
  file: ['file', 'files'],
  'child-process': ['child process', 'child processes'],
  worker: ['worker thread', 'worker threads'],
  watcher: ['file watcher', 'file watchers'],
  timer: ['timer', 'timers'],
  other: ['handle', 'handles'],
};
const CLOSING: Readonly<Record<HandleGrowth['kind'], string>> = {
  socket:
    'Close the connection in `finally` (`socket.destroy()`), or take connections from a pool with a bound (`new Agent({ keepAlive: true, maxSockets: 10 })`, `new Pool({ max: 10 })`) and give them back in `finally`.',
  server: 'Listen once, when the server starts, and close what a call opens in `finally` (`server.close()`).',
  file: 'Close the file in `finally` (`const file = await open(path); try { … } finally { await file.close(); }`), or read it whole (`readFile`); streams by `pipeline` of node:stream/promises, which closes both ends when one fails.',
  'child-process':
    'End the child when the call ends: `execFile(command, args, { signal: extra.signal, timeout: 10_000 })`, or `child.kill()` in `finally`; and read what it writes, since a child with a full pipe never ends.',
  worker:
    'Keep one pool of workers for all calls (`createPool` of @mettle/runtime/offload), or `await worker.terminate()` in `finally`.',
  watcher:
    'Close the watcher in `finally` (`watcher.close()`), or pass `{ signal: extra.signal }` to `watch`.',
  timer: 'Clear the timer in `finally`.',
  other: 'Close it in `finally`.',
};

/** Sockets, files, child processes and the like that calls open and nothing closes. */
export const handleLeak: Detector<'heapGrowth' | 'target'> = leakDetector({
  id: 'handle-leak',
  does: ({ handles, growth }, occasion) => {
    const [main] = handles;
    const [noun, nouns] = NOUNS[main?.kind ?? 'other'];
    return `opens ${many(main?.perCall ?? growth?.objectsPerCall ?? 1, noun, nouns)} per ${occasion} and never closes ${main?.perCall === 1 ? 'it' : 'them'}`;
  },
  fix: ({ handles }) =>
    `${CLOSING[handles[0]?.kind ?? 'other']} The system’s limit of open files (\`ulimit -n\`, often 1,024) ends the server long before memory does.`,
  // After a thousand calls nothing can be opened any more.
  atLeast: 'high',
  cost: ({ handles, growth }) => ({
    value: figure(handles[0]?.perCall ?? growth?.objectsPerCall ?? 1),
    unit: NOUNS[handles[0]?.kind ?? 'other'][1],
    per: 'call',
  }),
});
