import { silently } from '../silently.ts';
import { held, hold } from './held-steps.ts';
import { currentLane, isUntouched } from './lane.ts';
import { callSite } from './sites.ts';
import { wrap } from './wrapping.ts';
import { AsyncResource } from 'node:async_hooks';

/*
 * Random numbers that a call draws are its lane's own: they do not depend on what other calls draw before it.
 */

type Bytes = NodeJS.ArrayBufferView | ArrayBuffer;
type Callback = (error: Error | null, value: unknown) => void;

/** Whether a lane draws: what is only delayed draws as ever. */
const drawing = (): boolean => held.on && !isUntouched();

/** Replaces the sources of randomness; while nothing is held they are as they were. */
export function ownRandomnessPerLane(): void {
  const crypto = process.getBuiltinModule('node:crypto');
  wrap(
    Math,
    'random',
    (original) =>
      function random() {
        return held.on ? currentLane().random() : original();
      },
  );
  wrap(
    crypto,
    'randomBytes',
    (original) =>
      function randomBytes(...args) {
        const [size, callback] = args;
        if (!drawing() || typeof size !== 'number') return original.apply(this, args);
        const bytes = Buffer.from(fill(new Uint8Array(size)));
        return typeof callback === 'function' ? later('crypto.randomBytes', callback, bytes) : bytes;
      },
  );
  wrap(
    crypto,
    'randomFillSync',
    (original) =>
      function randomFillSync(...args) {
        if (!drawing() || args.length > 1) return original.apply(this, args);
        return fill(args[0] as Bytes);
      },
  );
  wrap(
    crypto,
    'randomFill',
    (original) =>
      function randomFill(...args) {
        const [target, callback] = args;
        if (!drawing() || typeof callback !== 'function') return original.apply(this, args);
        return later('crypto.randomFill', callback, fill(target as Bytes));
      },
  );
  wrap(crypto, 'randomInt', wrapRandomInt);
  wrap(
    crypto,
    'randomUUID',
    (original) =>
      function randomUUID(...args) {
        return drawing() ? uuid() : original.apply(this, args);
      },
  );
  silently(ownWebCrypto);
}

function ownWebCrypto(): void {
  const web = Object.getPrototypeOf(globalThis.crypto) as object;
  wrap(
    web,
    'getRandomValues',
    (original) =>
      function getRandomValues(...args) {
        return drawing() ? fill(args[0] as Bytes) : original.apply(this, args);
      },
  );
  wrap(
    web,
    'randomUUID',
    (original) =>
      function randomUUID(...args) {
        return drawing() ? uuid() : original.apply(this, args);
      },
  );
}

function wrapRandomInt(original: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  return function randomInt(this: unknown, ...args: unknown[]) {
    const numbers = args.filter((arg) => typeof arg === 'number');
    const [first = 0, second] = numbers;
    const [from, to] = second === undefined ? [0, first] : [first, second];
    if (!drawing() || !Number.isSafeInteger(from) || !Number.isSafeInteger(to) || to <= from)
      return original.apply(this, args);
    const value = from + Math.floor(currentLane().random() * (to - from));
    const callback = args[numbers.length];
    return typeof callback === 'function' ? later('crypto.randomInt', callback, value) : value;
  };
}

function fill<T extends Bytes>(target: T): T {
  const { random } = currentLane();
  const bytes = ArrayBuffer.isView(target)
    ? new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
    : new Uint8Array(target);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * 256);
  return target;
}

function uuid(): string {
  const bytes = fill(Buffer.alloc(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function later(kind: string, callback: unknown, value: unknown): undefined {
  const context = new AsyncResource('METTLE_HELD');
  hold({ kind, resource: null, writes: false, site: callSite() }, { phase: 'delivery' }, () => {
    context.runInAsyncScope(callback as Callback, undefined, null, value);
  });
  return undefined;
}
