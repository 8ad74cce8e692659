import { parentPort, workerData } from 'node:worker_threads';
import type { PacerRing } from './pacer.ts';

/*
 * Sleeps until the next intended start and wakes the driver: a thread's sleep ends within about 0.1 ms, a timer of the
 * event loop within 1 ms and later still while the loop is busy.
 */

const { due, state } = workerData as PacerRing;
/** Wakes so much before its time: as long as the way from here to the driver usually takes. Not where starts are dense. */
const LEAD_MS = 0.12;
const SPARSE_MS = 1;
/** Within this of each other, starts share a wake-up: a message costs more than a call is late. */
const TOGETHER_MS = 0.05;

function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

let lastMs = 0;
for (let taken = 0; Atomics.load(state, 1) === 0;) {
  const written = Atomics.load(state, 0);
  if (taken >= written) {
    // The driver has no further start yet; it notifies when it has.
    Atomics.wait(state, 0, written, 1000);
    continue;
  }
  const atMs = due[taken % due.length] as number;
  const leftMs = atMs - (atMs - lastMs > SPARSE_MS ? LEAD_MS : 0) - nowMs();
  if (leftMs > 0) {
    // Ends early only when the driver stops the pacer.
    Atomics.wait(state, 1, 0, leftMs);
    continue;
  }
  lastMs = atMs;
  const untilMs = nowMs() + TOGETHER_MS;
  taken++;
  while (taken < written && (due[taken % due.length] as number) <= untilMs) taken++;
  parentPort?.postMessage(taken);
}
