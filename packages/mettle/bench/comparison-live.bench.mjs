// The real thing, not resampled: whole runs of `mettle bench --compare`, of a server with itself (A/A) and with one that
// really spends more CPU per call (A/B), on this machine as it is. Other work beside it is welcome: noise is the point.
//   node bench/comparison-live.bench.mjs run RESULTS.jsonl CASE [budget s]     one comparison, added to the file
//   node bench/comparison-live.bench.mjs table RESULTS.jsonl
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';

// Bytes that a call hashes: about 0.25 ms of CPU, and 2.7 µs more for each kB.
const CASES = {
  'quick A/A': [1_000, 1_000],
  'computing A/A': [440_000, 440_000],
  'quick 5 %': [1_000, 4_500],
  'quick 10 %': [1_000, 8_000],
  'computing 5 %': [440_000, 470_000],
  'computing 10 %': [440_000, 500_000],
};
const mettle = fileURLToPath(new URL('../bin/mettle.js', import.meta.url));
const server = fileURLToPath(new URL('servers/hashing.mjs', import.meta.url));

const [mode, file, ...rest] = process.argv.slice(2);
if (mode === 'run') run(rest[0], Number(rest[1] ?? 60));
else table();

function run(name, budgetS) {
  const [before, after] = CASES[name].map((bytes) => ['env', `BYTES=${bytes}`, process.execPath, server]);
  const startedAt = performance.now();
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [
      mettle,
      'bench',
      '--compare',
      before.join(' '),
      '--tool',
      'work',
      '--budget',
      `${budgetS}`,
      '--format',
      'json',
      '--',
      ...after,
    ],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  const seconds = (performance.now() - startedAt) / 1000;
  if (status === null || status > 1) throw new Error(`mettle bench ended with ${status}: ${stderr}`);
  const { comparison } = JSON.parse(stdout);
  const { conclusion, pairs, subjects } = comparison;
  const load = loadavg()[0];
  appendFileSync(
    file,
    `${JSON.stringify({ name, budgetS, conclusion, pairs, seconds, load, status, subjects })}\n`,
  );
  console.error(`${name}: ${conclusion}, ${pairs} pairs, ${seconds.toFixed(0)} s, load ${load.toFixed(1)}`);
}

function table() {
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const groups = Map.groupBy?.(lines, keyOf) ?? grouped(lines);
  console.table(
    [...groups].map(([key, runs]) => {
      const count = (conclusion) => runs.filter((each) => each.conclusion === conclusion).length;
      return {
        case: key,
        comparisons: runs.length,
        slower: count('slower'),
        'faster or mixed': count('faster') + count('mixed'),
        'no difference': count('no difference'),
        'not enough evidence': count('not enough evidence'),
        'exit code 1': runs.filter(({ status }) => status === 1).length,
        'median s': Math.round(median(runs.map(({ seconds }) => seconds))),
        'longest s': Math.round(Math.max(...runs.map(({ seconds }) => seconds))),
        'CPU ratio seen': median(runs.flatMap(cpuRatio)).toFixed(3),
        load: `${Math.min(...runs.map(({ load }) => load)).toFixed(1)} to ${Math.max(...runs.map(({ load }) => load)).toFixed(1)}`,
      };
    }),
  );
}

function keyOf({ name, budgetS }) {
  return `${name}, ${budgetS} s`;
}

function grouped(lines) {
  const groups = new Map();
  for (const line of lines) groups.set(keyOf(line), [...(groups.get(keyOf(line)) ?? []), line]);
  return groups;
}

function cpuRatio({ subjects }) {
  return subjects.filter(({ name }) => name === 'work').map(({ figures }) => figures.cpu.value);
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
