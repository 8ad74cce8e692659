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
/**
 * V8's profiler keeps every sample until it is stopped, so it is stopped and started again now and then: after as many
 * samples as a minute has at one a millisecond. Each time holds the loop for up to 100 ms, in a thousand times that.
 */
const SAMPLES_AT_A_TIME = 60_000;

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
