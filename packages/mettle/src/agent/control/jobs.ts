import { silently } from '../silently.ts';
import { AsyncResource } from 'node:async_hooks';
import {
  beginPoolJob,
  beginWork,
  endPoolJob,
  endWork,
  heldCallback,
  heldOperation,
  hold,
  holding,
} from './held-steps.ts';
import { currentLane, untouched } from './lane.ts';
import { callSite } from './sites.ts';
import { wrap } from './wrapping.ts';
import type { AnyFunction } from './wrapping.ts';

/* What Node computes or asks on other threads: cryptography, compression, names of hosts. */

type Callback = (...results: unknown[]) => unknown;
type Async = (this: unknown, ...args: unknown[]) => Promise<unknown>;

const CRYPTO = [
  'argon2',
  'checkPrime',
  'decapsulate',
  'diffieHellman',
  'encapsulate',
  'generateKey',
  'generateKeyPair',
  'generatePrime',
  'hkdf',
  'pbkdf2',
  'scrypt',
  'sign',
  'verify',
];
const SUBTLE = [
  'decrypt',
  'deriveBits',
  'deriveKey',
  'digest',
  'encrypt',
  'exportKey',
  'generateKey',
  'importKey',
  'sign',
  'unwrapKey',
  'verify',
  'wrapKey',
];
const DNS = [
  'lookup',
  'lookupService',
  'resolve',
  'resolve4',
  'resolve6',
  'resolveAny',
  'resolveCaa',
  'resolveCname',
  'resolveMx',
  'resolveNaptr',
  'resolveNs',
  'resolvePtr',
  'resolveSoa',
  'resolveSrv',
  'resolveTxt',
  'reverse',
];

/** Wraps node:crypto's jobs and WebCrypto's. */
export function controlCrypto(): void {
  const crypto = process.getBuiltinModule('node:crypto');
  for (const name of CRYPTO) wrap(crypto, name, (original) => callingBack(`crypto.${name}`, original));
  silently(() => {
    const subtle = Object.getPrototypeOf(globalThis.crypto.subtle) as object;
    for (const name of SUBTLE) wrap(subtle, name, (original) => promising(`crypto.subtle.${name}`, original));
  });
}

/** Wraps node:dns; connecting looks names up by itself. */
export function controlDns(): void {
  const dns = process.getBuiltinModule('node:dns');
  for (const name of DNS) {
    wrap(dns, name, (original) => callingBack(`dns.${name}`, original));
    wrap(dns.promises, name, (original) => promising(`dns.${name}`, original));
  }
}

function callingBack(kind: string, original: AnyFunction): AnyFunction {
  return function heldJob(this: unknown, ...args: unknown[]) {
    const done = args.at(-1);
    if (typeof done !== 'function' || !holding()) return original.apply(this, args);
    const rest = args.slice(0, -1);
    const words = { kind, resource: null, writes: false };
    heldCallback(words, done as Callback, (ended) => void original.apply(this, [...rest, ended]));
    return undefined;
  };
}

function promising(kind: string, original: AnyFunction): AnyFunction {
  return function heldJob(this: unknown, ...args: unknown[]) {
    if (!holding()) return original.apply(this, args);
    return heldOperation({ kind, resource: null, writes: false }, () =>
      (original as Async).apply(this, args),
    );
  };
}

/** Wraps the streams of node:zlib, which its functions use too. */
export function controlCompression(): void {
  const { createGzip } = process.getBuiltinModule('node:zlib');
  let prototype = Object.getPrototypeOf(createGzip()) as object;
  while (!Object.hasOwn(prototype, '_transform')) prototype = Object.getPrototypeOf(prototype) as object;
  wrap(prototype, '_transform', (original) => holdTransform(original));
}

function holdTransform(original: AnyFunction): AnyFunction {
  return function transform(this: unknown, ...args: unknown[]) {
    const [chunk, encoding, done] = args;
    if (!holding() || typeof done !== 'function') return original.apply(this, args);
    const lane = currentLane();
    const context = new AsyncResource('METTLE_HELD');
    const words = { kind: 'zlib', resource: null, writes: false, site: callSite() };
    beginPoolJob();
    const ended = (...results: unknown[]): void => {
      endPoolJob();
      endWork();
      hold(words, { phase: 'delivery', lane, queue: this as object }, () => {
        context.runInAsyncScope(done as Callback, undefined, ...results);
      });
    };
    hold(words, { phase: 'effect', lane, queue: this as object }, () => {
      beginWork();
      untouched(() => original.call(this, chunk, encoding, ended));
    });
    return undefined;
  };
}
