import { silently } from '../silently.ts';

export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
export type Functions = Record<string | symbol, AnyFunction | undefined>;

/**
 * Puts `make(original)` in the place of a function, with the same name, length and own properties, so that neither
 * promisify nor anyone who looks can tell them apart. Nothing where there is no such function.
 */
export function wrap(
  holder: object,
  name: string | symbol,
  make: (original: AnyFunction) => AnyFunction,
): void {
  silently(() => {
    const original = (holder as Functions)[name];
    if (typeof original !== 'function') return;
    const wrapped = make(original);
    for (const [key, property] of ownProperties(original))
      silently(() => void Object.defineProperty(wrapped, key, property));
    const place = Object.getOwnPropertyDescriptor(holder, name);
    if (place !== undefined && (place.get !== undefined || place.writable === false))
      Object.defineProperty(holder, name, {
        value: wrapped,
        configurable: place.configurable ?? true,
        enumerable: place.enumerable ?? true,
        writable: true,
      });
    else (holder as Functions)[name] = wrapped;
  });
}

function ownProperties(from: object): readonly (readonly [string | symbol, PropertyDescriptor])[] {
  return Reflect.ownKeys(from).flatMap((key) => {
    const property = Object.getOwnPropertyDescriptor(from, key);
    return property === undefined || key === 'prototype' ? [] : [[key, property] as const];
  });
}
