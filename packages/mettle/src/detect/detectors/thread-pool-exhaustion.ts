import { longestJobMs } from '../../derive/race/index.ts';
import type { Detector } from '../../evidence/index.ts';
import { ms, plural, quoted } from '../figures.ts';
import { overloadDetector } from '../crowd-finding.ts';

const ID = 'thread-pool-exhaustion';
/** libuv's own default; UV_THREADPOOL_SIZE may say otherwise. */
const THREADS = 4;
/** A job that computes as long lets each thread do fifty a second; reading a file takes a small part of one millisecond. */
const JOB_MS = 20;
const SHARE = 0.8;

/** Long jobs of every call fill libuv's few threads, and with them every file access and name lookup of the process waits. */
export const threadPoolExhaustion: Detector<'race' | 'target'> = overloadDetector(ID, (crowd) => {
  const { subject, rows, most } = crowd;
  const jobMs = longestJobMs(crowd);
  if (jobMs < JOB_MS || most.peakThreadPoolJobs <= 2 * THREADS) return null;
  const crowds = rows.filter(({ calls, crash }) => calls > 1 && crash === null);
  if (!crowds.every(({ calls, peakThreadPoolJobs }) => peakThreadPoolJobs >= SHARE * calls)) return null;
  const waitsMs = (Math.ceil(most.peakThreadPoolJobs / THREADS) - 1) * jobMs;
  return {
    severity: waitsMs >= 1000 ? 'high' : 'medium',
    title: `${most.calls} calls of ${quoted(subject)} at once hand ${plural(most.peakThreadPoolJobs, 'job')} of ${ms(jobMs)} to the thread pool, which has ${THREADS} threads: for ${ms(waitsMs)} no file is read and no host name looked up by any call`,
    cost: { value: Math.round(waitsMs), unit: 'ms in which files and DNS wait', per: 'run' },
    fix: 'Let fewer long jobs into the pool than it has threads: `createLimit({ maxConcurrent: 2 })` of @mettle/runtime around the hashing or compressing, or `offload` of @mettle/runtime, which has threads of its own. UV_THREADPOOL_SIZE gives more threads, up to the number of cores.',
    expect: `calls of ${quoted(subject)} at once leave threads of the pool free`,
  };
});
