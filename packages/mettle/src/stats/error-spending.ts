/**
 * How much of a test's error may be spent at a look, when `share` of the budget (0 to 1) is used up at it and
 * `before` was at the look before: the increments of `total · share²`. They depend on the clock alone, not on what was
 * seen, and add up to `total` at most, so that looking often makes no false alarm more likely (Lan & DeMets 1983, as a
 * union bound). The square keeps most for the later looks, where small changes can be told; big ones are plain early.
 */
export function errorOfLook(total: number, before: number, share: number): number {
  const from = Math.min(1, Math.max(0, before));
  const to = Math.min(1, Math.max(from, share));
  return total * (to * to - from * from);
}
