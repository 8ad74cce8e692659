import { existsSync } from 'node:fs';
import type { ReachEvidence, ReachPhase } from '../evidence/index.ts';
import { describeSpawnError } from './fault-sentences.ts';
import { ReachFault } from './handshake.ts';
import { TargetError } from './session.ts';
import { StartedProcess, type StartOptions } from './started-process.ts';
import type { Fault } from './wire.ts';

/** Our environment, then the target's own variables, then `extra`; what `extra` adds to NODE_OPTIONS comes after what is there. */
export function targetEnvironment(
  own: Readonly<Record<string, string>>,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...process.env, ...own, ...extra }))
    if (value !== undefined) env[name] = value;
  const before = own['NODE_OPTIONS'] ?? process.env['NODE_OPTIONS'];
  const added = extra['NODE_OPTIONS'];
  if (before !== undefined && before !== '' && added !== undefined)
    env['NODE_OPTIONS'] = `${before} ${added}`;
  return env;
}

/** Starts a command; throws ReachFault in words when that cannot be done. */
export async function startCommand(options: StartOptions): Promise<StartedProcess> {
  try {
    return await StartedProcess.start(options);
  } catch (error) {
    throw new ReachFault({
      phase: 'spawn',
      message: describeSpawnError(error, options.command[0], options.cwd, existsSync(options.cwd)),
    });
  }
}

/** Collects how a target was reached, and turns a fault into the error for the user. */
export class ReachLog {
  readonly phases: { readonly phase: ReachPhase; readonly durationMs: number }[] = [];

  add(phase: ReachPhase, durationMs: number): void {
    this.phases.push({ phase, durationMs });
  }

  succeeded(): ReachEvidence {
    return { phases: this.phases, failed: null };
  }

  failed(fault: Fault, stderrTail: readonly string[]): TargetError {
    const message = sentence(fault.message);
    return new TargetError(message, fault.phase, {
      phases: this.phases,
      failed: { phase: fault.phase, message, stderrTail },
    });
  }
}

/** A URL keeps its scheme as it is written. */
function sentence(text: string): string {
  const start = text.startsWith('http') ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
