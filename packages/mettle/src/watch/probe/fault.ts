import type { ReachPhase } from '../../evidence/index.ts';

/** Why a look ended early: the phase, and a clause that says what was seen. Never leaves this folder. */
export class ProbeFault extends Error {
  readonly phase: ReachPhase;
  /** Of the answer that decided; null when there was none. */
  readonly status: number | null;
  /** The answer's `WWW-Authenticate`; null when it had none. */
  readonly challenge: string | null;

  constructor(
    phase: ReachPhase,
    message: string,
    { status = null, challenge = null }: { status?: number | null; challenge?: string | null } = {},
  ) {
    super(message);
    this.name = 'ProbeFault';
    this.phase = phase;
    this.status = status;
    this.challenge = challenge;
  }
}

/** The clause as a sentence; a URL or host name at its start stays as it is. */
export function asSentence(clause: string): string {
  const start = /^[a-z]+\b(?![.:/-])/.test(clause)
    ? clause.charAt(0).toUpperCase() + clause.slice(1)
    : clause;
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

/** "10 s", "250 ms". */
export function shownTime(durationMs: number): string {
  return durationMs >= 1000
    ? `${String(Math.round(durationMs / 100) / 10)} s`
    : `${String(Math.round(durationMs))} ms`;
}

/** "12 bytes", "3.1 MiB". */
export function shownBytes(bytes: number): string {
  if (bytes < 1024) return `${String(bytes)} bytes`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib.toFixed(0)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}
