import { createHash } from 'node:crypto';

/** The figures of a month: about 15 ms of computing on a fast machine, more on others. */
export function computeReport(month) {
  let sum = `month ${month}`;
  for (let i = 0; i < 12_000; i++) sum = createHash('sha256').update(sum).digest('hex');
  return sum;
}
