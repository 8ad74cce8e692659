/*
 * Does nothing but wait for the clock, half a millisecond at a time, before everybody else where it may. When it is woken
 * late although nothing of ours could keep it, the host took the core: host-witness.mjs, until its stdin ends; prints
 * [{ fromMs, toMs }] by the machine's clock: from when it should have gone on until it did.
 */
const NAP_MS = 0.5;
/** What a thread's sleep is late by at most where nothing is in its way. */
const USUAL_MS = 0.2;

const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const late = [];
let over = false;
process.stdin.on('end', () => (over = true)).resume();

function watch() {
  // Some naps, then a turn of the event loop, which is how it learns that it is over.
  for (let i = 0; i < 100; i++) {
    const dueMs = nowMs() + NAP_MS;
    Atomics.wait(sleeper, 0, 0, NAP_MS);
    const toMs = nowMs();
    if (toMs - dueMs > USUAL_MS) late.push({ fromMs: dueMs, toMs });
  }
  if (over) process.stdout.write(JSON.stringify(late));
  else setImmediate(watch);
}
watch();
