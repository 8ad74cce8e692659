import type { ProcessExit } from '../../session/index.ts';

/** How a process ended. */
export function describeEnd(exit: ProcessExit): string {
  return exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`;
}

/** Of a process's last lines the one that says why: Node's own last one is its version. */
export function tellingLine(lines: readonly string[]): string | null {
  return lines.findLast((line) => /\w*Error\b|panic|fatal/i.test(line)) ?? lines.at(-1) ?? null;
}
