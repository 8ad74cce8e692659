import type { Detector } from '../../evidence/index.ts';
import { causeDetector } from '../cause-finding.ts';

const NO_WORKER =
  "A worker thread is not needed: the asynchronous calls wait on libuv's threads already. Bound how many run at once with `createLimit` of @mettle/runtime.";

function list(names: readonly string[]): string {
  return names.length === 0 ? 'synchronous functions' : names.slice(0, 3).join(', ');
}

/** Files that are read or written synchronously in every call. */
export const syncFileIo: Detector = causeDetector({
  id: 'sync-file-io',
  waits: true,
  doing: ({ whats }) => `in ${list(whats)} of node:fs`,
  fix: ({ whats }) => {
    const name = whats[0] ?? 'readFileSync';
    return /^(?:read|write|open|close|fstat)Sync$/.test(name)
      ? `Use a file handle of node:fs/promises instead of \`${name}\`: \`const file = await open(path)\`, \`await file.${name.replace(/Sync$/, '')}(…)\`, or a stream (\`for await (const chunk of createReadStream(path))\`). ${NO_WORKER}`
      : `Replace \`${name}(…)\` by \`await ${name.replace(/Sync$/, '')}(…)\` of node:fs/promises, or read what seldom changes once and keep it. ${NO_WORKER}`;
  },
});
