import { existsSync } from 'node:fs';
import type { ReachPhase } from '../evidence/index.ts';
import { describeSpawnError, TargetError } from '../session/index.ts';

/** The server that a recording was to stand before cannot be reached. */
export function unreached(phase: ReachPhase, message: string): TargetError {
  return new TargetError(message, phase, { phases: [], failed: { phase, message, stderrTail: [] } });
}

/** Its command could not be started, for the reason that the system gave. */
export function notStarted(error: unknown, program: string, cwd: string): TargetError {
  return unreached('spawn', describeSpawnError(error, program, cwd, existsSync(cwd)));
}
