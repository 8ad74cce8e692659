/* The callers of bench/overload.mjs: an open load, or so many callers who wait for their answers. */
import { setTimeout as wait } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

const DEADLINE_MS = 1000;
const { callers, perS, seconds } = workerData;
const waiting = new Map();
let nextId = 0;

parentPort.on('message', (message) => {
  if (message.start) void go();
  const answered = waiting.get(message.id);
  if (answered === undefined) return;
  waiting.delete(message.id);
  answered(message);
});

/** Sends a call; resolves when it is answered, however late. */
function call(method, params) {
  return new Promise((resolve) => {
    const id = ++nextId;
    waiting.set(id, resolve);
    parentPort.postMessage({ jsonrpc: '2.0', id, method, params });
  });
}

async function work(dueAt, into) {
  const answer = await call('tools/call', { name: 'work', arguments: {} });
  const tookMs = performance.now() - dueAt;
  if (answer.result?.isError) into.refused.push(tookMs);
  else if (tookMs <= DEADLINE_MS) into.good.push(tookMs);
  else into.late++;
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
  for (let warm = 0; warm < 20; warm++) await work(performance.now(), { good: [], refused: [], late: 0 });

  const seen = { good: [], refused: [], late: 0 };
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  if (callers !== undefined) {
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (performance.now() < endsAt) await work(performance.now(), seen);
      }),
    );
  } else {
    const total = Math.floor(perS * seconds);
    for (let sent = 0; sent < total;) {
      const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * perS) + 1);
      for (; sent < due; sent++) void work(startedAt + (sent / perS) * 1000, seen);
      await wait(1);
    }
  }
  const { good, refused } = seen;
  const goodPerS = good.length / ((performance.now() - startedAt) / 1000);
  const recoveredMs = await recovery(performance.now());
  const late = seen.late + waiting.size;
  parentPort.postMessage({ report: { good, refused, late, goodPerS, recoveredMs } });
}

/** How long after the load until calls are answered as quickly as on an idle server, three in a row. */
async function recovery(endedAt) {
  for (let quick = 0; performance.now() - endedAt < 20_000;) {
    const at = performance.now();
    const answer = await Promise.race([call('tools/call', { name: 'work', arguments: {} }), wait(2000)]);
    quick = answer !== undefined && !answer.result?.isError && performance.now() - at < 100 ? quick + 1 : 0;
    if (quick === 3) return performance.now() - endedAt;
  }
  return null;
}
