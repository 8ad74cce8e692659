/* Work for bench/pool.mjs. */
export function nothing(value) {
  return value;
}

export function busy(ms) {
  const until = performance.now() + ms;
  while (performance.now() < until);
  return ms;
}

export function backtrack(length) {
  return /^(a+)+$/.test(`${'a'.repeat(length)}!`);
}
