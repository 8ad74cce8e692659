/* The callers of overload.bench.mjs: an open load, or so many callers who wait for their answers. */
import { setTimeout as wait } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { MAIN_THREAD, OwnClock, scheduled, THIS_THREAD } from './host-delay.mjs';

const DEADLINE_MS = 1000;
const { callers, perS, seconds } = workerData;
const waiting = new Map();
/** When each call was due, when it was answered, and how: good or refused. */
const answered = [];
let nextId = 0;

parentPort.on('message', (message) => {
  if (message.start) void go();
  const done = waiting.get(message.id);
  if (done === undefined) return;
  waiting.delete(message.id);
  done(message);
});

/** Sends a call; resolves when it is answered, however late. */
function call(method, params) {
  return new Promise((resolve) => {
    const id = ++nextId;
    waiting.set(id, resolve);
    parentPort.postMessage({ jsonrpc: '2.0', id, method, params });
  });
}

async function work(dueAt) {
  const answer = await call('tools/call', { name: 'work', arguments: {} });
  answered.push({ dueAt, doneAt: performance.now(), isRefused: answer.result?.isError === true });
  return answer;
}

async function go() {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1' },
  };
  await call('initialize', params);
  parentPort.postMessage({ jsonrpc: '2.0', method: 'notifications/initialized' });
  for (let warm = 0; warm < 20; warm++) await work(performance.now());
  answered.length = 0;

  const clock = new OwnClock([MAIN_THREAD, THIS_THREAD]);
  const startedAt = performance.now();
  const own = ownTime(startedAt);
  const before = scheduled(MAIN_THREAD);
  const sent = await (callers === undefined ? openLoad(startedAt) : closedLoad(startedAt));
  const endedAt = performance.now();
  const ownS = own() / 1000;
  const after = scheduled(MAIN_THREAD);
  const duringLoad = answered.length;
  const recovery = await recovered(endedAt);
  clock.stop();
  report({ sent, startedAt, endedAt, duringLoad, recovery, clock, ownS, ranMs: after.ranMs - before.ranMs });
}

async function closedLoad(startedAt) {
  const endsAt = startedAt + seconds * 1000;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < endsAt) await work(performance.now());
    }),
  );
  return answered.length;
}

/** Calls are due by the time in which the host lets the server run: what it takes away is no load of ours. */
async function openLoad(startedAt) {
  const total = Math.floor(perS * seconds);
  const own = ownTime(startedAt);
  let sent = 0;
  while (sent < total && performance.now() - startedAt < 4 * seconds * 1000) {
    const due = Math.min(total, Math.floor((own() / 1000) * perS) + 1);
    for (; sent < due; sent++) void work(performance.now());
    await wait(1);
  }
  return sent;
}

/** Milliseconds since then in which the main thread ran or had nothing to do. */
function ownTime(startedAt) {
  const before = scheduled(MAIN_THREAD).waitedMs;
  let highest = 0;
  return () => {
    const own = performance.now() - startedAt - (scheduled(MAIN_THREAD).waitedMs - before);
    return (highest = Math.max(highest, own));
  };
}

/** How long after the load until calls are answered as quickly as on an idle server, three in a row. */
async function recovered(endedAt) {
  for (let quick = 0; performance.now() - endedAt < 20_000;) {
    const at = performance.now();
    const answer = await Promise.race([call('tools/call', { name: 'work', arguments: {} }), wait(2000)]);
    const now = performance.now();
    quick = answer !== undefined && !answer.result?.isError && now - at < 100 ? quick + 1 : 0;
    if (quick === 3) return now;
  }
  return undefined;
}

function report({ sent, startedAt, endedAt, duringLoad, recovery, clock, ownS, ranMs }) {
  const own = (from, to) => clock.at(to) - clock.at(from);
  const took = answered.map(({ dueAt, doneAt, isRefused }) => ({
    isRefused,
    wallMs: doneAt - dueAt,
    ownMs: own(dueAt, doneAt),
  }));
  const inTime = took.filter(({ isRefused, ownMs }) => !isRefused && ownMs <= DEADLINE_MS);
  const refused = took.filter(({ isRefused }) => isRefused);
  const goodInLoad = took
    .slice(0, duringLoad)
    .filter(({ isRefused, ownMs }) => !isRefused && ownMs <= DEADLINE_MS);
  parentPort.postMessage({
    report: {
      sent,
      good: goodInLoad.length,
      perS: goodInLoad.length / ownS,
      perCpuS: goodInLoad.length / (ranMs / 1000),
      cpuShare: ranMs / (endedAt - startedAt),
      goodMs: inTime.map(({ ownMs }) => ownMs),
      refusedMs: refused.map(({ ownMs }) => ownMs),
      refusedWallMs: refused.map(({ wallMs }) => wallMs),
      late: sent - inTime.length - refused.length,
      recoveredMs: recovery === undefined ? null : own(endedAt, recovery),
    },
  });
}
