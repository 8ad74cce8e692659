import { currentCall } from '../call.ts';

/** Below this a task is quicker where it is: sending it to a thread and back costs 50 to 100 µs and delays it further. */
const WORTH_MS = 1;
/** Tasks to have seen before saying anything: the first ones are slow, for nothing is compiled yet. */
const SEEN = 20;

/** Says once, when a pool's tasks are too small for a thread. */
export class Advice {
  readonly #pool: string;
  #tasks = 0;
  #totalMs = 0;

  constructor(pool: string) {
    this.#pool = pool;
  }

  took(tookMs: number): void {
    if (this.#tasks > SEEN) return;
    this.#totalMs += tookMs;
    if (++this.#tasks !== SEEN || this.#totalMs / SEEN >= WORTH_MS) return;
    this.#tasks++;
    const meanMs = (this.#totalMs / SEEN).toFixed(3);
    warn(
      `${SEEN} tasks of ${this.#pool} took ${meanMs} ms each in their threads: below ${WORTH_MS} ms the way there and back costs more than it saves. Call the function directly, or offload more work at once`,
      'METTLE_NOT_WORTH_A_THREAD',
    );
  }
}

const madeAt = new Map<string, number>();

/**
 * A pool made for each call starts threads for each call: slower than no pool, and leaking where it is not closed. Seen when
 * a call is being served, or the same line has made one before.
 */
export function warnWhenMadePerCall(pool: string, maker: (...args: never[]) => unknown): void {
  const line = lineOutside(maker);
  const times = (madeAt.get(line) ?? 0) + 1;
  // Lines are few; a program that generates code must not make this grow for ever.
  if (madeAt.size < 1000) madeAt.set(line, times);
  const inHandler = currentCall() !== undefined;
  if (!inHandler && times !== 2) return;
  const seen = inHandler ? 'inside a handler' : 'a second time';
  warn(
    `The pool ${pool} was made ${seen}, at ${line}: each has threads of its own. Make it once, at module load`,
    'METTLE_POOL_PER_CALL',
  );
}

/** Where the maker was called. */
function lineOutside(maker: (...args: never[]) => unknown): string {
  const at: { stack?: string } = {};
  Error.captureStackTrace(at, maker);
  const frame = at.stack
    ?.split('\n')
    .find((text) => text.startsWith('    at ') && !text.includes(import.meta.dirname));
  return frame?.replace(/^\s+at (?:.*\()?/, '').replace(/\)$/, '') ?? 'an unknown line';
}

function warn(message: string, code: string): void {
  process.emitWarning(message, { type: 'MettleWarning', code });
}
