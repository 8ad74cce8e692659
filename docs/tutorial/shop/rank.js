const ITEMS = 20_000;
const ROUNDS = 2000;

/** Ranks the catalogue for a customer: some tens of milliseconds of pure computing. */
export default function rank({ customer, limit }) {
  const best = [];
  for (let item = 0; item < ITEMS; item++) {
    let score = item + customer.length;
    for (let round = 0; round < ROUNDS; round++) score = Math.imul(score ^ round, 16_777_619);
    if (best.length < limit || score > best[0].score) {
      best.push({ item, score });
      best.sort((a, b) => a.score - b.score);
      if (best.length > limit) best.shift();
    }
  }
  return best.toReversed();
}
