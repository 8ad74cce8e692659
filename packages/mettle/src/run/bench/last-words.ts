import type { ProcessExit } from '../../session/index.ts';

/** How a process ended. */
export function describeEnd(exit: ProcessExit): string {
  return exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`;
}
