import { writeHeapSnapshot } from 'node:v8';
import type { SnapshotTaken } from './heap-protocol.ts';

/** The file is there already, readable by its owner alone; what is written into it keeps that. Holds the event loop. */
export function takeSnapshot(file: string, numbers: boolean): SnapshotTaken {
  const startedAtMs = performance.now();
  const before = process.cpuUsage();
  writeHeapSnapshot(file, { exposeInternals: false, exposeNumericValues: numbers });
  const { user, system } = process.cpuUsage(before);
  return { pauseMs: performance.now() - startedAtMs, cpuMs: (user + system) / 1000 };
}
