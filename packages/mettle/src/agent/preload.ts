import { isMainThread } from 'node:worker_threads';
import { CONTAINMENT_VARIABLE, CONTROL_VARIABLE } from './control-protocol.ts';
import { AGENT_SOCKET_VARIABLE } from './protocol.ts';

// Loaded by NODE_OPTIONS=--import into every Node process that the target starts, and into their
// worker threads; everything else of the agent is imported only where it is wanted.
const socketPath = process.env[AGENT_SOCKET_VARIABLE];
if (isMainThread && socketPath !== undefined && socketPath !== '') {
  try {
    const folder = process.env[CONTAINMENT_VARIABLE];
    if (folder !== undefined && folder !== '') (await import('./containment.ts')).containWrites(folder);
    // First of all: nothing may get hold of what is not wrapped yet.
    const control =
      process.env[CONTROL_VARIABLE] === '1' ? (await import('./control/index.ts')).takeControl() : null;
    const { attach } = await import('./attach.ts');
    attach(socketPath, control);
  } catch {
    // A target without an agent is examined from outside; a target broken by its agent is our fault.
  }
}
