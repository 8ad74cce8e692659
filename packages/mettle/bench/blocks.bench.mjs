/*
 * Does the profiler find every block of the event loop, with the tool that caused it and the line that did it?
 *
 *   npm run bench -- blocks
 *
 * Eight kinds of block, three of each, on four Node versions: 96, in shuffled order, with no-op calls in flight all
 * the time; SDK v1 on stdio, or SDK=v2 TRANSPORT=http. A block is found when, of the stretches of at least 150 ms
 * between its call and the next, the one that cost its tool most stands at the marked line of
 * servers/tools-that-block.mjs. The record takes the way of `mettle profile`: agent, channel, joinBlocking,
 * blockingAtCallSites. Exit code 1 below 94 of 96.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { collectBlocking } from '../dist/collect/index.js';
import { blockingAtCallSites, holdsOf, homeOf, joinBlocking, locationOf } from '../dist/derive/index.js';
import { seededRandom, shuffled } from '../dist/stats/index.js';
import {
  benchFolder,
  callAll,
  machineLine,
  nodeVersions,
  openServer,
  printTable,
} from './profiled-server.mjs';

const KINDS = ['pbkdf2', 'helper', 'regex', 'child', 'json', 'file', 'timer', 'late'];
const OF_EACH = 3;
const THRESHOLD_MS = 150;
const NO_OPS_BETWEEN = 6;
/** The goal of 94 in 96. */
const GOAL_SHARE = 94 / 96;
const sdk = process.env.SDK ?? 'v1';
const transport = process.env.TRANSPORT ?? 'stdio';
const toolsFile = join(benchFolder, 'servers/tools-that-block.mjs');

/** The marked line of each tool. */
function markedLines() {
  const lines = new Map();
  readFileSync(toolsFile, 'utf8')
    .split('\n')
    .forEach((text, i) => {
      for (const tool of /\/\/ blocks ([\w, ]+)$/.exec(text)?.[1].split(', ') ?? []) lines.set(tool, i + 1);
    });
  return lines;
}

/** The calls that block, one after the other as a client makes them, while no-ops keep coming. */
async function induce(session, random) {
  const load = { over: false };
  const noOps = (async () => {
    while (!load.over) {
      // They may be lost: Node closes idle HTTP connections that a long block kept it from reading in time.
      await callAll(
        session,
        Array.from({ length: NO_OPS_BETWEEN }, () => 'noop'),
        2,
      ).catch(() => {});
      await pause(20);
    }
  })();
  const induced = [];
  for (const kind of shuffled(
    KINDS.flatMap((name) => Array.from({ length: OF_EACH }, () => name)),
    random,
  )) {
    const [reply] = await callAll(session, [kind], 1);
    if (kind === 'late') {
      // Not until its work is over may the next one begin: the first answer after it says so.
      await pause(40);
      await callAll(session, ['noop'], 1);
    }
    induced.push(reply);
  }
  load.over = true;
  await noOps;
  return induced;
}

function judge(induced, blocking, home, marked) {
  // The dearest first, without what the host took away: it may hold up the same call for as long at another line.
  const stretches = holdsOf(blocking).map((hold) => hold.stretch);
  return induced.map(({ subject, sentAtMs, receivedAtMs }, i) => {
    const nextSentAtMs = induced[i + 1]?.sentAtMs ?? Number.POSITIVE_INFINITY;
    const inTime = stretches.filter(
      ({ startedAtMs }) => startedAtMs >= sentAtMs && startedAtMs < nextSentAtMs,
    );
    const stretch = inTime.find((one) => one.subject === subject);
    if (stretch === undefined) {
      const instead = inTime
        .map((one) => `${one.wallMs.toFixed(0)} ms of ${one.subject ?? 'nobody'}`)
        .join(', ');
      return {
        subject,
        tool: false,
        line: false,
        why: `no stretch of it (${instead || 'none at all'}); answered after ${(receivedAtMs - sentAtMs).toFixed(0)} ms`,
      };
    }
    const place = locationOf(stretch.stack, home);
    const line = place?.file === toolsFile && place.line === marked.get(subject);
    const shown =
      place === undefined
        ? 'nowhere'
        : `${place.file.replace(benchFolder, '')}:${place.line} ${place.function ?? ''}`;
    return {
      subject,
      tool: true,
      line,
      why: `at ${shown}, not line ${marked.get(subject)}; ${stretch.wallMs.toFixed(0)} ms wall, ${stretch.cpuMs?.toFixed(0)} CPU`,
    };
  });
}

async function measure([version, node]) {
  const folder = mkdtempSync(join(tmpdir(), 'mettle-bench-'));
  try {
    return { version, ...(await measureIn(folder, version, node)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureIn(folder, version, node) {
  const server = await openServer({
    node,
    script: `servers/serve-${sdk}.mjs`,
    transport,
    toolSet: 'blocking',
    env: { BENCH_FOLDER: folder },
  });
  try {
    await callAll(server.session, ['prepare', 'noop'], 1);
    const recording = await collectBlocking.start(server.agent);
    const induced = await induce(server.session, seededRandom(Number.parseInt(version, 10)));
    const record = await recording.stop();
    const home = homeOf({ cwd: benchFolder, command: server.command });
    const joined = joinBlocking(record, induced, { home, thresholdMs: THRESHOLD_MS });
    const blocking = blockingAtCallSites(joined.blocking, (file) =>
      file.startsWith(benchFolder) ? readFileSync(file, 'utf8') : null,
    );
    // What the host did is no block: only what holds the loop by itself is a false alarm.
    const innocent = holdsOf(blocking).filter(
      ({ stretch, costMs }) => costMs >= THRESHOLD_MS && !KINDS.includes(stretch.subject),
    );
    return { verdicts: judge(induced, blocking, home, markedLines()), innocent };
  } finally {
    await server.close();
  }
}

console.log(
  `Induced blocks found with tool and line, of ${OF_EACH} each; SDK ${sdk}, ${transport}. ${machineLine()}`,
);
const results = [];
for (const version of nodeVersions()) results.push(await measure(version));
const rows = results.map(({ version, verdicts }) => [
  version,
  ...KINDS.map((kind) => verdicts.filter(({ subject, line }) => subject === kind && line).length),
  `${verdicts.filter(({ tool }) => tool).length}/${verdicts.length}`,
  `${verdicts.filter(({ line }) => line).length}/${verdicts.length}`,
]);
printTable(['Node', ...KINDS, 'right tool', 'and line'], rows);
for (const { version, verdicts, innocent } of results) {
  for (const { subject, line, why } of verdicts)
    if (!line) console.log(`missed on ${version}: ${subject}: ${why}`);
  for (const { stretch, costMs } of innocent)
    console.log(
      `false alarm on ${version}: ${costMs.toFixed(0)} ms of ${stretch.subject ?? 'nobody'} at ${stretch.stack[0]?.function ?? 'no stack'}, ${stretch.gcMs.toFixed(0)} ms GC`,
    );
}
const all = results.flatMap(({ verdicts }) => verdicts);
const found = all.filter(({ line }) => line).length;
console.log(
  `${found} of ${all.length} (goal 94 of 96); false alarms: ${results.reduce((sum, { innocent }) => sum + innocent.length, 0)}.`,
);
if (found < GOAL_SHARE * all.length) process.exitCode = 1;
