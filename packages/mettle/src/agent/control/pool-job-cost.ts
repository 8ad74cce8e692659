/*
 * CPU time of single jobs away from the main thread. Under control one job runs at a time, and the main thread waits for
 * it: what the process used meanwhile is the job's (and now and then the garbage collector's, so the figure is for jobs
 * of milliseconds).
 */

const usage = process.cpuUsage.bind(process);
let beganMs = 0;
let longestMs = 0;

function processCpuMs(): number {
  const { user, system } = usage();
  return (user + system) / 1e3;
}

/** A trial begins. */
export function restartJobCosts(): void {
  longestMs = 0;
}

export function jobBegan(): void {
  beganMs = processCpuMs();
}

export function jobEnded(): void {
  longestMs = Math.max(longestMs, processCpuMs() - beganMs);
}

/** The costliest job of the trial. */
export function longestJobMs(): number {
  return Math.round(longestMs * 100) / 100;
}
