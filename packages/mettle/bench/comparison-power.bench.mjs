// How often `mettle bench --compare` calls a server slower than itself (A/A), and how often it finds an injected
// slowdown (A/B), on this machine as it is. Two steps, since live comparisons take a minute each:
//   node bench/comparison-power.bench.mjs record PAIRS.jsonl [pairs of each case]
//   node bench/comparison-power.bench.mjs judge PAIRS.jsonl [comparisons of each case] [budget s]
//   node bench/comparison-power.bench.mjs live [comparisons of each case] [budget s]
// `record` measures pairs of fresh processes as the command does, all cases in turn, so that each meets the same noise;
// `judge` draws comparisons from them: pairs without replacement until the budget is used up, by the command's own rule.
// `live` runs whole comparisons instead.
import { appendFileSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { concludeOn, judgeMetrics } from '../dist/derive/index.js';
import { compareVersions, isDecided } from '../dist/run/bench/compare/compare.js';
import { measurePair } from '../dist/run/bench/compare/pair.js';
import { seededRandom, shuffled } from '../dist/stats/index.js';

// What a call costs the server's main thread: about 0.25 ms, and 2.7 µs more for each kB that it hashes.
const CASES = {
  'quick A/A': [1_000, 1_000],
  'quick 5 %': [1_000, 6_400],
  'quick 10 %': [1_000, 11_800],
  'computing A/A': [440_000, 440_000],
  'computing 5 %': [440_000, 475_000],
  'computing 10 %': [440_000, 494_000],
};

const signal = new AbortController().signal;
const common = { tools: ['work'], workload: null, allowWrites: false, seed: 1, era: '2025', signal };

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'record') await record(rest[0], Number(rest[1] ?? 20));
else if (mode === 'judge') judge(rest[0], Number(rest[1] ?? 200), Number(rest[2] ?? 60));
else await live(Number((mode === 'live' ? rest[0] : undefined) ?? 1), Number(rest[1] ?? 60));

function server(bytes) {
  return {
    kind: 'stdio',
    command: [process.execPath, fileURLToPath(new URL('servers/hashing.mjs', import.meta.url))],
    env: { BYTES: String(bytes) },
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  };
}

async function record(file, pairs) {
  for (let number = 0; number < pairs; number++) {
    for (const name of shuffled(Object.keys(CASES), seededRandom(number))) {
      const [a, b] = CASES[name];
      const { sides: _, ...pair } = await measurePair(server(a), server(b), {
        ...common,
        number,
        eras: { baseline: '2025', candidate: '2025' },
        yardstick: false,
        measureMs: 2500,
        warmUpMs: 1300,
      });
      appendFileSync(file, `${JSON.stringify({ name, load: loadavg()[0], pair })}\n`);
    }
  }
}

function judge(file, comparisons, budgetS) {
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const random = seededRandom(1);
  const rows = Object.keys(CASES).map((name) => {
    const pairs = lines.filter((line) => line.name === name).map((line) => line.pair);
    const tally = new Map();
    const seconds = [];
    for (let i = 0; i < comparisons && pairs.length > 0; i++) {
      const { conclusion, usedMs } = draw(shuffled(pairs, random), budgetS * 1000);
      tally.set(conclusion, (tally.get(conclusion) ?? 0) + 1);
      seconds.push(usedMs / 1000);
    }
    return { ...row(name, pairs.length, tally, seconds), 'CPU ratio injected': injected(pairs) };
  });
  console.log(`load average while recorded: ${range(lines.map(({ load }) => load))}`);
  console.table(rows);
}

function draw(pairs, budgetMs) {
  const drawn = [];
  let usedMs = 0;
  for (const pair of pairs) {
    if (drawn.length > 0 && usedMs + 0.6 * pair.durationMs > budgetMs) break;
    usedMs += pair.durationMs;
    drawn.push({ ...pair, share: Math.min(1, usedMs / budgetMs) });
    if (isDecided(evidence(drawn, 'decided'), [])) return { conclusion: conclude(drawn, 'decided'), usedMs };
  }
  return { conclusion: conclude(drawn, 'budget'), usedMs };
}

function conclude(pairs, ended) {
  return concludeOn(judgeMetrics(evidence(pairs, ended)), 'work');
}

function evidence(pairs, ended) {
  const side = { label: '', command: null, cwd: '', node: null, server: null };
  return {
    method: 'interleaved',
    baseline: side,
    candidate: side,
    caveats: [],
    pairs: [...pairs],
    savedPairs: null,
    tolerance: 0.05,
    ended,
    profiles: null,
  };
}

async function live(comparisons, budgetS) {
  const tallies = new Map(Object.keys(CASES).map((name) => [name, { tally: new Map(), seconds: [] }]));
  for (let i = 0; i < comparisons; i++) {
    for (const [name, [a, b]] of Object.entries(CASES)) {
      const startedAt = performance.now();
      const { comparison } = await compareVersions({
        ...common,
        baseline: { spec: server(a), label: 'A' },
        candidate: { spec: server(b), label: 'B' },
        budgetMs: budgetS * 1000,
        tolerance: 0.05,
        thresholds: [],
        onPair() {},
      });
      const conclusion = concludeOn(judgeMetrics(comparison), 'work');
      const { tally, seconds } = tallies.get(name);
      tally.set(conclusion, (tally.get(conclusion) ?? 0) + 1);
      seconds.push((performance.now() - startedAt) / 1000);
      console.error(
        `${name}: ${conclusion}, ${seconds.at(-1).toFixed(0)} s, load ${loadavg()[0].toFixed(1)}`,
      );
    }
  }
  console.table([...tallies].map(([name, { tally, seconds }]) => row(name, null, tally, seconds)));
}

function row(name, pairs, tally, seconds) {
  return {
    case: name,
    ...(pairs === null ? {} : { 'pairs recorded': pairs }),
    comparisons: seconds.length,
    slower: tally.get('slower') ?? 0,
    faster: tally.get('faster') ?? 0,
    mixed: tally.get('mixed') ?? 0,
    'no difference': tally.get('no difference') ?? 0,
    'not enough evidence': tally.get('not enough evidence') ?? 0,
    'median s': Math.round(seconds.toSorted((a, b) => a - b)[seconds.length >> 1] ?? 0),
  };
}

/** As the pairs have it in the median, so that the table says what was really injected. */
function injected(pairs) {
  const ratios = pairs.flatMap(({ subjects }) => subjects.map(({ logRatio }) => Math.exp(logRatio.cpu)));
  return ratios.toSorted((a, b) => a - b)[ratios.length >> 1]?.toFixed(3) ?? '';
}

function range(values) {
  return `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
}
