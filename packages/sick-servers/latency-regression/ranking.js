import { createHash } from 'node:crypto';

const items = Array.from({ length: 400 }, (_, i) => `item ${i}`);
const SHELVES = 3;

/** The catalogue ranked once per call. */
export function rankOnce() {
  return ranked(0).slice(0, 3);
}

/** The catalogue ranked anew for each shelf, of which only the last is used: three times the work. */
export function rankPerShelf() {
  let best = [];
  for (let shelf = 0; shelf < SHELVES; shelf++) best = ranked(shelf); // ailment: latency-regression
  return best.slice(0, 3);
}

function ranked(salt) {
  return items
    .map((name) => ({ name, score: createHash('sha256').update(`${salt}${name}`).digest('hex') }))
    .sort((a, b) => (a.score < b.score ? -1 : 1))
    .map(({ name }) => name);
}
