import { isMainThread } from 'node:worker_threads';
import { AGENT_SOCKET_VARIABLE } from './protocol.ts';

// Loaded by NODE_OPTIONS=--import into every Node process that the target starts, and into their
// worker threads; everything else of the agent is imported only where it is wanted.
const socketPath = process.env[AGENT_SOCKET_VARIABLE];
if (isMainThread && socketPath !== undefined && socketPath !== '') {
  try {
    const { attach } = await import('./attach.ts');
    attach(socketPath);
  } catch {
    // A target without an agent is examined from outside; a target broken by its agent is our fault.
  }
}
