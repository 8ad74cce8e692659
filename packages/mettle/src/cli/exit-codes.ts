/** The one table of exit codes (CONTRACTS). */
export const EXIT = {
  ok: 0,
  /** Findings over the bar. */
  findings: 1,
  usage: 2,
  /** The target could not be reached, or died. */
  target: 3,
  /** Our own bug. */
  internal: 70,
  /** Stopped by Ctrl-C, as shells count it. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
