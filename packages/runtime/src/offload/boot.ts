import type { Piscina } from 'piscina';

/**
 * What a thread says when it is ready for tasks. Not in the thread's module, which must run in threads only.
 */
export const BOOTED = 'mettle-thread-booted';

/**
 * Knows whether threads are still starting. Closing waits for that moment to pass: on Node 20 our tests once saw the whole
 * process end in native code when a thread was ended while it loaded its modules.
 */
export class Booting {
  #starting = 0;
  #allUp: (() => void) | undefined;

  constructor(pool: Piscina<never, never>) {
    pool.on('workerCreate', () => this.#starting++);
    pool.on('message', (message: unknown) => {
      if (message === BOOTED && --this.#starting <= 0) this.#allUp?.();
    });
  }

  /** Resolves when all threads are up, or the time is over: a module may take for ever to load. */
  async done(atMostMs: number): Promise<void> {
    if (this.#starting <= 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#allUp = resolve;
      timer = setTimeout(resolve, atMostMs);
    });
    clearTimeout(timer);
  }
}
