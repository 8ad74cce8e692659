import { numbers } from '../six-tools/tool.js';

const shortLived = new Map();
const memo = new Map();
const compiled = new Map();
const counts = Object.create(null);
const last = [];
let batch = [];

/** Five tools that grow for a while, and stop. */
export function registerMoreHealthy(tool) {
  tool('lease', 'Holds a lease for less than a second.', ({ key }) => {
    shortLived.set(key, { key, rows: numbers(64) });
    setTimeout(() => shortLived.delete(key), 400).unref();
    return shortLived.size;
  });

  tool('log_line', 'Logs a line; lines are written fifty at a time.', ({ key }) => {
    batch.push({ key, at: Date.now() });
    if (batch.length >= 50) batch = [];
    return batch.length;
  });

  tool('last_lines', 'Keeps the last hundred lines.', ({ key }) => {
    last.push({ key, text: `line ${key}`.repeat(5) });
    if (last.length > 100) last.shift();
    return last.length;
  });

  tool('evaluate', 'Evaluates a formula, which is prepared when it is first needed.', ({ amount }) => {
    const formula = amount % 37;
    if (!compiled.has(formula)) compiled.set(formula, formulaOf(formula));
    counts[`formula ${formula % 11}`] = (counts[`formula ${formula % 11}`] ?? 0) + 1;
    return compiled.get(formula)(amount);
  });

  tool('memoised', 'Computes a figure, or takes it from the memory of the last three hundred.', ({ key }) => {
    if (!memo.has(key)) {
      memo.set(key, { key, rows: numbers(64) });
      if (memo.size > 300) memo.delete(memo.keys().next().value);
    }
    return memo.get(key).rows.length;
  });
}

function formulaOf(formula) {
  const weights = numbers(formula + 5);
  return (x) => weights.reduce((sum, weight) => sum + weight * x, 0);
}
