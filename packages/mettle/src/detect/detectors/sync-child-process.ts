import type { Detector } from '../../evidence/index.ts';
import { causeDetector } from '../cause-finding.ts';

/** A child process for whose end every call waits with the main thread. */
export const syncChildProcess: Detector = causeDetector({
  id: 'sync-child-process',
  waits: true,
  doing: ({ whats }) => `waiting for a child process in ${whats[0] ?? 'spawnSync'}`,
  fix: ({ whats }) => {
    const name = (whats[0] ?? 'execFileSync').replace(/Sync$/, '');
    const call =
      name === 'spawn'
        ? "`const child = spawn(file, args); await once(child, 'close')`"
        : `\`const { stdout } = await promisify(${name})(…)\``;
    return `Use the asynchronous \`${name}\` of node:child_process: ${call}. The loop turns while the child runs; bound how many run at once with \`createLimit\` of @mettle/runtime. A worker thread is not needed: the work is in the child already.`;
  },
});
