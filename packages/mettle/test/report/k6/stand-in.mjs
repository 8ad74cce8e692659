// Runs a k6 script as k6 does, as far as Mettle's scripts go: k6 itself is a Go program that npm does not have.
//   node stand-in.mjs SCRIPT [NAME=VALUE …]      as k6 run -e NAME=VALUE SCRIPT
// A virtual user is a thread with the script's module of its own, whose requests block it; executors are constant-vus and
// ramping-arrival-rate; metrics have tags, thresholds are judged. Prints a summary; exit code 99 as k6 when one is crossed.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

const MODULES = new Set(['k6', 'k6/http', 'k6/metrics']);
const [file, ...assignments] = process.argv.slice(2);
const env = Object.fromEntries(assignments.map((each) => each.split(/=(.*)/s, 2)));

const folder = mkdtempSync(join(tmpdir(), 'k6-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
// As an ES module, with k6's modules replaced and nothing else.
const script = join(folder, 'script.mjs');
writeFileSync(
  script,
  readFileSync(file, 'utf8').replaceAll(/ from '(k6[^']*)'/g, (_, name) => {
    if (!MODULES.has(name)) throw new Error(`k6 has no module ${name} that this stand-in knows`);
    return ` from '${new URL('modules.mjs', import.meta.url).href}'`;
  }),
);

const users = [];
const samples = [];
let iterations = 0;
let dropped = 0;

const options = await optionsOf();
const [scenario] = Object.values(options.scenarios);
if (scenario.executor === 'constant-vus') await constantUsers(scenario);
else if (scenario.executor === 'ramping-arrival-rate') await arrivals(scenario);
else throw new Error(`executor ${scenario.executor} is none that this stand-in knows`);
for (const { worker } of users) await worker.terminate();
const crossed = crossedThresholds();
process.stdout.write(
  `${JSON.stringify({ iterations, users: users.length, dropped, crossed, metrics: summary() })}\n`,
);
process.exitCode = crossed.length > 0 ? 99 : 0;

/** The module is evaluated once for its options, as k6's init does. */
async function optionsOf() {
  const first = await startUser();
  users.pop();
  const { options: found } = await first.ask({ do: 'options' });
  await first.worker.terminate();
  return found;
}

async function startUser() {
  const worker = new Worker(new URL('user.mjs', import.meta.url), {
    workerData: { script: pathToFileURL(script).href, env },
  });
  await once(worker, 'message');
  const user = {
    worker,
    ask: (message) =>
      new Promise((resolve, reject) => {
        worker.once('error', reject);
        worker.once('message', (told) => {
          worker.off('error', reject);
          samples.push(...(told.samples ?? []));
          iterations += told.iterations ?? 0;
          resolve(told);
        });
        worker.postMessage(message);
      }),
  };
  users.push(user);
  return user;
}

async function constantUsers({ vus, duration }) {
  const started = await Promise.all(Array.from({ length: vus }, startUser));
  await Promise.all(started.map((user) => user.ask({ do: 'loop', forMs: msOf(duration) })));
}

async function arrivals({ startRate, timeUnit, stages, preAllocatedVUs, maxVUs }) {
  const unitMs = msOf(timeUnit);
  const free = await Promise.all(Array.from({ length: preAllocatedVUs }, startUser));
  const running = [];
  const startedAt = performance.now();
  for (const dueMs of starts(startRate, stages, unitMs)) {
    const waitMs = dueMs - (performance.now() - startedAt);
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const user = free.pop() ?? (users.length < maxVUs ? await startUser() : null);
    if (user === null) dropped++;
    else running.push(user.ask({ do: 'iterate' }).then(() => free.push(user)));
  }
  await Promise.all(running);
}

/** When iterations start: the n-th when the integral of the rate reaches n. */
function* starts(startRate, stages, unitMs) {
  let [fromMs, rate, due, before] = [0, startRate / unitMs, 1, 0];
  for (const { target, duration } of stages) {
    const [ms, to] = [msOf(duration), target / unitMs];
    const calls = ((rate + to) / 2) * ms;
    for (; due <= before + calls; due++) {
      const [left, slope] = [due - before, (to - rate) / ms];
      yield fromMs + (slope === 0 ? left / rate : (Math.sqrt(rate * rate + 2 * slope * left) - rate) / slope);
    }
    before += calls;
    fromMs += ms;
    rate = to;
  }
}

/** Go's durations, as far as scripts have them. */
function msOf(text) {
  const match = /^(\d+)(ms|s|m)$/.exec(text);
  if (match === null) throw new Error(`${text} is no duration`);
  return Number(match[1]) * { ms: 1, s: 1000, m: 60_000 }[match[2]];
}

function summary() {
  const metrics = {};
  for (const { metric, type, value, tags } of samples) {
    for (const name of [
      metric,
      ...(tags.subject === undefined ? [] : [`${metric}{subject:${tags.subject}}`]),
    ]) {
      const known = (metrics[name] ??= { type, values: [] });
      known.values.push(value);
    }
  }
  return Object.fromEntries(
    Object.entries(metrics).map(([name, { type, values }]) => {
      const sum = values.reduce((total, value) => total + Number(value), 0);
      const sorted = values.toSorted((a, b) => a - b);
      const figures = {
        counter: { count: sum },
        rate: { rate: sum / values.length, count: values.length },
        trend: { count: values.length, avg: sum / values.length, med: sorted[values.length >> 1] },
      };
      return [name, figures[type]];
    }),
  );
}

function crossedThresholds() {
  const metrics = summary();
  return Object.entries(options.thresholds ?? {}).flatMap(([metric, conditions]) =>
    conditions.filter((condition) => {
      const match = /^(rate|count|avg|med)([<>])([\d.]+)$/.exec(condition);
      if (match === null) throw new Error(`${condition} is no threshold that this stand-in knows`);
      const value = metrics[metric]?.[match[1]];
      const limit = Number(match[3]);
      return value !== undefined && (match[2] === '<' ? value >= limit : value <= limit);
    }),
  );
}
