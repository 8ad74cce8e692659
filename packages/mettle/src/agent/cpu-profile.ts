import type { Session } from 'node:inspector';
import type { CpuProfileEvidence } from '../evidence/index.ts';
import { agentWork } from './agent-work.ts';
import { ProfileStore } from './profile-store.ts';
import type { Span } from './profile-store.ts';
import { silently } from './silently.ts';

type Profile = CpuProfileEvidence['profile'];

export interface ProfileResult {
  readonly profile: Profile;
  /** See BlockingRecord.profileOffsetUs. */
  readonly offsetUs: number;
}

const EMPTY: Profile = { nodes: [], startTime: 0, endTime: 0, samples: [], timeDeltas: [] };
/** V8 stamps the start within the call that starts it, which takes well under this even on a starved host. */
const START_TOLERANCE_US = 1e6;
/** Sampled more seldom, the server is one that works, which is left as it is. */
const FULL_FORM_US = 1000;
/**
 * V8's profiler keeps every sample until it is stopped, so it is stopped and started again now and then: after as many
 * samples as a minute has at one a millisecond. Each time holds the loop for up to 100 ms, in a thousand times that.
 */
const SAMPLES_AT_A_TIME = 60_000;

/**
 * Up to V8 12 (Node.js 22) the profiler cannot name code that was compiled while its loop ran, before the profiler was
 * started: it counts a hot loop as its caller's time. Nothing can be asked for that, so this asks for the version.
 */
const V8_THAT_NAMES_LOOPS = 13;

const NOT_RUNNING = new Set(['(idle)', '(program)']);

const machineUs = (): number => Number(process.hrtime.bigint()) / 1e3;

/**
 * Starts V8's sampling profiler; the returned function stops it. Without an inspector the profile is empty. `longSlices`
 * tells which times are to keep all their samples, on the machine's clock.
 */
export function startCpuProfile(
  samplingIntervalUs: number,
  longSlices: () => readonly Span[],
): () => ProfileResult {
  const { Session } = process.getBuiltinModule('node:inspector');
  const session = new Session();
  try {
    session.connect();
  } catch {
    return () => ({ profile: EMPTY, offsetUs: 0 });
  }
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: samplingIntervalUs });
  const startedUs = machineUs();
  session.post('Profiler.start');
  if (samplingIntervalUs <= FULL_FORM_US) compileAgain(session);
  const store = new ProfileStore();
  let offsetUs: number | null = null;
  const take = (): void => {
    // In-process sessions answer before post returns.
    session.post('Profiler.stop', (error, answer) => {
      if (error !== null) return;
      const profile = answer.profile as Profile;
      if (offsetUs === null) {
        // V8 and process.hrtime read the same clock on Linux; where they do not, both starts are one moment.
        const difference = startedUs - profile.startTime;
        offsetUs = Math.abs(difference) < START_TOLERANCE_US ? 0 : difference;
      }
      const offset = offsetUs;
      store.add(profile, () =>
        longSlices().map(({ startUs, endUs }) => ({ startUs: startUs - offset, endUs: endUs - offset })),
      );
    });
  };
  const again = (): void => {
    take();
    session.post('Profiler.start');
  };
  let timer: NodeJS.Timeout | undefined;
  agentWork(() => {
    timer = setInterval(() => silently(again), (SAMPLES_AT_A_TIME * samplingIntervalUs) / 1000);
    timer.unref();
  });
  return () => {
    clearInterval(timer);
    take();
    session.post('Profiler.disable');
    session.disconnect();
    return { profile: store.profile(), offsetUs: offsetUs ?? 0 };
  };
}

/** Has V8 forget what it compiled, as it does to count calls precisely, so that all is compiled in the profiler's sight. */
function compileAgain(session: Session): void {
  if (Number.parseInt(process.versions.v8, 10) >= V8_THAT_NAMES_LOOPS) return;
  // Who measures coverage has V8 count already, and to stop that would lose it.
  if (process.env['NODE_V8_COVERAGE'] !== undefined) return;
  session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: false });
  session.post('Profiler.stopPreciseCoverage');
}

/** How often V8 looked while code ran: samples of the waiting loop and of its own work belong to nobody. */
export function runningSamples({ nodes }: Profile): number {
  return nodes.reduce(
    (sum, { callFrame, hitCount }) => sum + (NOT_RUNNING.has(callFrame.functionName) ? 0 : (hitCount ?? 0)),
    0,
  );
}
