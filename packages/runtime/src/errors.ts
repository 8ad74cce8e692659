/** Every error of the runtime by its stable code, and what it means for the one who catches it. */
export const ERROR_CODES = {
  METTLE_OVERLOADED:
    'refused at once, nothing was started: the bound was reached; try again after retryAfterMs',
  METTLE_QUEUE_TIMEOUT:
    'waited in the queue up to its deadline, nothing was started; try again after retryAfterMs',
  METTLE_CANCELLED: 'the caller cancelled or went away',
  METTLE_TIMED_OUT: 'started, and stopped at its deadline',
  METTLE_DEADLOCK: 'waiting would never end: the holder of the lock waits, directly or not, for this caller',
  METTLE_OUT_OF_MEMORY: 'the worker thread of this task reached its memory limit and was ended',
  METTLE_WORKER_DIED: 'the worker thread of this task ended before it answered',
  METTLE_TASK_FAILED: 'the task threw something that is not an Error; the message shows what',
  METTLE_CLOSED: 'this part of the server is closed or closing',
  METTLE_CANNOT_HOOK: 'harden() does not know the inside of this server and would have protected nothing',
  METTLE_BAD_OPTION: 'an option has a value that cannot be meant',
} as const;

/** The stable code of a runtime error; see `ERROR_CODES`. */
export type RuntimeErrorCode = keyof typeof ERROR_CODES;

/** The one error class of the runtime: told apart by `code`, never by message. */
export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode;
  /** For refusals: when another try has a chance. */
  readonly retryAfterMs: number | undefined;

  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions & { retryAfterMs?: number }) {
    super(message, options);
    this.name = 'RuntimeError';
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/**
 * A refusal, made without a stack: under overload thousands are made per second, and each stack would cost
 * more than the refusal itself.
 */
export function refusal(
  code: 'METTLE_OVERLOADED' | 'METTLE_QUEUE_TIMEOUT',
  message: string,
  retryAfterMs: number,
): RuntimeError {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return new RuntimeError(code, message, { retryAfterMs });
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** What a cancelled caller gets: its own reason as the cause. */
export function cancelled(signal: AbortSignal): RuntimeError {
  return new RuntimeError('METTLE_CANCELLED', 'The caller cancelled or went away', { cause: signal.reason });
}

/** Whether this is a runtime error (of this or another copy of the package), optionally with that code. */
export function isRuntimeError(error: unknown, code?: RuntimeErrorCode): error is RuntimeError {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return code === undefined ? error.code in ERROR_CODES : error.code === code;
}

/** Refuses an option that is not a number in its range, naming it, what was seen and what is possible. */
export function requireNumber(name: string, value: number, least: number, most: number = Infinity): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  const range = most === Infinity ? `at least ${least}` : `from ${least} to ${most}`;
  throw new RuntimeError('METTLE_BAD_OPTION', `${name} must be a number ${range}; got ${String(value)}`);
}
