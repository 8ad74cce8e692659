import type { ProcessEvidence } from '../../evidence/index.ts';

/** Structural: `TargetClock` of the load layer. */
interface Clock {
  mainThread(): { readonly cpuMs: number; readonly hostDelayMs: number } | null;
  processTree(): { readonly cpuMs: number; readonly rssBytes: number } | null;
}

/** Once a second shows a trend within a minute's run and costs the driver next to nothing. */
const INTERVAL_MS = 1000;
/** An hour of readings; a longer run keeps the newest. */
const MOST_READINGS = 3600;

/** Memory and CPU of the target's process, read from outside. */
export const collectProcess = {
  key: 'process',
  disturbance: 'passive',
  start(clock: Clock): { stop(): ProcessEvidence } {
    const readings: ProcessEvidence['readings'][number][] = [];
    const read = (): void => {
      const tree = clock.processTree();
      if (tree === null) return;
      const main = clock.mainThread();
      readings.push({
        atMs: Number(process.hrtime.bigint()) / 1e6,
        rssBytes: tree.rssBytes,
        processCpuMs: tree.cpuMs,
        mainCpuMs: main?.cpuMs ?? null,
        hostDelayMs: main?.hostDelayMs ?? null,
      });
      if (readings.length > MOST_READINGS) readings.shift();
    };
    read();
    const timer = setInterval(read, INTERVAL_MS);
    timer.unref();
    return {
      stop() {
        clearInterval(timer);
        read();
        return { readings };
      },
    };
  },
} as const;
