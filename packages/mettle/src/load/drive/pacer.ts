import { Worker } from 'node:worker_threads';

/** Shared with the thread. `state`: starts written, stop. */
export interface PacerRing {
  readonly due: Float64Array;
  readonly state: Int32Array;
}

/** Starts known ahead: at 10,000 calls a second 0.4 s. */
const RING = 4096;

/** Wakes the driver at each of a sequence of times of the machine's monotonic clock. */
export interface Pacer {
  /** Begins; `due` is told each time, in order, at it or soon after; then `ended`, after the last one. */
  run(timesMs: Iterator<number, void>, due: (timeMs: number) => void, ended: () => void): void;
  stop(): Promise<void>;
}

/** Starts the thread; resolves when it is ready to sleep. */
export async function startPacer(): Promise<Pacer> {
  const ring: PacerRing = {
    due: new Float64Array(new SharedArrayBuffer(RING * 8)),
    state: new Int32Array(new SharedArrayBuffer(8)),
  };
  const fromSource = import.meta.url.endsWith('.ts');
  const file = fromSource ? '../../../dist/load/drive/pacer-thread.js' : './pacer-thread.js';
  // Without the driver's own NODE_OPTIONS and flags: it only sleeps.
  const worker = new Worker(new URL(file, import.meta.url), { workerData: ring, execArgv: [] });
  await new Promise<void>((resolve, reject) => {
    worker.once('online', resolve);
    worker.once('error', reject);
  });
  let written = 0;
  let told = 0;
  const fill = (times: Iterator<number, void>): void => {
    const before = written;
    while (written < told + RING) {
      const next = times.next();
      if (next.done === true) break;
      ring.due[written++ % RING] = next.value;
    }
    if (written === before) return;
    Atomics.store(ring.state, 0, written);
    Atomics.notify(ring.state, 0);
  };
  return {
    run(timesMs, due, ended) {
      worker.on('message', (passed: number) => {
        while (told < passed) due(ring.due[told++ % RING] as number);
        fill(timesMs);
        if (told === written) ended();
      });
      fill(timesMs);
      if (written === 0) ended();
    },
    async stop() {
      Atomics.store(ring.state, 1, 1);
      Atomics.notify(ring.state, 0);
      Atomics.notify(ring.state, 1);
      worker.removeAllListeners('message');
      await worker.terminate();
    },
  };
}
