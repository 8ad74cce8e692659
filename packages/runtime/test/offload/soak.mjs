/*
 * Threads are ended in every state in which one can be ended, in processes of their own, again and again: no process may
 * die of it. On Node 20 our test process once ended in native code; this looks for what could have done that.
 *
 *   node packages/runtime/test/offload/soak.mjs [rounds] [state]
 */
import { fork } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { writeHeapSnapshot } from 'node:v8';
import { createPool } from '@mettle/runtime/offload';

const WORK = new URL('./modules/work.js', import.meta.url);
const pool = (options = {}) => createPool(WORK, { threads: 2, ...options });
const ignored = (promise) => promise.catch(() => undefined);
const some = (most) => wait(Math.random() * most);

/** What a process does with threads before it goes on and closes them all. */
const STATES = {
  'while it starts': async () => {
    const work = pool();
    void ignored(work.task('default')({ a: 1, b: 1 }));
    await some(250);
    await work.close(0);
  },
  'at a deadline, in a regular expression': async () => {
    const work = pool();
    await Promise.all([1, 2, 3].map((at) => ignored(work.task('backtrack')(40, { timeoutMs: 20 * at }))));
    await work.close(0);
  },
  'at a deadline, in a loop': async () => {
    const work = pool();
    const shared = new SharedArrayBuffer(4);
    await Promise.all([1, 2, 3].map((at) => ignored(work.task('spin')(shared, { timeoutMs: 20 * at }))));
    await work.close(0);
  },
  'out of memory': async () => {
    const work = pool({ memoryMiB: 24 });
    await Promise.all([ignored(work.task('fill')(null)), ignored(work.task('fill')(null))]);
    await work.close(0);
  },
  'out of memory, and at a deadline': async () => {
    const work = pool({ memoryMiB: 48 });
    const timeoutMs = 100 + Math.random() * 900;
    await Promise.all([1, 2].map(() => ignored(work.task('fill')(null, { timeoutMs }))));
    await work.close(0);
  },
  'by itself': async () => {
    const work = pool();
    await Promise.all([ignored(work.task('exit')(null)), ignored(work.task('exit')(null))]);
    await work.close(0);
  },
  'while a heap snapshot is written': async () => {
    const work = pool();
    const task = ignored(work.task('backtrack')(40, { timeoutMs: 50 }));
    await some(60);
    writeHeapSnapshot('/dev/null');
    await task;
    await work.close(0);
  },
  'with the process': async () => {
    const work = pool();
    void ignored(work.task('backtrack')(40));
    void ignored(work.task('fill')(null));
    await some(400);
    process.exit(0);
  },
};

if (process.send === undefined) await orchestrate();
else {
  await STATES[process.argv[2]]();
  process.exit(0);
}

async function orchestrate() {
  const rounds = Number(process.argv[2] ?? 50);
  const states = Object.keys(STATES).filter((state) => state.includes(process.argv[3] ?? ''));
  let deaths = 0;
  for (const state of states) {
    const ends = new Map();
    for (let round = 0; round < rounds; round++) {
      const end = await endOf(state);
      ends.set(end, (ends.get(end) ?? 0) + 1);
      if (end !== 'exit 0') deaths++;
    }
    console.log(
      `a thread ends ${state}: ${Array.from(ends, ([end, times]) => `${end} × ${times}`).join(', ')}`,
    );
  }
  console.log(`${process.version}: ${deaths} of ${rounds * states.length} processes died`);
  process.exitCode = deaths === 0 ? 0 : 1;
}

function endOf(state) {
  const child = fork(fileURLToPath(import.meta.url), [state], { silent: true });
  let said = '';
  child.stderr.on('data', (chunk) => (said = `${said}${chunk}`.slice(-4000)));
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGABRT'), 60_000);
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (code !== 0) console.log(said);
      resolve(signal === null ? `exit ${code}` : signal);
    });
  });
}
