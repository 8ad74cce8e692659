import type { Transferable as NodeTransferable } from 'node:worker_threads';

/** Our mark of a result that moves; a symbol of the registry, so that two copies of the package understand each other. */
const MOVES = Symbol.for('mettle.runtime.moves');

interface Moving {
  readonly [MOVES]: readonly NodeTransferable[];
  readonly value: unknown;
}

/**
 * In a worker module: returns a result whose buffers move to the main thread instead of being copied. They are empty in
 * the thread afterwards. Typed as the result itself, for that is what the caller gets.
 */
export function transfer<T>(result: T, buffers: readonly NodeTransferable[]): T {
  const moving: Moving = { [MOVES]: buffers, value: result };
  return moving as T;
}

/** Wraps a result; one that moves is marked the way piscina understands. */
export async function rewrapped(result: unknown, wrap: (value: unknown) => object): Promise<unknown> {
  if (typeof result !== 'object' || result === null || !(MOVES in result)) return wrap(result);
  const moving = result as Moving;
  // Loaded when first needed: a thread that moves nothing starts without it.
  const { move, transferableSymbol, valueSymbol } = await import('piscina');
  const marked: object = { [transferableSymbol]: moving[MOVES], [valueSymbol]: wrap(moving.value) };
  return move(marked as never);
}
