/*
 * Does the profiler's memory stay bounded while it is on? A minute of no-op calls as fast as the server answers.
 *
 *   npm run bench -- memory-bound
 *
 * RUN_SECONDS=300 for longer; NODE_VERSIONS=24.21.0 for one Node. Resident and JavaScript memory of the server once a
 * second, and the size of the record at the end. V8's profile grows with time (one sample per ms), not with calls;
 * all else is bounded. Exit code 1 when resident memory rises by over 64 MB from the second third to the last.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { median } from '../dist/stats/index.js';
import { collectBlocking } from '../dist/collect/index.js';
import { callAll, machineLine, nodeVersions, openServer, printTable } from './profiled-server.mjs';

const SECONDS = Number(process.env.RUN_SECONDS ?? 60);
const IN_FLIGHT = 64;
const CALLS_AT_A_TIME = 2000;
const MB = 1024 * 1024;
/** A collection more or less moves it by as much; 5,000 calls a second at 16 B for each of 50 switches are 80 MB in 20 s. */
const MOST_GROWTH_MB = 64;

async function measure([version, node]) {
  const server = await openServer({ node, script: 'servers/serve-v1.mjs', toolSet: 'known-cost' });
  try {
    const calls = Array.from({ length: CALLS_AT_A_TIME }, () => 'noop');
    await callAll(server.session, calls, IN_FLIGHT);
    const recording = await collectBlocking.start(server.agent);
    const readings = [];
    const load = { over: false };
    const watching = (async () => {
      while (!load.over) {
        const { heapUsedBytes } = await server.agent.counters();
        readings.push({ rss: server.clock.processTree().rssBytes / MB, heap: heapUsedBytes / MB });
        await pause(1000);
      }
    })();
    const startedAt = performance.now();
    let count = 0;
    while (performance.now() - startedAt < SECONDS * 1000) {
      await callAll(server.session, calls, IN_FLIGHT);
      count += CALLS_AT_A_TIME;
    }
    const seconds = (performance.now() - startedAt) / 1000;
    load.over = true;
    await watching;
    const record = await recording.stop();
    const third = Math.floor(readings.length / 3);
    const of = (part, key) =>
      median(readings.slice(part * third, (part + 1) * third).map((reading) => reading[key]));
    const { profile, slices } = record;
    const growthMb = of(2, 'rss') - of(1, 'rss');
    if (growthMb > MOST_GROWTH_MB) process.exitCode = 1;
    if (record.calls[record.subjects.indexOf('noop')] !== count)
      throw new Error(`not every one of ${count} calls was counted`);
    return [
      version,
      (count / seconds).toFixed(0),
      ...[0, 1, 2].map((part) => `${of(part, 'rss').toFixed(0)} / ${of(part, 'heap').toFixed(0)}`),
      profile.samples.length,
      profile.nodes.length,
      `${slices.wallMs.length} + ${record.droppedSlices}`,
      (JSON.stringify(record).length / MB).toFixed(1),
    ];
  } finally {
    await server.close();
  }
}

console.log(`Memory while profiling a no-op tool for ${SECONDS} s. ${machineLine()}`);
const rows = [];
const nodes =
  process.env.NODE_VERSIONS === undefined
    ? nodeVersions().filter(([version]) => /^2[04]\./.test(version))
    : nodeVersions();
for (const node of nodes) rows.push(await measure(node));
const part = (name) => `RSS / heap MB, ${name}`;
printTable(
  [
    'Node',
    'calls/s',
    part('1st third'),
    part('2nd'),
    part('3rd'),
    'samples',
    'nodes',
    'slices kept + dropped',
    'record MB',
  ],
  rows,
);
