import { transfer } from '@mettle/runtime/worker';

export default function add({ a, b }) {
  return a + b;
}

export function backtrack(length) {
  return /^(a+)+$/.test(`${'a'.repeat(length)}!`);
}

/** Tells through shared memory that it runs, then never ends. */
export function spin(shared) {
  Atomics.store(new Int32Array(shared), 0, 1);
  for (;;);
}

export function busy(ms) {
  const until = performance.now() + ms;
  while (performance.now() < until);
  return ms;
}

export function fill() {
  const all = [];
  for (;;) all.push(Array.from({ length: 10_000 }, (_, at) => ({ at })));
}

export function throws(what) {
  if (what === 'error') throw Object.assign(new TypeError('no'), { code: 'MY_CODE', circle: () => 1 });
  throw what;
}

export function exit() {
  process.exit(3);
}

export function reversed(bytes) {
  const back = bytes.toReversed();
  return transfer(back, [back.buffer]);
}

export function countUp(shared) {
  return Atomics.add(new Int32Array(shared), 0, 1);
}
